/** A WGSL constant, written as WGSL writes it: `64u`, `true`, `1e-6f`. */
export type Constant = string;

export const u32 = (value: number): Constant => `${value}u`;
/** Shortest decimal that rounds to the same float; WGSL rounds the literal back to it. */
export const f32 = (value: number): Constant => `${value}f`;

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/**
 * A kernel before it is compiled. Its WGSL text is the constants, then `parts` in order (shared structs, a block
 * decoder), each from a file in shaders/. Shapes are constants, not uniforms: the driver unrolls what it knows,
 * and there is nothing to upload per dispatch.
 */
export interface KernelSource {
  readonly name: string;
  readonly parts: readonly string[];
  readonly constants: Readonly<Record<string, Constant>>;
}

export interface Kernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Binding numbers in ascending order: the order in which buffers are given to `Gpu.bind`. */
  readonly bindings: readonly number[];
  /** Part of the bind group's cache key: kernels with the same access pattern share bind groups. */
  readonly signature: string;
}

/** @returns the WGSL text of the kernel; `rolled` tells it to keep loops as loops (shaders/common/step_state.wgsl). */
export function assemble(source: KernelSource, rolled: boolean): string {
  const constants = Object.entries({ ...source.constants, ROLLED: String(rolled) }).map(
    ([name, value]) => `const ${name} = ${value};`,
  );
  return `${constants.join("\n")}\n${source.parts.join("\n")}`;
}

export interface BindingAccess {
  readonly binding: number;
  readonly type: GPUBufferBindingType;
}

/**
 * Reads the bindings off the WGSL text, so that a layout names exactly what the kernel declares: `layout: "auto"`
 * would drop a binding that the compiler finds unused, and its bind groups fit no other pipeline.
 */
export function bindingsOf(wgsl: string): BindingAccess[] {
  const pattern = /@binding\((\d+)\)\s*var<\s*(storage|uniform)\s*(?:,\s*(read_write|read)\s*)?>/g;
  const found = [...wgsl.matchAll(pattern)].map(
    ([, binding, space, access]): BindingAccess => ({
      binding: Number(binding),
      type: space === "uniform" ? "uniform" : access === "read_write" ? "storage" : "read-only-storage",
    }),
  );
  return found.sort((a, b) => a.binding - b.binding);
}
