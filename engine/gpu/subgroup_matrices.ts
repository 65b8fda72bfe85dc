/** A product that the matrix units of a device compute: halves times halves, added in f32. */
export interface SubgroupMatrices {
  /** [rows, inner] times [inner, columns]. */
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Invocations that compute it together. */
  readonly subgroup: number;
}

/** What WGSL that uses them enables. */
export const matrixExtensions: readonly string[] = [
  "f16",
  "subgroups",
  "subgroup_size_control",
  "chromium_experimental_subgroup_matrix",
];

/** The features by which a device lets programs use them. WebGPU's types do not know the last two yet, which are Dawn's. */
export const matrixFeatures = [
  "shader-f16",
  "subgroups",
  "subgroup-size-control",
  "chromium-experimental-subgroup-matrix",
] as GPUFeatureName[];

/** What Dawn's adapters tell beyond WebGPU's types. */
export interface MatrixAdapter {
  readonly features: { has(name: GPUFeatureName): boolean };
  readonly info: {
    readonly subgroupMinSize?: number;
    readonly subgroupMatrixConfigs?: Iterable<{
      readonly componentType: string;
      readonly resultComponentType: string;
      readonly M: number;
      readonly N: number;
      readonly K: number;
    }>;
  };
}

/**
 * The products of halves with sums in f32 (I6) that an adapter's devices compute, by subgroups of the smallest size: every GPU that has
 * several sizes has matrix units for that one. None where programs may not choose the size.
 */
export function subgroupMatricesOf({ features, info }: MatrixAdapter): SubgroupMatrices[] {
  const { subgroupMinSize: subgroup, subgroupMatrixConfigs: configs } = info;
  if (!subgroup || !configs || !matrixFeatures.every((name) => features.has(name))) return [];
  return Array.from(configs)
    .filter((it) => it.componentType === "f16" && it.resultComponentType === "f32")
    .map(({ M, N, K }) => ({ rows: M, columns: N, inner: K, subgroup }));
}
