import stepShader from "../../../shaders/common/step_state.wgsl";
import chunkShader from "../../../shaders/delta/delta_chunk.wgsl";
import gramShader from "../../../shaders/delta/delta_chunk_gram.wgsl";
import inputsShader from "../../../shaders/delta/delta_inputs.wgsl";
import deltaShader from "../../../shaders/delta/gated_delta_net.wgsl";
import gatedNormShader from "../../../shaders/delta/gated_norm.wgsl";
import { f32, type Grid, type PlanRecorder, u32 } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { type RecurrentLayer, tapeRows } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import type { Workspace } from "../workspace.ts";
import { type Path, recordMatmul } from "./matmul.ts";

/** Weights of a gated-delta-net mixer (model.md 2.4). */
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
  return {
    kind: "delta",
    qkv: weights.matrix(h.embedding, [[`${block}attn_qkv.weight`, channels]]),
    gates: weights.matrix(h.embedding, [
      [`${block}attn_gate.weight`, valueHeads * headSize],
      [`${block}ssm_alpha.weight`, valueHeads],
      [`${block}ssm_beta.weight`, valueHeads],
    ]),
    conv: weights.vector(`${block}ssm_conv1d.weight`, 4, channels),
    dt: weights.vector(`${block}ssm_dt.bias`, valueHeads),
    a: weights.vector(`${block}ssm_a`, valueHeads),
    norm: weights.vector(`${block}ssm_norm.weight`, headSize),
    output: weights.matrix(valueHeads * headSize, [[`${block}ssm_out.weight`, h.embedding]]),
  };
}

/**
 * Records x += DeltaNet(normed) (model.md 3.4). The row path runs the recurrence token by token, after the rows that are
 * to be replayed, and leaves what `stores` says (gated_delta_net.wgsl); the prompt path runs the chunked form, replays
 * nothing and leaves the last state.
 */
export function recordDeltaNet(
  recorder: PlanRecorder,
  path: Path,
  h: Hyperparameters,
  layer: DeltaNet,
  memory: RecurrentLayer,
  w: Workspace,
  stores: number,
): void {
  const { keyHeads, valueHeads, headSize, channels } = h.delta;
  const { tape, gates, slots } = memory;
  const stride = layer.gates.rows;
  const values = valueHeads * headSize;
  const heads = { D: u32(headSize), HK: u32(keyHeads), HV: u32(valueHeads) };
  const scale = f32(1 / Math.sqrt(headSize));

  recordMatmul(recorder, path, layer.qkv, w.step, { x: w.normed, out: tape, ring: tapeRows });
  recordMatmul(recorder, path, layer.gates, w.step, { x: w.normed, out: w.proj });
  recordInputs(recorder, h, layer, memory, w, w.step, ({ replay }) => path.width + replay);
  if (path.kind === "prompt") {
    const constants = { ...heads, C: u32(channels), RING: u32(tapeRows) };
    recorder.dispatch(
      { name: "delta_chunk_gram", parts: [stepShader, gramShader], constants },
      [w.mixed, gates, w.grams, w.step],
      [valueHeads, path.width],
    );
    recorder.dispatch(
      { name: "delta_chunk", parts: [stepShader, chunkShader], constants: { ...constants, SCALE: scale } },
      [w.mixed, gates, w.grams, slots, w.delta, w.step],
      [values / 32],
    );
  } else {
    recordRecurrence(recorder, h, memory, w, w.step, stores);
  }
  recorder.dispatch(
    {
      name: "gated_norm",
      parts: [stepShader, gatedNormShader],
      constants: { S: u32(headSize), HV: u32(valueHeads), STRIDE: u32(stride), EPS: f32(h.epsilon) },
    },
    [w.delta, layer.norm, w.proj, w.mixerOut, w.step],
    [valueHeads, path.width],
  );
  recordMatmul(recorder, path, layer.output, w.step, { x: w.mixerOut, out: w.x, accumulate: true });
}

/**
 * Records the replay of rows from the tape: `step` says from which slot, to which, and how many rows before its position.
 * The same kernels in the same order as when the rows were answered, so the state has the same bits (I2).
 */
export function recordReplay(
  recorder: PlanRecorder,
  h: Hyperparameters,
  layer: DeltaNet,
  memory: RecurrentLayer,
  w: Workspace,
  step: GPUBuffer,
): void {
  recorder.part = "replay";
  recordInputs(recorder, h, layer, memory, w, step, ({ replay }) => replay);
  recordRecurrence(recorder, h, memory, w, step, 0);
}

function recordInputs(
  recorder: PlanRecorder,
  h: Hyperparameters,
  layer: DeltaNet,
  { tape, gates }: RecurrentLayer,
  w: Workspace,
  step: GPUBuffer,
  rows: Grid,
): void {
  const { keyHeads, valueHeads, headSize, channels } = h.delta;
  const values = valueHeads * headSize;
  const source = {
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
  };
  const buffers = [tape, layer.conv, w.proj, layer.a, layer.dt, w.mixed, gates, step];
  recorder.dispatch(source, buffers, [channels / headSize, rows]);
}

function recordRecurrence(
  recorder: PlanRecorder,
  h: Hyperparameters,
  { gates, slots }: RecurrentLayer,
  w: Workspace,
  step: GPUBuffer,
  stores: number,
): void {
  const { keyHeads, valueHeads, headSize } = h.delta;
  recorder.dispatch(
    deltaKernel({ headSize, keyHeads, valueHeads, stores, ring: tapeRows, strides: stridesOf(h) }),
    [w.mixed, gates, slots, w.delta, step],
    [(valueHeads * headSize) / deltaColumns(headSize)],
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

/** Columns of a state matrix that a workgroup owns. */
export const deltaColumns = (headSize: number): number => Math.min(64, headSize);

/**
 * The gated delta rule as an operation of its own (model.md 5.1): any strides, several sequences.
 * @param shape.stores 0: the state after the rows that stand; K: so many snapshots, newest first
 * @param shape.ring rows after which the gates start again
 */
export const deltaKernel = (shape: {
  headSize: number;
  keyHeads: number;
  valueHeads: number;
  stores: number;
  ring: number;
  sequences?: number;
  strides: DeltaStrides;
}) => ({
  name: "gated_delta_net",
  parts: [stepShader, deltaShader],
  constants: {
    D: u32(shape.headSize),
    HK: u32(shape.keyHeads),
    HV: u32(shape.valueHeads),
    STORES: u32(shape.stores),
    RING: u32(shape.ring),
    SEQUENCES: u32(shape.sequences ?? 1),
    COLUMNS: u32(deltaColumns(shape.headSize)),
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
