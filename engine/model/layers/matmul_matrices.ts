import halvesShader from "../../../shaders/matmul/halves.wgsl";
import matricesShader from "../../../shaders/matmul/matmul_matrices.wgsl";
import splitShader from "../../../shaders/matmul/split_rows.wgsl";
import { ceilDiv, type Gpu, matrixExtensions, type SubgroupMatrices, u32 } from "../../gpu/index.ts";
import type { PassRows } from "../pass.ts";
import { maxRows } from "../step.ts";
import type { Matrix, Slab } from "../weights.ts";
import { decoders } from "./decoders.ts";
import { joined, type Product } from "./product.ts";

/** How matmul_matrices.wgsl cuts a product among the subgroups of a workgroup. Both show in the bits of its sums. */
interface Cut {
  /** Subgroups that share out K. */
  readonly parts: number;
  /** Subgroups with columns of their own, which read the same activations. */
  readonly across: number;
}

/** Columns of a subgroup: what a group of 32 weights of each, in two halves, takes of workgroup memory is the same on all devices. */
const ownColumns = 16;

// A narrow product (0.8B has 1024 columns) must fill a GPU, so most subgroups share out K; a wide one reads its activations less often
// where more of them have columns of their own.
const cuts: readonly Cut[] = [
  { parts: 8, across: 1 },
  { parts: 2, across: 4 },
];

/** Invocations that a subgroup may have, for eight of them to be a workgroup. */
const subgroups: readonly number[] = [8, 16, 32];

/** Bytes of workgroup memory, where a unit has so many sums. */
const workgroupBytes = (unit: number): number => 8 * (2 * ownColumns * 40 * 2 + 4 * unit);

const nameOf = ({ across }: Cut): string => `subgroup matrices, ${ownColumns * across} columns`;

/** Other ones for other kernels: what was measured with these no longer holds for them. */
export const matrixTexts: readonly string[] = [
  halvesShader,
  matricesShader,
  splitShader,
  JSON.stringify(cuts),
];

/** The largest product of the device's matrix units that the kernel can be made of. */
function unitOf({ software, matrices, device }: Gpu): SubgroupMatrices | undefined {
  if (software) return undefined;
  const { maxComputeWorkgroupStorageSize } = device.limits;
  const size = ({ rows, columns, inner }: SubgroupMatrices) => rows * columns * inner;
  return matrices
    .filter(
      ({ rows, columns, inner, subgroup }) =>
        maxRows % rows === 0 &&
        ownColumns % columns === 0 &&
        32 % inner === 0 &&
        inner % 4 === 0 && // split_rows.wgsl writes quads
        subgroups.includes(subgroup) &&
        workgroupBytes(rows * columns) <= maxComputeWorkgroupStorageSize,
    )
    .toSorted((a, b) => size(b) - size(a))[0];
}

/** The cuts that a device with matrix units may use, by name. */
export const matricesOffered = (gpu: Gpu): readonly string[] => (unitOf(gpu) ? cuts.map(nameOf) : []);

/** Records the product for the rows of a prompt. */
export function recordMatrices(
  { recorder, step }: PassRows,
  name: string,
  matrix: Matrix,
  productOf: (slab: Slab) => Product,
): void {
  const { gpu } = recorder;
  const [unit, cut] = [unitOf(gpu), cuts.find((it) => nameOf(it) === name)];
  if (!unit || !cut) throw new Error(`${gpu.description} has no ${name}`);
  const constants = { UNIT_ROWS: u32(unit.rows), UNIT_INNER: u32(unit.inner) };
  const scratch = {
    halves: gpu.scratch(step, "halves of activations", 4 * maxRows * matrix.columns),
    unscale: gpu.scratch(step, "scales of halves", 4 * maxRows),
  };
  const { inputRows, input } = productOf(matrix.slabs[0]!);
  const split = joined([
    { extensions: ["f16"], constants, bindings: scratch },
    inputRows,
    input,
    { parts: [halvesShader, splitShader] },
  ]);
  recorder.dispatch({ name: "split_rows", ...split }, split.bindings, [maxRows]);
  for (const slab of matrix.slabs) {
    const product = productOf(slab);
    const kernel = joined([
      { extensions: matrixExtensions, bindings: { ...slab.planes, ...scratch } },
      product.rows,
      product.output,
      { parts: [...decoders[slab.type], halvesShader, matricesShader] },
      {
        constants: {
          ...constants,
          UNIT_COLUMNS: u32(unit.columns),
          SUBGROUP: u32(unit.subgroup),
          PARTS: u32(cut.parts),
          ACROSS: u32(cut.across),
        },
      },
    ]);
    recorder.dispatch({ name: `matmul_matrices ${slab.type}`, ...kernel }, kernel.bindings, [
      ceilDiv(slab.rows, ownColumns * cut.across),
    ]);
  }
}
