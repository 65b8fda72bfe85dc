import bf16 from "../../shaders/blocks/bf16.wgsl";
import f16 from "../../shaders/blocks/f16.wgsl";
import f32Blocks from "../../shaders/blocks/f32.wgsl";
import iq4Nl from "../../shaders/blocks/iq4_nl.wgsl";
import iq4Xs from "../../shaders/blocks/iq4_xs.wgsl";
import q2K from "../../shaders/blocks/q2_k.wgsl";
import q3K from "../../shaders/blocks/q3_k.wgsl";
import q40 from "../../shaders/blocks/q4_0.wgsl";
import q41 from "../../shaders/blocks/q4_1.wgsl";
import q4K from "../../shaders/blocks/q4_k.wgsl";
import q50 from "../../shaders/blocks/q5_0.wgsl";
import q51 from "../../shaders/blocks/q5_1.wgsl";
import q5K from "../../shaders/blocks/q5_k.wgsl";
import q6K from "../../shaders/blocks/q6_k.wgsl";
import q80 from "../../shaders/blocks/q8_0.wgsl";
import embeddingShader from "../../shaders/embedding.wgsl";
import matmulShader from "../../shaders/matmul.wgsl";
import outputShader from "../../shaders/matmul_output.wgsl";
import tileShader from "../../shaders/matmul_tile.wgsl";
import stepShader from "../../shaders/step_state.wgsl";
import type { TensorType } from "../gguf/index.ts";
import { type Constant, ceilDiv, type Gpu, type KernelSource, type PlanRecorder, u32 } from "../gpu/index.ts";
import type { Matrix, Slab } from "./weights.ts";

/** How each type is decoded to f32: `header(row, group)` and `quad(header, i)`, 32 weights and 4 of them. */
const decoders: Readonly<Record<TensorType, string>> = {
  F32: f32Blocks,
  F16: f16,
  BF16: bf16,
  Q8_0: q80,
  Q4_0: q40,
  Q4_1: q41,
  Q5_0: q50,
  Q5_1: q51,
  Q2_K: q2K,
  Q3_K: q3K,
  Q4_K: q4K,
  Q5_K: q5K,
  Q6_K: q6K,
  IQ4_NL: iq4Nl,
  IQ4_XS: iq4Xs,
};

/** How a pass runs: `rows` is the same for 1 to 64 rows (I3); `prompt` has an order of its own. */
export interface Path {
  readonly kind: "rows" | "prompt";
  /** Rows that the recorded plan can hold; the step state says how many there are. */
  readonly width: number;
}

/** Rows that share one reading of a weight (I5). */
const rowsPerRead = 16;
/** Workgroups along x; devices allow 65,535. */
const gridX = 32_768;

export interface MatmulOptions {
  readonly x: GPUBuffer;
  /** Distance of rows of `x`, in floats. Default: the matrix's columns. */
  readonly xStride?: number;
  /** Row of `x` that belongs to the pass's first row. */
  readonly xRow?: number;
  readonly out: GPUBuffer;
  /** Distance of rows of `out`, in floats. Default: the matrix's rows. */
  readonly outStride?: number;
  /** Adds to what `out` holds. */
  readonly accumulate?: boolean;
  /** Writes row t at (position + t) mod ring. */
  readonly ring?: number;
  /** Only the last row of the pass. */
  readonly last?: boolean;
}

/**
 * Lanes that share a row of weights: 1 where the device is a CPU, whose barriers cost more than they bring; else up to
 * 32, as many as there are groups of 32 weights. One choice for a matrix, whatever the width (I3).
 */
export const lanesFor = (gpu: Gpu, columns: number): number =>
  gpu.software ? 1 : Math.min(32, 2 ** Math.floor(Math.log2(columns / 32)));

/** Records out_t = W·x_t for the rows of the step state. */
export function recordMatmul(
  recorder: PlanRecorder,
  path: Path,
  matrix: Matrix,
  step: GPUBuffer,
  options: MatmulOptions,
): void {
  const { x, out, xStride = matrix.columns, outStride = matrix.rows } = options;
  const shared: Record<string, Constant> = {
    K: u32(matrix.columns),
    GRID_X: u32(gridX),
    X_STRIDE: u32(xStride),
    X_ROW: u32(options.xRow ?? 0),
    OUT_STRIDE: u32(outStride),
    ACCUMULATE: String(options.accumulate ?? false),
    RING: u32(options.ring ?? 0),
    LAST: String(options.last ?? false),
  };
  for (const slab of matrix.slabs) {
    const constants = { ...shared, N: u32(slab.rows), OUT_COLUMN: u32(slab.row) };
    const lanes = lanesFor(recorder.gpu, matrix.columns);
    const one = options.last || path.width === 1;
    const [source, groups, ys] =
      path.kind === "prompt" && !one
        ? [tileKernel(slab, constants), ceilDiv(slab.rows, 64), 1]
        : [
            rowsKernel(slab, constants, one ? 1 : Math.min(path.width, rowsPerRead), lanes),
            ceilDiv(slab.rows * lanes, 64),
            one ? 1 : ceilDiv(path.width, rowsPerRead),
          ];
    recorder.dispatch(
      source,
      [...slab.planes, x, out, step],
      [Math.min(groups, gridX), ys, ceilDiv(groups, gridX)],
    );
  }
}

const rowsKernel = (
  slab: Slab,
  constants: Record<string, Constant>,
  rows: number,
  lanes: number,
): KernelSource => ({
  name: `matmul ${slab.type} ×${rows}`,
  parts: [stepShader, decoders[slab.type], outputShader, matmulShader],
  constants: { ...constants, ROWS: u32(rows), LANES: u32(lanes) },
});

const tileKernel = (slab: Slab, constants: Record<string, Constant>): KernelSource => ({
  name: `matmul_tile ${slab.type}`,
  parts: [stepShader, decoders[slab.type], outputShader, tileShader],
  constants,
});

/** Records x_t = W[token_t]. */
export function recordEmbedding(
  recorder: PlanRecorder,
  path: Path,
  table: Matrix,
  step: GPUBuffer,
  x: GPUBuffer,
): void {
  for (const slab of table.slabs) {
    const source = {
      name: `embedding ${slab.type}`,
      parts: [stepShader, decoders[slab.type], embeddingShader],
      constants: { K: u32(table.columns), N: u32(slab.rows), ROW0: u32(slab.row) },
    };
    recorder.dispatch(source, [...slab.planes, x, step], [1, path.width]);
  }
}
