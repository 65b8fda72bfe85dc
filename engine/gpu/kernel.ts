/** A WGSL constant, written as WGSL writes it: `64u`, `true`, `1e-6f`. */
export type Constant = string;

export const u32 = (value: number): Constant => `${value}u`;
/** Shortest decimal that rounds to the same float; WGSL rounds the literal back to it. */
export const f32 = (value: number): Constant => `${value}f`;

/**
 * Invocations of a workgroup, where a kernel has no reason for another number: whole warps or waves on every GPU (32 or 64
 * on AMD, 32 on NVIDIA, 8 to 32 on Intel), and a quarter of what WebGPU allows at least. WGSL knows it as WORKGROUP.
 */
export const workgroupSize = 64;

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/**
 * A kernel before it is compiled. Its WGSL text is what it enables, the constants, then `parts` in order (shared structs, a block
 * decoder), each from a file in shaders/. On GPUs shapes are constants: the driver unrolls what it knows, and there is
 * nothing to upload per dispatch. On software devices, where compiling dominates, some of them are uniforms.
 */
export interface KernelSource {
  readonly name: string;
  readonly parts: readonly string[];
  readonly constants: Readonly<Record<string, Constant>>;
  /** WGSL's extensions that the text needs. */
  readonly extensions?: readonly string[];
}

export interface Kernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** In ascending order of their numbers. */
  readonly bindings: readonly Binding[];
  /** Part of the bind group's cache key: kernels with the same access pattern share bind groups. */
  readonly signature: string;
}

/** @returns the WGSL text of the kernel; `rolled` tells it to keep loops as loops (shaders/common/step_state.wgsl). */
export function assemble(source: KernelSource, { rolled }: { rolled: boolean }): string {
  const all = { ...source.constants, WORKGROUP: u32(workgroupSize), ROLLED: String(rolled) };
  const enables = (source.extensions ?? []).map((name) => `enable ${name};`);
  const constants = Object.entries(all).map(([name, value]) => `const ${name} = ${value};`);
  return [...enables, ...constants, ...source.parts].join("\n");
}

export interface Binding {
  /** The name of the variable. */
  readonly name: string;
  readonly binding: number;
  readonly type: GPUBufferBindingType;
}

/**
 * Reads the bindings off the WGSL text, so that a layout names exactly what the kernel declares: `layout: "auto"`
 * would drop a binding that the compiler finds unused, and its bind groups fit no other pipeline.
 */
export function bindingsOf(wgsl: string): Binding[] {
  const pattern = /@binding\((\d+)\)\s*var\s*<\s*(storage|uniform)\s*(?:,\s*(read_write|read)\s*)?>\s*(\w+)/g;
  const found = [...wgsl.matchAll(pattern)].map(
    ([, binding, space, access, name]): Binding => ({
      name: name!,
      binding: Number(binding),
      type: space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage",
    }),
  );
  return found.sort((a, b) => a.binding - b.binding);
}

/**
 * The values that are given by the names of a kernel's variables, in the order of its bindings.
 * @throws Error that names the kernel, when a name is missing or the kernel has no variable of that name
 */
export function inBindingOrder<T>(
  { name, bindings }: Pick<Kernel, "name" | "bindings">,
  values: Readonly<Record<string, T>>,
): T[] {
  const names = bindings.map((binding) => binding.name);
  const extra = Object.keys(values).find((given) => !names.includes(given));
  if (extra !== undefined)
    throw new Error(`kernel ${name} has no binding ${extra}: it has ${names.join(", ")}`);
  return names.map((wanted) => {
    const value = values[wanted];
    if (value === undefined)
      throw new Error(`kernel ${name} is bound without ${wanted}: it has ${names.join(", ")}`);
    return value;
  });
}
