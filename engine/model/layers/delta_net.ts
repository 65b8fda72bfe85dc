import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import convolutionShader from "../../../shaders/delta/convolution.wgsl";
import chunkShader from "../../../shaders/delta/delta_chunk.wgsl";
import gramShader from "../../../shaders/delta/delta_chunk_gram.wgsl";
import inputsShader from "../../../shaders/delta/delta_inputs.wgsl";
import deltaShader from "../../../shaders/delta/gated_delta_net.wgsl";
import gatedNormShader from "../../../shaders/delta/gated_norm.wgsl";
import headShader from "../../../shaders/delta/head.wgsl";
import keyHeadShader from "../../../shaders/delta/key_head.wgsl";
import { ceilDiv, f32, type Gpu, u32, workgroupSize } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass, Path } from "../pass.ts";
import type { MatrixRows } from "../runs.ts";
import { type RecurrentLayer, tapeRows } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import { type ProductInput, recordMatmul } from "./matmul.ts";

/** Weights of a gated-delta-net mixer (NETWORK.md 2.4). */
export interface DeltaNet {
  readonly kind: "delta";
  /** q, k and v, then z, then α, then β. */
  readonly input: Matrix;
  /** [4, C] */
  readonly conv: GPUBuffer;
  /** [2·HV + D] ssm_a, ssm_dt, ssm_norm: a kernel may read no more than eight buffers. */
  readonly vectors: GPUBuffer;
  readonly output: Matrix;
}

export function loadDeltaNet(weights: Weights, h: Hyperparameters, block: string): DeltaNet {
  const { valueHeads, headSize, channels } = h.delta;
  return {
    kind: "delta",
    input: weights.matrix(h.embedding, projections(weights, h, block)),
    conv: weights.vector(`${block}ssm_conv1d.weight`, 4, channels),
    vectors: weights.joined([
      [`${block}ssm_a`, valueHeads],
      [`${block}ssm_dt.bias`, valueHeads],
      [`${block}ssm_norm.weight`, headSize],
    ]),
    output: weights.matrix(valueHeads * headSize, [[`${block}ssm_out.weight`, h.embedding]]),
  };
}

/**
 * Which rows of which tensors make q, k and v, then z, then α and β. Files of Qwen3-Next join projections, key head by key
 * head: in `ssm_ba` β and α of its value heads, in `ssm_in` of older files q, k, and v and z of its value heads.
 */
function projections(weights: Weights, { delta }: Hyperparameters, block: string): MatrixRows[] {
  const { keyHeads, valueHeads, headSize, channels } = delta;
  const perKey = valueHeads / keyHeads;
  const at = (name: string) => `${block}${name}.weight`;
  const whole = (name: string, rows: number): MatrixRows => [at(name), rows];
  /** Of each key head's rows of a joined tensor those from `first` on. */
  const joined = (name: string, rows: number, first: number, count: number): MatrixRows => [
    at(name),
    keyHeads * rows,
    Array.from({ length: keyHeads }, (_, k) => ({ first: k * rows + first, count })),
  ];
  const values = perKey * headSize;
  const input = (first: number, count: number) => joined("ssm_in", 2 * (headSize + values), first, count);
  const gate = (first: number) => joined("ssm_ba", 2 * perKey, first, perKey);
  const isJoined = weights.has(at("ssm_in"));
  return [
    ...(isJoined
      ? [input(0, headSize), input(headSize, headSize), input(2 * headSize, values)]
      : [whole("attn_qkv", channels)]),
    isJoined ? input(2 * headSize + values, values) : whole("attn_gate", valueHeads * headSize),
    ...(weights.has(at("ssm_ba"))
      ? [gate(perKey), gate(0)]
      : [whole("ssm_alpha", valueHeads), whole("ssm_beta", valueHeads)]),
  ];
}

/**
 * Records x += DeltaNet(input) (NETWORK.md 3.4). The row path first replays rows, then runs the recurrence token by token,
 * and stores the states that `stores` selects (gated_delta_net.wgsl). Prefill runs the chunked form, replays nothing and
 * stores the last state.
 */
export function recordDeltaNet(
  pass: Pass,
  layer: DeltaNet,
  input: ProductInput,
  memory: RecurrentLayer,
): void {
  const { workspace: w } = pass;
  const rest = { out: w.proj, first: pass.h.delta.channels };
  recordMatmul(pass, layer.input, { ...input, out: memory.tape, ring: tapeRows, rest });
  if (pass.kind === "prompt") {
    recordInputs(pass, layer, memory);
    recordChunk(pass, memory);
    recordGatedNorm(pass, ruleBuffers(pass, layer, memory));
  } else {
    recordDeltaRule(pass, ruleBuffers(pass, layer, memory));
  }
  recordMatmul(pass, layer.output, { x: w.mixerOut, out: w.x, laneOrder: true, accumulate: true });
}

/**
 * Records the replay of rows from the tape, as a pass of no rows: its step state says from which slot, to which, and how many
 * rows before its position. The same kernel as when the rows first ran, so the state has the same bits (I2).
 */
export function recordReplay(
  pass: Omit<Pass, keyof Path | "stores">,
  layer: DeltaNet,
  memory: RecurrentLayer,
): void {
  pass.recorder.part = "replay";
  recordDeltaRule({ ...pass, width: 0, stores: 0 }, ruleBuffers(pass, layer, memory));
}

/** The shapes of a delta net as its kernels name them. */
const shapeConstants = ({ delta, epsilon }: Pick<Hyperparameters, "delta" | "epsilon">, ring = tapeRows) => ({
  D: u32(delta.headSize),
  HK: u32(delta.keyHeads),
  HV: u32(delta.valueHeads),
  GROUPED: String(delta.grouped),
  C: u32(delta.channels),
  RING: u32(ring),
  STRIDE: u32(delta.valueHeads * (delta.headSize + 2)),
  EPS: f32(epsilon),
});

/** Rows that a workgroup of delta_inputs and gated_norm owns. */
const normedRows = 4;

function recordInputs(
  { recorder, h, workspace: { proj, mixed }, step, width }: Pass,
  { conv: w, vectors }: DeltaNet,
  { tape, gates }: RecurrentLayer,
): void {
  const { headSize, channels } = h.delta;
  recorder.dispatch(
    {
      name: "delta_inputs",
      parts: [stepShader, headShader, convolutionShader, inputsShader],
      constants: shapeConstants(h),
    },
    { tape, w, proj, vectors, mixed, gates, step },
    [channels / headSize, ceilDiv(width, normedRows)],
  );
}

function recordGatedNorm(
  { recorder, h, step, width }: Pick<Pass, "recorder" | "h" | "step" | "width">,
  { o, proj, vectors, u }: Pick<DeltaRuleBuffers, "o" | "proj" | "vectors" | "u">,
): void {
  recorder.dispatch(
    {
      name: "gated_norm",
      parts: [stepShader, laneOrderShader, headShader, gatedNormShader],
      constants: shapeConstants(h),
    },
    { o, proj, vectors, u, step },
    [h.delta.valueHeads, ceilDiv(width, normedRows)],
  );
}

/** Records the delta rule for a piece of a prompt at once (NETWORK.md 3.5). */
function recordChunk(
  { recorder, h, workspace: w, step, width }: Pass,
  { gates, slots }: RecurrentLayer,
): void {
  const { valueHeads, headSize } = h.delta;
  const { mixed, grams, delta: out } = w;
  const lanes = lanesOf(headSize);
  const columns = chunkColumns(headSize, lanes);
  const constants = shapeConstants(h);
  recorder.dispatch(
    { name: "delta_chunk_gram", parts: [stepShader, keyHeadShader, gramShader], constants },
    { mixed, gates, grams, step },
    [valueHeads, width],
  );
  recorder.dispatch(
    {
      name: "delta_chunk",
      parts: [stepShader, keyHeadShader, chunkShader],
      constants: {
        ...constants,
        COLUMNS: u32(columns),
        LANES: u32(lanes),
        SCALE: f32(1 / Math.sqrt(headSize)),
      },
    },
    { mixed, gates, grams, slots, out, step },
    [(valueHeads * headSize) / columns],
  );
}

/** What the delta rule reads and writes, beside the step state: its `out` is u, `o` what it has where a norm of its own follows. */
type DeltaRuleBuffers = Readonly<
  Record<"tape" | "w" | "proj" | "vectors" | "gates" | "slots" | "o" | "u", GPUBuffer>
>;

const ruleBuffers = (
  { workspace }: Pick<Pass, "workspace">,
  { conv, vectors }: DeltaNet,
  memory: RecurrentLayer,
): DeltaRuleBuffers => ({
  ...memory,
  w: conv,
  proj: workspace.proj,
  vectors,
  o: workspace.delta,
  u: workspace.mixerOut,
});

/** Records steps 2 to 7 of NETWORK.md 3.4, token by token. @param ring rows after which tape and gates start again */
export function recordDeltaRule(
  { recorder, h, step, stores, width }: Pick<Pass, "recorder" | "h" | "step" | "stores" | "width">,
  { o, u, ...buffers }: DeltaRuleBuffers,
  ring = tapeRows,
): void {
  const { valueHeads, headSize } = h.delta;
  const form = ruleForm(recorder.gpu, headSize, width);
  recorder.dispatch(deltaKernel(h, { form, stores, ring }), { ...buffers, out: form.normed ? u : o, step }, [
    (valueHeads * headSize) / form.columns,
  ]);
  if (!form.normed && width > 0) recordGatedNorm({ recorder, h, step, width }, { o, u, ...buffers });
}

/**
 * Invocations that own one column of a state matrix: a whole column of 128 would take half of the registers that a GPU has for
 * one.
 */
const lanesOf = (headSize: number): number => Math.min(4, headSize / 4);

/** Columns of a state matrix that a workgroup of the chunked form owns. */
const chunkColumns = (headSize: number, lanes: number): number => Math.min(workgroupSize / lanes, headSize);

/** How the delta rule token by token is cut into workgroups. The order of additions depends on `lanes` alone. */
export interface DeltaForm {
  /** Invocations that share a column. */
  readonly lanes: number;
  /** Columns that they share. */
  readonly each: number;
  /** Columns of a workgroup. */
  readonly columns: number;
  /** The workgroup owns a head, and so also norms and gates what it returns. */
  readonly normed: boolean;
}

/** Invocations that WebGPU allows a workgroup at least. */
const mostInvocations = 256;

/**
 * Widest pass in which a head is one workgroup's. On a GPU with more cores than the model has heads a row then takes some two
 * to three times as long as with a head in four. A dispatch less is worth that for few rows: an estimate from instruction counts.
 */
const wholeWidth = 16;

/** How the rule is cut on a device, for passes of up to `width` rows. */
export function ruleForm({ software }: Pick<Gpu, "software">, headSize: number, width: number): DeltaForm {
  // A software device has no registers to save, and each barrier costs it.
  if (software && headSize <= mostInvocations) return { lanes: 1, each: 1, columns: headSize, normed: true };
  const lanes = lanesOf(headSize);
  const each = Math.min(2, lanes); // as many columns of 128 as fit a lane's registers, since they share its reads of k and q
  const whole = width <= wholeWidth && (headSize / each) * lanes <= mostInvocations;
  if (whole) return { lanes, each, columns: headSize, normed: true };
  return { lanes, each: 1, columns: Math.min((2 * workgroupSize) / lanes, headSize), normed: false };
}

/**
 * The gated delta net behind its projections as an operation of its own (NETWORK.md 5.1).
 * @param rule.stores 0: the state after the first row, or without rows after the replayed ones; K: K snapshots, newest first
 * @param rule.ring rows after which tape and gates start again
 */
export const deltaKernel = (
  h: Pick<Hyperparameters, "delta" | "epsilon">,
  { form, stores, ring }: { form: DeltaForm; stores: number; ring: number },
) => ({
  name: "gated_delta_net",
  parts: [stepShader, laneOrderShader, keyHeadShader, headShader, convolutionShader, deltaShader],
  constants: {
    ...shapeConstants(h, ring),
    STORES: u32(stores),
    LANES: u32(form.lanes),
    EACH: u32(form.each),
    COLUMNS: u32(form.columns),
    NORMED: String(form.normed),
    SCALE: f32(1 / Math.sqrt(h.delta.headSize)),
  },
});
