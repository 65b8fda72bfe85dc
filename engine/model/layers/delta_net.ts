import stepShader from "../../../shaders/common/step_state.wgsl";
import chunkShader from "../../../shaders/delta/delta_chunk.wgsl";
import gramShader from "../../../shaders/delta/delta_chunk_gram.wgsl";
import inputsShader from "../../../shaders/delta/delta_inputs.wgsl";
import deltaShader from "../../../shaders/delta/gated_delta_net.wgsl";
import gatedNormShader from "../../../shaders/delta/gated_norm.wgsl";
import keyHeadShader from "../../../shaders/delta/key_head.wgsl";
import { f32, type Gpu, u32, workgroupSize } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass, Path } from "../pass.ts";
import type { MatrixRows } from "../runs.ts";
import { type RecurrentLayer, tapeRows } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import { type ProductInput, recordMatmul } from "./matmul.ts";

/** Weights of a gated-delta-net mixer (NETWORK.md 2.4). */
export interface DeltaNet {
  readonly kind: "delta";
  readonly qkv: Matrix;
  /** z, then α, then β. */
  readonly gates: Matrix;
  /** [4, C] */
  readonly conv: GPUBuffer;
  readonly dt: GPUBuffer;
  readonly a: GPUBuffer;
  readonly norm: GPUBuffer;
  readonly output: Matrix;
}

export function loadDeltaNet(weights: Weights, h: Hyperparameters, block: string): DeltaNet {
  const { valueHeads, headSize, channels } = h.delta;
  const { qkv, z, gates } = projections(weights, h, block);
  return {
    kind: "delta",
    qkv: weights.matrix(h.embedding, qkv),
    gates: weights.matrix(h.embedding, [...z, ...gates]),
    conv: weights.vector(`${block}ssm_conv1d.weight`, 4, channels),
    dt: weights.vector(`${block}ssm_dt.bias`, valueHeads),
    a: weights.vector(`${block}ssm_a`, valueHeads),
    norm: weights.vector(`${block}ssm_norm.weight`, headSize),
    output: weights.matrix(valueHeads * headSize, [[`${block}ssm_out.weight`, h.embedding]]),
  };
}

/**
 * Which rows of which tensors make q, k and v, then z, then α and β. Files of Qwen3-Next join projections, key head by key
 * head: in `ssm_ba` β and α of its value heads, in `ssm_in` of older files q, k, and v and z of its value heads.
 */
function projections(weights: Weights, { delta }: Hyperparameters, block: string) {
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
  return {
    qkv: isJoined
      ? [input(0, headSize), input(headSize, headSize), input(2 * headSize, values)]
      : [whole("attn_qkv", channels)],
    z: [isJoined ? input(2 * headSize + values, values) : whole("attn_gate", valueHeads * headSize)],
    gates: weights.has(at("ssm_ba"))
      ? [gate(perKey), gate(0)]
      : [whole("ssm_alpha", valueHeads), whole("ssm_beta", valueHeads)],
  };
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
  const { recorder, h, workspace: w, step, width } = pass;
  const { valueHeads, headSize } = h.delta;
  recordMatmul(pass, layer.qkv, { ...input, out: memory.tape, ring: tapeRows });
  recordMatmul(pass, layer.gates, { ...input, out: w.proj });
  recordInputs(pass, layer, memory);
  if (pass.kind === "prompt") recordChunk(pass, memory);
  else recordDeltaRule(pass, ruleBuffers(pass, memory));
  recorder.dispatch(
    {
      name: "gated_norm",
      parts: [stepShader, gatedNormShader],
      constants: {
        S: u32(headSize),
        HV: u32(valueHeads),
        STRIDE: u32(layer.gates.rows),
        EPS: f32(h.epsilon),
      },
    },
    { o: w.delta, w: layer.norm, proj: w.proj, u: w.mixerOut, step },
    [valueHeads, width],
  );
  recordMatmul(pass, layer.output, { x: w.mixerOut, out: w.x, accumulate: true });
}

/**
 * Records the replay of rows from the tape, as a pass of no rows: its step state says from which slot, to which, and how many
 * rows before its position. The same kernels in the same order as when the rows first ran, so the state has the same bits
 * (I2).
 */
export function recordReplay(
  pass: Omit<Pass, keyof Path | "stores">,
  layer: DeltaNet,
  memory: RecurrentLayer,
): void {
  pass.recorder.part = "replay";
  recordInputs({ ...pass, width: 0 }, layer, memory);
  recordDeltaRule({ ...pass, stores: 0 }, ruleBuffers(pass, memory));
}

function recordInputs(
  { recorder, h, workspace: w, step, width }: Omit<Pass, "kind" | "stores">,
  layer: DeltaNet,
  memory: RecurrentLayer,
): void {
  const { keyHeads, valueHeads, headSize, channels } = h.delta;
  const values = valueHeads * headSize;
  recorder.dispatch(
    {
      name: "delta_inputs",
      parts: [stepShader, inputsShader],
      constants: {
        C: u32(channels),
        S: u32(headSize),
        HV: u32(valueHeads),
        QK_HEADS: u32(2 * keyHeads),
        RING: u32(tapeRows),
        STRIDE: u32(layer.gates.rows),
        ALPHA: u32(values),
        BETA: u32(values + valueHeads),
        EPS: f32(h.epsilon),
      },
    },
    {
      tape: memory.tape,
      w: layer.conv,
      proj: w.proj,
      a: layer.a,
      dt: layer.dt,
      mixed: w.mixed,
      gates: memory.gates,
      step,
    },
    [channels / headSize, ({ replay }) => width + replay],
  );
}

/** Records the delta rule for a piece of a prompt at once (NETWORK.md 3.5). */
function recordChunk(
  { recorder, h, workspace: w, step, width }: Pass,
  { gates, slots }: RecurrentLayer,
): void {
  const { keyHeads, valueHeads, headSize, channels, grouped } = h.delta;
  const { mixed, grams, delta: out } = w;
  const lanes = lanesOf(headSize);
  const columns = deltaColumns(headSize, lanes);
  const constants = {
    D: u32(headSize),
    HK: u32(keyHeads),
    HV: u32(valueHeads),
    GROUPED: String(grouped),
    C: u32(channels),
    RING: u32(tapeRows),
  };
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

/** What the delta rule reads and writes, beside the step state. */
type DeltaRuleBuffers = Readonly<Record<"mixed" | "gates" | "slots" | "out", GPUBuffer>>;

const ruleBuffers = (
  { workspace }: Pick<Pass, "workspace">,
  { gates, slots }: RecurrentLayer,
): DeltaRuleBuffers => ({
  mixed: workspace.mixed,
  gates,
  slots,
  out: workspace.delta,
});

/** Records the delta rule token by token. @param ring rows after which the gates start again */
export function recordDeltaRule(
  { recorder, h, step, stores }: Pick<Pass, "recorder" | "h" | "step" | "stores">,
  buffers: DeltaRuleBuffers,
  ring = tapeRows,
): void {
  const { keyHeads, valueHeads, headSize, grouped } = h.delta;
  const lanes = ruleLanes(recorder.gpu, headSize);
  recorder.dispatch(
    deltaKernel({ headSize, keyHeads, valueHeads, grouped, lanes, stores, ring, strides: stridesOf(h) }),
    { ...buffers, step },
    [(valueHeads * headSize) / deltaColumns(headSize, lanes)],
  );
}

/** Where q, k and v lie in the buffer that the delta rule reads, in floats. */
export interface DeltaStrides {
  readonly q0: number;
  readonly k0: number;
  readonly v0: number;
  readonly qk: { readonly head: number; readonly token: number; readonly sequence: number };
  readonly v: { readonly head: number; readonly token: number; readonly sequence: number };
}

function stridesOf(h: Hyperparameters): DeltaStrides {
  const { keyHeads, headSize, channels } = h.delta;
  const strides = { head: headSize, token: channels, sequence: 0 };
  return { q0: 0, k0: keyHeads * headSize, v0: 2 * keyHeads * headSize, qk: strides, v: strides };
}

/**
 * Invocations that own one column of a state matrix: a whole column of 128 would take half of the registers that a GPU has for
 * one.
 */
const lanesOf = (headSize: number): number => Math.min(4, headSize / 4);

/** The same for the rule token by token. A software device has no registers to save, and each barrier of a token costs it. */
const ruleLanes = ({ software }: Gpu, headSize: number): number => (software ? 1 : lanesOf(headSize));

/** Columns of a state matrix that a workgroup owns. */
export const deltaColumns = (headSize: number, lanes: number): number =>
  Math.min(workgroupSize / lanes, headSize);

/**
 * The gated delta rule as an operation of its own (NETWORK.md 5.1): any strides, several sequences.
 * @param shape.stores 0: the state after the first row, or without rows after the replayed ones; K: K snapshots, newest first
 * @param shape.lanes invocations that own one column
 * @param shape.ring rows after which the gates start again
 */
export const deltaKernel = (shape: {
  headSize: number;
  keyHeads: number;
  valueHeads: number;
  grouped: boolean;
  lanes: number;
  stores: number;
  ring: number;
  sequences?: number;
  strides: DeltaStrides;
}) => ({
  name: "gated_delta_net",
  parts: [stepShader, keyHeadShader, deltaShader],
  constants: {
    D: u32(shape.headSize),
    HK: u32(shape.keyHeads),
    HV: u32(shape.valueHeads),
    GROUPED: String(shape.grouped),
    STORES: u32(shape.stores),
    RING: u32(shape.ring),
    SEQUENCES: u32(shape.sequences ?? 1),
    COLUMNS: u32(deltaColumns(shape.headSize, shape.lanes)),
    LANES: u32(shape.lanes),
    SCALE: f32(1 / Math.sqrt(shape.headSize)),
    Q0: u32(shape.strides.q0),
    K0: u32(shape.strides.k0),
    V0: u32(shape.strides.v0),
    QK_HEAD: u32(shape.strides.qk.head),
    QK_TOKEN: u32(shape.strides.qk.token),
    QK_SEQUENCE: u32(shape.strides.qk.sequence),
    V_HEAD: u32(shape.strides.v.head),
    V_TOKEN: u32(shape.strides.v.token),
    V_SEQUENCE: u32(shape.strides.v.sequence),
  },
});
