import type { TensorType } from "../../gguf/index.ts";
import { type Gpu, workgroupSize } from "../../gpu/index.ts";
import type { Path } from "../pass.ts";
import { maxRows } from "../step.ts";
import { matricesOffered } from "./matmul_matrices.ts";
import { tilesOffered } from "./matmul_tile.ts";

/** The ways in which a device may compute products with rows of one size, of which it runs the quickest. */
export interface ProductVariants {
  /** Of a row of weights. */
  readonly columns: number;
  /** By which a device remembers its choice. */
  readonly name: string;
  /** That of the rule first; each is a `variant` of `recordMatmul`. */
  readonly offered: readonly string[];
  /** The passes that tell which is the quickest. */
  readonly paths: readonly Path[];
  /** Weights that a timed submit reads, at most: some milliseconds on a slow GPU, and on the row path more than caches hold. */
  readonly mostBytes: number;
}

/**
 * Lanes that may share a row of weights, by the rule first: 1 where the device is a CPU, whose barriers cost more than they save; else
 * up to a workgroup, as many as there are groups of 32 weights. Fewer leave fewer of them idle where the groups are no multiple.
 */
function lanesOffered({ software }: Gpu, columns: number): readonly number[] {
  const most = Math.min(workgroupSize, 2 ** Math.floor(Math.log2(columns / 32)));
  const several = [most, most / 2, most / 4].filter((lanes) => lanes >= 8);
  return software ? [1, ...several] : several.length > 0 ? several : [most];
}

/** Of the row path: one choice for all matrices with rows of that size and the norms that they take, for every width (I3). */
export const laneVariants = (gpu: Gpu, columns: number): ProductVariants => ({
  columns,
  name: `lanes for rows of ${columns}`,
  offered: lanesOffered(gpu, columns).map(String),
  paths: [1, 4].map((width) => ({ kind: "rows", width })), // decoding, and a short draft
  mostBytes: 192 * 2 ** 20,
});

/** Of the prompt path, whose kernel is limited by arithmetic and not by what caches hold. */
export const tileVariants = (gpu: Gpu, columns: number): ProductVariants => ({
  columns,
  name: `tile for rows of ${columns}`,
  offered: [...tilesOffered(gpu), ...matricesOffered(gpu)],
  paths: [{ kind: "prompt", width: maxRows }],
  mostBytes: 32 * 2 ** 20,
});

/** What is to be chosen for products with rows of these sizes; decoding, which is most of the time, comes first. */
export const variantsOf = (gpu: Gpu, sizes: readonly number[]): ProductVariants[] => [
  ...sizes.map((columns) => laneVariants(gpu, columns)),
  ...sizes.map((columns) => tileVariants(gpu, columns)),
];

/** Lanes that share a row of weights: those that were chosen for the device, or the rule's. */
export function lanesFor(gpu: Gpu, columns: number): number {
  const { name, offered } = laneVariants(gpu, columns);
  return Number(gpu.chosen(name, offered)); // whatever the types: norms have them, too
}

/** The tile of the prompt path in the same way, for a matrix of these types. */
export function tileFor(gpu: Gpu, columns: number, types: readonly TensorType[]): string {
  const { name, offered } = tileVariants(gpu, columns);
  return gpu.chosen(name, offered, types);
}
