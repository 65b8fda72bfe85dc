import { type DeltaForm, deltaKernel, ruleForm } from "../../../engine/model/index.ts";
import { deltaRule, l2Norm, rmsNorm, silu } from "../../reference/formulas.ts";
import type { Random } from "../../reference/random.ts";
import { normals, uniforms } from "./inputs.ts";
import { fromLaneOrder } from "./lane_rows.ts";
import { shapes } from "./layers.ts";
import { poison, type TestBed } from "./test_bed.ts";

/** Shape of the operation of NETWORK.md 5.1. */
export interface DeltaShape {
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly headSize: number;
  readonly tokens: number;
  readonly snapshots: number;
  /** The v heads of one head of q and k are neighbours. */
  readonly grouped?: boolean;
}

/** q and k [S, Hk, T], v [S, Hv, T], g and β [Hv, T], the state [k, v, Hv], k fastest. */
export interface DeltaInputs {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly g: Float32Array;
  readonly beta: Float32Array;
  readonly state: Float32Array;
}

/**
 * By which v and the state of ggml's numbers are divided, as SiLU yields nothing below −0.278. The rule is linear in the two
 * together, so results are divided by it too, and by a power of two exactly.
 */
export const smaller = 16;

/** Numbers as ggml's operator test draws them, v and the state divided by `smaller`. */
export function deltaInputs(s: DeltaShape, random: Random): DeltaInputs {
  const heads = (count: number) =>
    Float32Array.from(
      Array.from({ length: count }, () => l2Norm(uniforms(s.headSize, random, -1, 1), 1e-6)).flatMap(
        (row) => [...row],
      ),
    );
  return {
    q: heads(s.keyHeads * s.tokens),
    k: heads(s.keyHeads * s.tokens),
    v: uniforms(s.headSize * s.valueHeads * s.tokens, random, -0.3 / smaller, 5 / smaller),
    g: uniforms(s.valueHeads * s.tokens, random, -20, -1e-4),
    beta: uniforms(s.valueHeads * s.tokens, random, 0, 1),
    state: uniforms(s.headSize ** 2 * s.valueHeads, random, -1 / smaller, 1 / smaller),
  };
}

export interface DeltaOutputs {
  /** [S, Hv, T] */
  readonly out: Float64Array;
  /** min(T, K) slots [k, v, Hv], the newest first. */
  readonly slots: Float64Array;
}

/** The recurrence in f64, with the head of q and k being h mod Hk, or where they are grouped h div (Hv / Hk). */
export function deltaReference(s: DeltaShape, { q, k, v, g, beta, state }: DeltaInputs): DeltaOutputs {
  const { headSize: d, keyHeads, valueHeads, tokens } = s;
  const kept = Math.min(tokens, s.snapshots);
  const slotSize = d * d * valueHeads;
  const out = new Float64Array(d * valueHeads * tokens);
  const slots = new Float64Array(kept * slotSize);
  for (let h = 0; h < valueHeads; h++) {
    const matrix = h * d * d;
    const current = transposed(state.subarray(matrix, matrix + d * d), d);
    for (let t = 0; t < tokens; t++) {
      const keyHead = s.grouped ? Math.floor(h / (valueHeads / keyHeads)) : h % keyHeads;
      const qk = (t * keyHeads + keyHead) * d;
      const at = t * valueHeads + h;
      const o = deltaRule(current, {
        q: q.subarray(qk, qk + d),
        k: k.subarray(qk, qk + d),
        v: v.subarray(at * d, (at + 1) * d),
        g: g[at]!,
        beta: beta[at]!,
      });
      out.set(o, at * d);
      const slot = tokens - 1 - t;
      if (slot < kept) slots.set(transposed(current, d), slot * slotSize + matrix);
    }
  }
  return { out, slots };
}

function transposed(matrix: ArrayLike<number>, size: number): Float64Array {
  return Float64Array.from(
    { length: size * size },
    (_, i) => matrix[(i % size) * size + Math.floor(i / size)]!,
  );
}

/** The tape's length in these tests: for as many rows as ggml's cases have, one kernel for all. */
export const testRing = 260;

/** What the kernel reads, such that its convolution, norms and gates yield the inputs: of each row its place in the tape first. */
export interface DeltaRows {
  /** [C, ring] */
  readonly tape: Uint32Array<ArrayBuffer>;
  /** [2, HV, ring] gates of replayed rows */
  readonly gates: Uint32Array<ArrayBuffer>;
  /** [4, C] */
  readonly w: Float32Array;
  /** [STRIDE, T] */
  readonly proj: Float32Array;
  /** [2·HV + D] */
  readonly vectors: Float32Array;
}

/** The x of which silu is y, for y above −0.2. */
function siluInverse(y: number): number {
  let x = Math.max(2 * y, -0.5);
  for (let i = 0; i < 60; i++) {
    const s = 1 / (1 + Math.exp(-x));
    x -= (x * s - y) / (s * (1 + x * (1 - s)));
  }
  return x;
}

/**
 * Rows from `position − replay` on, of which the first `replay` have their gates in the ring and no others. The taps of the
 * rows before are zeros, and what lies in the tape beside the rows is no number, but for the three rows before the first.
 */
export function deltaRows(
  s: Omit<DeltaShape, "snapshots">,
  inputs: DeltaInputs,
  random: Random,
  { position, replay, ring }: { position: number; replay: number; ring: number },
): DeltaRows {
  const { keyHeads, valueHeads, headSize, tokens } = s;
  const channels = (2 * keyHeads + valueHeads) * headSize;
  const stride = valueHeads * (headSize + 2);
  const tape = new Uint32Array(channels * ring).fill(poison);
  const tapeFloats = new Float32Array(tape.buffer);
  const gates = new Uint32Array(2 * valueHeads * ring).fill(poison);
  const gateFloats = new Float32Array(gates.buffer);
  const proj = normals(stride * Math.max(1, tokens - replay), random);
  const vectors = Float32Array.from([
    ...uniforms(valueHeads, random, -2, -0.1),
    ...uniforms(valueHeads, random, -1, 1),
    ...normals(headSize, random),
  ]);
  const first = position - replay;
  for (let back = 1; back <= Math.min(3, first); back++) {
    tapeFloats.set(normals(channels, random), ((first - back) % ring) * channels);
  }
  for (let t = 0; t < tokens; t++) {
    const place = (first + t) % ring;
    const heads = (values: Float32Array, count: number, part: number) =>
      values
        .subarray(t * count * headSize, (t + 1) * count * headSize)
        .map((value) => siluInverse(value * part));
    // Any length does for q and k, as they are made unit vectors.
    const row = [
      ...heads(inputs.q, keyHeads, 1 / 8),
      ...heads(inputs.k, keyHeads, 1 / 5),
      ...heads(inputs.v, valueHeads, 1),
    ];
    tapeFloats.set(row, place * channels);
    for (let h = 0; h < valueHeads; h++) {
      const [g, beta] = [inputs.g[t * valueHeads + h]!, inputs.beta[t * valueHeads + h]!];
      if (t < replay) {
        gateFloats.set([g, beta], 2 * (place * valueHeads + h));
      } else {
        const at = (t - replay) * stride + valueHeads * headSize + h;
        proj[at] = Math.log(Math.expm1(g / vectors[h]!)) - vectors[valueHeads + h]!;
        proj[at + valueHeads] = Math.log(beta / (1 - beta));
      }
    }
  }
  const w = Float32Array.from({ length: 4 * channels }, (_, i) => (i % 4 === 3 ? 1 : 0));
  return { tape, gates, w, proj, vectors };
}

/** u of o in f64: norm and gate of each head of each row (NETWORK.md 3.4, step 7). */
export function gatedReference(
  { valueHeads, headSize }: Pick<DeltaShape, "valueHeads" | "headSize">,
  o: Float64Array,
  { proj, vectors }: Pick<DeltaRows, "proj" | "vectors">,
): Float64Array {
  const norm = vectors.subarray(2 * valueHeads);
  const u = new Float64Array(o.length);
  for (let at = 0; at < o.length; at += headSize) {
    const [t, h] = [Math.floor(at / headSize / valueHeads), (at / headSize) % valueHeads];
    const z = proj.subarray(t * valueHeads * (headSize + 2) + h * headSize);
    u.set(
      rmsNorm(o.subarray(at, at + headSize), norm, 1e-6).map((x, i) => x * silu(z[i]!)),
      at,
    );
  }
  return u;
}

/** The ways in which the kernel is cut into workgroups: a software device's, a GPU's for few rows, and for many. */
export const deltaForms = (headSize: number): readonly DeltaForm[] => [
  ruleForm({ software: true }, headSize, 1),
  ruleForm({ software: false }, headSize, 1),
  ruleForm({ software: false }, headSize, 64),
];

/**
 * Runs the kernel with the initial state in slot `input`, the other slots poisoned. Returns what it answers (o, or normed and
 * gated), its gates, and all slots (as many as snapshots, or as it takes to hold the input).
 */
export async function runDelta(
  bed: TestBed,
  s: DeltaShape,
  state: Float32Array,
  rows: DeltaRows,
  {
    form = deltaForms(s.headSize)[2]!,
    input = 0,
    to = 0,
    position = 0,
    replay = 0,
    ring = testRing,
    slotCount = Math.max(s.snapshots, input + 1),
  }: {
    form?: DeltaForm | undefined;
    input?: number;
    to?: number;
    position?: number;
    replay?: number;
    ring?: number;
    slotCount?: number;
  } = {},
): Promise<{ out: Float32Array; slots: Float32Array; gates: Float32Array }> {
  const { keyHeads, valueHeads, headSize, grouped = false } = s;
  const answered = s.tokens - replay;
  const slots = bed.poisoned(slotCount * state.length);
  bed.gpu.device.queue.writeBuffer(slots, input * state.byteLength, Float32Array.from(state));
  const out = bed.poisoned(Math.max(1, answered) * valueHeads * headSize);
  const gates = bed.upload(rows.gates);
  const h = shapes({ delta: { keyHeads, valueHeads, headSize, grouped } });
  bed.setStep(position, answered, { slot: input, to, replay });
  const buffers = {
    tape: bed.upload(rows.tape),
    w: bed.upload(rows.w),
    proj: bed.upload(rows.proj),
    vectors: bed.upload(rows.vectors),
  };
  await bed.run((to) =>
    to.dispatch(
      deltaKernel(h, { form, stores: s.snapshots, ring }),
      { ...buffers, gates, slots, out, step: bed.step },
      [(valueHeads * headSize) / form.columns],
    ),
  );
  const answers = await bed.floats(out);
  return {
    out: form.normed ? fromLaneOrder(answers, valueHeads * headSize) : answers,
    slots: await bed.floats(slots),
    gates: await bed.floats(gates),
  };
}
