import { ceilDiv } from "../../../engine/gpu/index.ts";
import { type DeltaStrides, deltaColumns, deltaKernel } from "../../../engine/model/index.ts";
import { deltaRule, l2Norm } from "../../reference/formulas.ts";
import type { Random } from "../../reference/random.ts";
import { uniforms } from "./inputs.ts";
import { poison, type TestBed } from "./test_bed.ts";

/** Shape of the operation of NETWORK.md 5.1. */
export interface DeltaShape {
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly headSize: number;
  readonly tokens: number;
  readonly sequences: number;
  readonly snapshots: number;
  /** The v heads of one head of q and k are neighbours. */
  readonly grouped?: boolean;
  /** q, k and v are stored [S, T, H, B] instead of [S, H, T, B]. */
  readonly permuted?: boolean;
}

/** q and k [S, Hk, T, B], v [S, Hv, T, B], g and β [Hv, T, B], the state [k, v, Hv, B], k fastest. */
export interface DeltaInputs {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly g: Float32Array;
  readonly beta: Float32Array;
  readonly state: Float32Array;
}

/** Numbers as ggml's operator test draws them. */
export function deltaInputs(s: DeltaShape, random: Random): DeltaInputs {
  const heads = (count: number) =>
    Float32Array.from(
      Array.from({ length: count }, () => l2Norm(uniforms(s.headSize, random, -1, 1), 1e-6)).flatMap(
        (row) => [...row],
      ),
    );
  const rows = s.tokens * s.sequences;
  return {
    q: heads(s.keyHeads * rows),
    k: heads(s.keyHeads * rows),
    v: uniforms(s.headSize * s.valueHeads * rows, random, -0.3, 5),
    g: uniforms(s.valueHeads * rows, random, -20, -1e-4),
    beta: uniforms(s.valueHeads * rows, random, 0, 1),
    state: uniforms(s.headSize ** 2 * s.valueHeads * s.sequences, random, -1, 1),
  };
}

export interface DeltaOutputs {
  /** [S, Hv, T, B] */
  readonly out: Float64Array;
  /** min(T, K) slots [k, v, Hv, B], the newest first. */
  readonly slots: Float64Array;
}

/** The recurrence in f64, with the head of q and k being h mod Hk, or where they are grouped h div (Hv / Hk). */
export function deltaReference(s: DeltaShape, { q, k, v, g, beta, state }: DeltaInputs): DeltaOutputs {
  const { headSize: d, keyHeads, valueHeads, tokens, sequences } = s;
  const kept = Math.min(tokens, s.snapshots);
  const slotSize = d * d * valueHeads * sequences;
  const out = new Float64Array(d * valueHeads * tokens * sequences);
  const slots = new Float64Array(kept * slotSize);
  for (let b = 0; b < sequences; b++) {
    for (let h = 0; h < valueHeads; h++) {
      const matrix = (b * valueHeads + h) * d * d;
      const current = transposed(state.subarray(matrix, matrix + d * d), d);
      for (let t = 0; t < tokens; t++) {
        const row = b * tokens + t;
        const keyHead = s.grouped ? Math.floor(h / (valueHeads / keyHeads)) : h % keyHeads;
        const qk = (row * keyHeads + keyHead) * d;
        const at = row * valueHeads + h;
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
  }
  return { out, slots };
}

function transposed(matrix: ArrayLike<number>, size: number): Float64Array {
  return Float64Array.from(
    { length: size * size },
    (_, i) => matrix[(i % size) * size + Math.floor(i / size)]!,
  );
}

const mostTokens = 256;

/**
 * Where q, k and v lie: heads side by side and then tokens, or permuted, tokens and then heads. Room for the same
 * number of tokens always, so that shapes which differ in T alone share a compiled kernel.
 */
function stridesOf({ keyHeads, valueHeads, headSize, permuted }: DeltaShape): DeltaStrides {
  const heads = 2 * keyHeads + valueHeads;
  const sequence = heads * headSize * mostTokens;
  const strides = permuted
    ? { head: headSize * mostTokens, token: headSize, sequence }
    : { head: headSize, token: headSize * heads, sequence };
  return { q0: 0, k0: keyHeads * strides.head, v0: 2 * keyHeads * strides.head, qk: strides, v: strides };
}

/** Lays q, k and v out by the strides, with poison between. */
function mixedOf(s: DeltaShape, strides: DeltaStrides, { q, k, v }: DeltaInputs): Uint32Array {
  const { headSize, keyHeads, valueHeads, tokens, sequences } = s;
  const words = new Uint32Array(sequences * strides.v.sequence).fill(poison);
  const floats = new Float32Array(words.buffer);
  for (const [values, heads, start] of [
    [q, keyHeads, strides.q0],
    [k, keyHeads, strides.k0],
    [v, valueHeads, strides.v0],
  ] as const) {
    for (let row = 0; row < sequences * tokens; row++) {
      const place = start + Math.floor(row / tokens) * strides.v.sequence + (row % tokens) * strides.v.token;
      for (let head = 0; head < heads; head++) {
        const from = (row * heads + head) * headSize;
        floats.set(values.subarray(from, from + headSize), place + head * strides.v.head);
      }
    }
  }
  return words;
}

/** g and β by token, with room for as many tokens as q, k and v have, and poison there. */
function gatesOf({ valueHeads, tokens, sequences }: DeltaShape, { g, beta }: DeltaInputs): Uint32Array {
  const words = new Uint32Array(2 * valueHeads * mostTokens * sequences).fill(poison);
  const floats = new Float32Array(words.buffer);
  for (let row = 0; row < sequences * tokens; row++) {
    const place = Math.floor(row / tokens) * mostTokens + (row % tokens);
    for (let h = 0; h < valueHeads; h++) {
      const from = row * valueHeads + h;
      floats.set([g[from]!, beta[from]!], 2 * (place * valueHeads + h));
    }
  }
  return words;
}

/**
 * Runs the kernel with the initial state in slot `input`, the other slots poisoned. Returns the scores and all slots
 * (as many as snapshots, or as it takes to hold the input).
 */
export async function runDelta(
  bed: TestBed,
  s: DeltaShape,
  inputs: DeltaInputs,
  input = 0,
  lanes = Math.min(4, s.headSize / 4),
): Promise<{ out: Float32Array; slots: Float32Array }> {
  const { state } = inputs;
  const strides = stridesOf(s);
  const mixed = bed.upload(mixedOf(s, strides, inputs));
  const gates = bed.upload(gatesOf(s, inputs));
  const slots = bed.poisoned(Math.max(s.snapshots, input + 1) * state.length);
  bed.gpu.device.queue.writeBuffer(slots, input * state.byteLength, Float32Array.from(state));
  const out = bed.poisoned(inputs.v.length);
  bed.setStep(0, s.tokens, { slot: input });
  const groups = ceilDiv(s.valueHeads * s.headSize, deltaColumns(s.headSize, lanes));
  await bed.run((to) =>
    to.dispatch(
      deltaKernel({ grouped: false, ...s, lanes, stores: s.snapshots, ring: mostTokens, strides }),
      { mixed, gates, slots, out, step: bed.step },
      [groups, 1, s.sequences],
    ),
  );
  return { out: await bed.floats(out), slots: await bed.floats(slots) };
}
