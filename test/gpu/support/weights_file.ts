import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockFormat, openGguf, type TensorType } from "../../../engine/gguf/index.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";
import type { MatrixRows } from "../../../engine/model/runs.ts";
import { type Matrix, Weights } from "../../../engine/model/weights.ts";
import { dequantize } from "../../reference/dequantize.ts";
import type { Random } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { ggufBytes } from "../../reference/write_gguf.ts";
import type { TestBed } from "./test_bed.ts";

/** Rows of one type in a joined matrix. */
export interface Part {
  readonly type: TensorType;
  readonly rows: number;
  /** The rows' blocks, where they are not to be random. */
  readonly bytes?: Uint8Array;
  /** What of the rows the matrix is made of, where not of all. */
  readonly ranges?: MatrixRows[2];
}

export interface LoadedMatrix {
  readonly matrix: Matrix;
  /** [columns, rows] of the parts, row after row; decoded at each call. */
  values(): Float64Array;
  /** The blocks of each part, as the file has them. */
  readonly bytes: readonly Uint8Array[];
}

/** Writes the parts to a file and loads them as the engine does, as one matrix. The test bed frees it. */
export async function loadMatrix(
  bed: TestBed,
  columns: number,
  parts: readonly Part[],
  random: Random,
  gpu: Gpu = bed.gpu,
): Promise<LoadedMatrix> {
  const bytes = parts.map(
    (part) => part.bytes ?? randomBlocks(part.type, blocksOf(part.type, columns) * part.rows, random),
  );
  const tensors = parts.map(({ type, rows }, i) => ({
    name: `part ${i}`,
    dims: [columns, rows],
    type,
    bytes: bytes[i]!,
  }));
  const folder = await mkdtemp(join(tmpdir(), "foretype-kernels-"));
  try {
    const path = join(folder, "weights.gguf");
    await writeFile(path, ggufBytes({ tensors }));
    await using file = await openGguf(path);
    const weights = new Weights(gpu, file);
    const matrix = weights.matrix(
      columns,
      parts.map(({ rows, ranges }, i) => [`part ${i}`, rows, ranges]),
    );
    await upload(weights);
    for (const slab of matrix.slabs) for (const plane of Object.values(slab.planes)) bed.keep(plane);
    return { matrix, values: () => joined(parts.map(({ type }, i) => dequantize(type, bytes[i]!))), bytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Brings all that was declared to the GPU, at once. @throws UserError as `uploadInPieces` */
export async function upload(weights: Weights): Promise<void> {
  for await (const _ of weights.uploadInPieces());
}

const blocksOf = (type: TensorType, columns: number): number => columns / blockFormat(type).elements;

function joined(arrays: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}
