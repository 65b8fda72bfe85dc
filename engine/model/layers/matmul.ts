import { createHash } from "node:crypto";
import embeddingShader from "../../../shaders/common/embedding.wgsl";
import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import squaresShader from "../../../shaders/common/squares.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import draftHeadShader from "../../../shaders/draft/draft_head.wgsl";
import eightSumsShader from "../../../shaders/matmul/eight_sums.wgsl";
import fourRowsShader from "../../../shaders/matmul/four_rows.wgsl";
import halvedShader from "../../../shaders/matmul/group_halved.wgsl";
import wholeShader from "../../../shaders/matmul/group_whole.wgsl";
import normedShader from "../../../shaders/matmul/input_normed.wgsl";
import plainShader from "../../../shaders/matmul/input_plain.wgsl";
import rmsShader from "../../../shaders/matmul/input_rms.wgsl";
import scaledShader from "../../../shaders/matmul/input_scaled.wgsl";
import matmulShader from "../../../shaders/matmul/matmul.wgsl";
import inputShader from "../../../shaders/matmul/matmul_input.wgsl";
import outputShader from "../../../shaders/matmul/matmul_output.wgsl";
import rowsShader from "../../../shaders/matmul/matmul_rows.wgsl";
import shapeShader from "../../../shaders/matmul/matmul_shape.wgsl";
import sumsShader from "../../../shaders/matmul/matmul_sums.wgsl";
import oneOutputShader from "../../../shaders/matmul/one_output.wgsl";
import oneTypeShader from "../../../shaders/matmul/one_type.wgsl";
import quadsShader from "../../../shaders/matmul/quads.wgsl";
import twoOutputsShader from "../../../shaders/matmul/two_outputs.wgsl";
import twoTypesShader from "../../../shaders/matmul/two_types.wgsl";
import type { TensorType } from "../../gguf/index.ts";
import {
  type Bindings,
  ceilDiv,
  f32,
  type Gpu,
  gridWidth,
  type PlanRecorder,
  structOf,
  u32,
  workgroupSize,
} from "../../gpu/index.ts";
import { isNarrow, type PassRows } from "../pass.ts";
import { type Matrix, type Slab, typesOf } from "../weights.ts";
import { decoders } from "./decoders.ts";
import { matricesOffered, matrixTexts, recordMatrices } from "./matmul_matrices.ts";
import { recordTiles, tileTexts } from "./matmul_tile.ts";
import { joined, type Piece, type Product } from "./product.ts";
import { lanesFor, tileFor } from "./product_variants.ts";
import { again, canShare, secondPlanes } from "./two_types.ts";

/** Rows that share one reading of a weight (I5), at most. */
export const rowsPerRead = 16;

/** Rows of a weight matrix that share one reading of an activation (four_rows.wgsl). */
const fourRows = 4;

/** Workgroups along x for `rows` rows of weights, of which a lane has `fours` times four. */
export const productGroups = (rows: number, lanes: number, fours = 1): number =>
  ceilDiv(ceilDiv(rows, fourRows * fours) * lanes, workgroupSize);

/** The rows that a product multiplies. */
export interface ProductInput {
  /** [K, T] in lane order. */
  readonly x: GPUBuffer;
  /** Multiplies row t of the result by scales[t] (norm_gain.wgsl). */
  readonly scales?: GPUBuffer;
  /**
   * Takes rms(x_t) ∘ w for x_t: on the row path, and without rings. With `normed` these rows are also left there, [K, T], and have the
   * bits of rms_norm.wgsl; without it those of norm_gain.wgsl.
   */
  readonly norm?: { readonly w: GPUBuffer; readonly epsilon: number; readonly normed?: GPUBuffer };
}

export interface MatmulOptions extends ProductInput {
  /** Reads row t at (position + t) mod xRing. */
  readonly xRing?: number;
  readonly out: GPUBuffer;
  /**
   * Writes columns from `first` on to a second buffer, row t at row t and left to right, their number apart. `ring` is of `out` alone.
   * Not with `laneOrder`, `accumulate` or `gated`.
   */
  readonly rest?: { readonly out: GPUBuffer; readonly first: number };
  /** Distance of rows of `out`, in floats. Default: the columns that go there. */
  readonly outStride?: number;
  /** Leaves rows of `out`, a multiple of 32 columns, in lane order: for products and norms that read them. */
  readonly laneOrder?: boolean;
  /** Adds to what `out` holds. */
  readonly accumulate?: boolean;
  /** Writes row t at (position + t) mod ring. */
  readonly ring?: number;
  /** Only the last row of the pass. */
  readonly last?: boolean;
  /** Leaves out the pass's first rows; row `skip` gives row 0 of `out`. */
  readonly skip?: number;
  /** One of those offered, to time it. Default: the device's choice. */
  readonly variant?: string;
  /** Writes silu(a) ∘ b of the product's halves a and b, on the row path, where `canGate`. */
  readonly gated?: boolean;
}

/** Whether both halves of the matrix are at hand in one dispatch. */
export const canGate = ({ slabs }: Matrix): boolean => slabs.length === 1;

/** Another one for other kernels: what was measured with these no longer holds for them. */
export const productVersion = createHash("sha256")
  .update(
    [
      ...[matmulShader, fourRowsShader, quadsShader, sumsShader, eightSumsShader, wholeShader, halvedShader],
      ...[oneTypeShader, twoTypesShader, laneOrderShader, rowsShader, inputShader],
      ...[outputShader, oneOutputShader, twoOutputsShader, normedShader, rmsShader],
      ...tileTexts,
      ...matrixTexts,
      ...Object.values(decoders).flat(),
    ].join(),
  )
  .digest("hex")
  .slice(0, 12);

/** Records out_t = W·x_t for the rows of the step state. */
export function recordMatmul(pass: PassRows, matrix: Matrix, options: MatmulOptions): void {
  const { recorder, step, kind, width } = pass;
  const { x, last = false, gated = false, variant } = options;
  const one = last || width === 1;
  const input = inputOf(options);
  const outputOf = outputsOf(matrix, options);
  const reading = { x_ring: options.xRing ?? 0, skip: options.skip ?? 0, last: Number(last) };
  const rowsOf = (fields: ShapeFields): Piece => {
    const shape = shapeOf(recorder.gpu, { ...fields, ...reading });
    return {
      parts: [stepShader, ...shape.parts, laneOrderShader, rowsShader],
      bindings: { step, ...shape.bindings },
    };
  };
  const productOf = (slabs: SharedOut): Product => {
    const output = outputOf(slabs);
    return {
      rows: rowsOf({ ...placeOf(matrix, slabs[0]), ...output.shape }),
      inputRows: rowsOf({ k: matrix.columns }),
      input: { ...input, parts: [inputShader, ...input.parts], bindings: { x, ...input.bindings } },
      output: {
        parts: [outputShader, output.part],
        constants: { SCALE: scaleOf(matrix) },
        bindings: output.bindings,
      },
    };
  };
  if (kind === "prompt" && !one) {
    const name = variant ?? tileFor(recorder.gpu, matrix.columns, typesOf(matrix));
    const record = matricesOffered(recorder.gpu).includes(name) ? recordMatrices : recordTiles;
    record(pass, name, matrix, (slab) => productOf([slab]));
    return;
  }
  const rows = {
    lanes: Number(variant ?? lanesFor(recorder.gpu, matrix.columns)),
    width: one ? 1 : width,
    gated,
    normed: options.norm !== undefined,
  };
  const othersOf = (slabs: SharedOut) =>
    2 + Object.keys({ ...outputOf(slabs).bindings, ...input.bindings }).length; // x, step
  for (const slabs of sharedOut(pass, matrix, othersOf)) recordRows(recorder, slabs, productOf(slabs), rows);
}

/** Where the products of slabs go: to `out`, to `rest`, or to both, with the fields of `Shape` that say so. */
function outputsOf(matrix: Matrix, { out, rest, ring = 0, ...options }: MatmulOptions) {
  const { laneOrder = false, accumulate = false, gated = false } = options;
  const columns = rest?.first ?? (gated ? matrix.rows / 2 : matrix.rows);
  const outStride = options.outStride ?? columns;
  if (laneOrder && outStride % 32 !== 0)
    throw new Error(`${matrix.name} gives rows of ${outStride}, which are no whole groups of 32`);
  if (rest && (laneOrder || accumulate || gated))
    throw new Error(`${matrix.name} has two outputs, which are neither in lane order nor added to nor gated`);
  const restStride = matrix.rows - columns;
  const whole = {
    out_stride: outStride,
    lane_order: Number(laneOrder),
    ring,
    accumulate: Number(accumulate),
  };
  return ([slab, second = slab]: SharedOut) => {
    if (!rest || second.row + second.rows <= rest.first)
      return { part: oneOutputShader, shape: whole, bindings: { out } as Bindings };
    if (slab.row >= rest.first)
      return {
        part: oneOutputShader,
        shape: { first: slab.row - rest.first, out_stride: restStride },
        bindings: { out: rest.out } as Bindings,
      };
    return {
      part: twoOutputsShader,
      shape: { ...whole, rest: rest.first, rest_stride: restStride },
      bindings: { out, rest: rest.out } as Bindings,
    };
  };
}

function recordRows(
  recorder: PlanRecorder,
  [slab, second]: SharedOut,
  { rows: wanted, input, output }: Product,
  { lanes, width, gated, normed }: { lanes: number; width: number; gated: boolean; normed: boolean },
): void {
  // The fewest readings of each weight, and then the fewest rows that are computed for nothing.
  const readings = ceilDiv(width, rowsPerRead);
  const rows = ceilDiv(width, readings);
  const types = second ? `${slab.type} + ${second.type}` : slab.type;
  const slabs = second ? [slab, second] : [slab];
  const fours = rows === 1 && normed ? foursOf(recorder.gpu, slabs, lanes) : 1;
  const first = productGroups(slab.rows, lanes, fours);
  const groups = first + (second ? productGroups(second.rows, lanes, fours) : 0);
  const weights: Piece = {
    parts: [
      fourRowsShader,
      ...summing(recorder.gpu, slab.type, rows, fours),
      ...(second
        ? [again(summing(recorder.gpu, second.type, rows, fours)), twoTypesShader]
        : [oneTypeShader]),
      matmulShader,
    ],
    constants: {
      GRID_X: u32(gridWidth),
      ROWS: u32(rows),
      LANES: u32(lanes),
      FOURS: u32(fours),
      GATED: String(gated),
      ...(second && { GROUPS: u32(first), SECOND: u32(second.rows) }),
    },
    bindings: { ...slab.planes, ...(second && secondPlanes(second)) },
  };
  const kernel = joined([wanted, input, output, weights]);
  recorder.dispatch({ name: `matmul ${types} ×${rows}`, ...kernel }, kernel.bindings, [
    Math.min(groups, gridWidth),
    readings,
    ceilDiv(groups, gridWidth),
  ]);
}

/** Workgroups that leave none of the largest GPUs' schedulers without one. */
const leastGroups = 256;

/** What may be beside Q4_K where a lane has eight rows of each: of other types so many need more registers than eight waves leave (AMD). */
const inEights: ReadonlySet<TensorType> = new Set(["Q4_K", "Q6_K", "F32"]);

/**
 * Fours of rows of W that a lane multiplies with one row of x and the weights of its norm, which take more than half of the loads of
 * Q4_K. Two share them where enough workgroups remain. Other types get along with six loads of 16 bytes.
 */
function foursOf({ software }: Gpu, slabs: readonly Slab[], lanes: number): number {
  const groups = slabs.reduce((sum, { rows }) => sum + productGroups(rows, lanes, 2), 0);
  const gains = slabs.some(({ type }) => type === "Q4_K") && slabs.every(({ type }) => inEights.has(type));
  return gains && !software && groups >= leastGroups ? 2 : 1;
}

/** The WGSL by which a lane decodes weights of a type and adds up its products with `rows` rows, for so many fours of rows of W. */
const summing = (gpu: Gpu, type: TensorType, rows: number, fours = 1): readonly string[] => [
  ...decoders[type],
  quadsShader,
  groupOf(gpu, type, rows),
  fours === 1 ? sumsShader : eightSumsShader,
];

/** A slab, and the one after it where one dispatch has both. */
type SharedOut = readonly [slab: Slab, second?: Slab];

/**
 * The slabs of each dispatch on the row path: in narrow passes two of two types share one, where a kernel can bind them beside all others
 * of its buffers. Products that write to one buffer wait for each other, and a small one (V of an attention layer, α and β of a delta net)
 * leaves most of a GPU idle. Those come last in their matrices, so of three types the last two share.
 */
function sharedOut(
  pass: PassRows,
  { slabs }: Matrix,
  othersOf: (pair: readonly [Slab, Slab]) => number,
): SharedOut[] {
  const { gpu } = pass.recorder;
  const dispatches: SharedOut[] = [];
  for (let i = slabs.length - 1; i >= 0; i--) {
    const [slab, before] = [slabs[i]!, slabs[i - 1]];
    const isShared =
      isNarrow(pass) &&
      before &&
      slab.type !== before.type &&
      canShare(gpu, before, slab, othersOf([before, slab]));
    dispatches.unshift(isShared ? [before, slab] : [slab]);
    if (isShared) i--;
  }
  return dispatches;
}

/** How a product reads its input. */
function inputOf({ scales, norm }: ProductInput) {
  if (norm)
    return {
      parts: [squaresShader, norm.normed ? rmsShader : normedShader],
      constants: { EPS: f32(norm.epsilon) },
      bindings: { norm_w: norm.w, ...(norm.normed && { normed: norm.normed }) } as Bindings,
    };
  return {
    parts: [squaresShader, scales ? scaledShader : plainShader],
    constants: {},
    bindings: (scales ? { row_scales: scales } : {}) as Bindings,
  };
}

/** The WGSL by which a product of `rows` rows goes through a group of weights. The order of additions is the same. */
const groupOf = ({ software }: Gpu, type: TensorType, rows: number): string =>
  type === "Q6_K" && rows > 12 && !software ? halvedShader : wholeShader;

const scaleOf = ({ scale = 1 }: Matrix): string => f32(scale);

/** Records x_t = W[token_t], in lane order. */
export function recordEmbedding({ recorder, step, width }: PassRows, table: Matrix, x: GPUBuffer): void {
  for (const slab of table.slabs) {
    const shape = shapeOf(recorder.gpu, placeOf(table, slab));
    const source = {
      name: `embedding ${slab.type}`,
      parts: [stepShader, ...shape.parts, laneOrderShader, ...decoders[slab.type], embeddingShader],
      constants: { SCALE: scaleOf(table) },
    };
    recorder.dispatch(source, { ...slab.planes, x, step, ...shape.bindings }, [1, width]);
  }
}

/** Records out_n = W[ids_n]·x for the pass's last row of the ring `x`: the rows of a head that `ids` (u32) names. */
export function recordDraftHead(
  { recorder, step }: PassRows,
  head: Matrix,
  { x, xRing, ids, out }: { x: GPUBuffer; xRing: number; ids: GPUBuffer; out: GPUBuffer },
): void {
  const lanes = lanesFor(recorder.gpu, head.columns);
  const count = ids.size / 4;
  for (const slab of head.slabs) {
    const shape = shapeOf(recorder.gpu, { ...placeOf(head, slab), x_ring: xRing, last: 1 });
    const source = {
      name: `draft_head ${slab.type}`,
      parts: [
        stepShader,
        ...shape.parts,
        ...decoders[slab.type],
        laneOrderShader,
        rowsShader,
        inputShader,
        outputShader,
        oneOutputShader,
        fourRowsShader,
        quadsShader,
        draftHeadShader,
      ],
      constants: {
        ROWS: u32(1),
        LANES: u32(lanes),
        GATED: "false",
        COUNT: u32(count),
        SCALE: scaleOf(head),
      },
    };
    recorder.dispatch(source, { ...slab.planes, x, out, step, ...shape.bindings, ids }, [
      productGroups(count, lanes),
    ]);
  }
}

const shapeLayout = structOf([shapeShader], "Shape");

/** What of a product is not used: rows at distance 0, no ring, nothing left out, one output. */
const plain = {
  ...{ n: 0, first: 0, x_ring: 0, skip: 0, out_stride: 0, lane_order: 0, ring: 0, accumulate: 0, last: 0 },
  ...{ rest: 0, rest_stride: 0 },
};

/** `Shape` of shaders/matmul/matmul_shape.wgsl. */
type ShapeFields = Partial<typeof plain> & { readonly k: number };

const shapeOf = (gpu: Gpu, fields: ShapeFields): BakedShape =>
  withShape(gpu, shapeShader, shapeLayout.write({ ...plain, ...fields }));

/** The fields that say where a slab is in its matrix. */
const placeOf = ({ columns: k }: Matrix, { rows: n, row: first }: Slab) => ({ k, n, first });

/** How a kernel gets its shape: WGSL that declares it, and the bindings that this brings. */
interface BakedShape {
  readonly parts: readonly string[];
  readonly bindings: Bindings;
}

/** The struct `Shape` of `shader` with these words: baked into the kernel on a GPU, a uniform on a CPU device. */
export function withShape(gpu: Gpu, shader: string, words: Uint32Array<ArrayBuffer>): BakedShape {
  return gpu.software
    ? {
        parts: [shader, "@group(0) @binding(5) var<uniform> shape: Shape;"],
        bindings: { shape: gpu.uniform(words) },
      }
    : { parts: [shader, `const shape = Shape(${[...words].map(u32).join(", ")});`], bindings: {} };
}
