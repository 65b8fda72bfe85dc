import { expect, test } from "vitest";
import { seededRandom } from "../../reference/random.ts";
import { expectSameBits, expectWritten, nmse } from "../support/compare.ts";
import {
  type DeltaInputs,
  type DeltaShape,
  deltaInputs,
  deltaReference,
  runDelta,
} from "../support/delta_operation.ts";
import { eachDevice } from "../support/devices.ts";
import { fixtureCases, fixtureFloats } from "../support/fixtures.ts";
import type { TestBed } from "../support/test_bed.ts";

// NMSE. ggml's operator tests allow 1e-7; f32 in this order is near 1e-14, and its exp costs a real GPU the most.
const tolerance = 1e-11;

/** Runs the operation and checks scores and snapshots; returns what the kernel left. */
async function check(bed: TestBed, s: DeltaShape, inputs: DeltaInputs, what: string, input = 0) {
  const expected = deltaReference(s, inputs);
  const isInput = (i: number) => Math.floor(i / inputs.state.length) === input;
  let got: Awaited<ReturnType<typeof runDelta>> | undefined;
  // As on software devices, and as on others, whose result is returned.
  for (const lanes of [1, Math.min(4, s.headSize / 4)]) {
    got = await runDelta(bed, s, inputs, input, lanes);
    const told = `${what}, lanes ${lanes}`;
    expectWritten(got.out, () => true, `${told}: scores`);
    expectWritten(got.slots, (i) => i < expected.slots.length || isInput(i), `${told}: slots`);
    expect(nmse(got.out, expected.out), `${told}: scores`).toBeLessThanOrEqual(tolerance);
    const written = got.slots.subarray(0, expected.slots.length);
    expect(nmse(written, expected.slots), `${told}: slots`).toBeLessThanOrEqual(tolerance);
  }
  return got!;
}

// NETWORK.md 5.3, the cases with a scalar gate: heads of q and k, size, tokens, sequences, v heads to each, layout, K.
const cases = `
  32 128   1 1 1 n 1
  32  16   1 1 1 n 1
  16  64   1 2 1 n 1
   4  64   4 1 1 n 1
   4  64   4 2 1 n 1
   8  32   4 2 2 n 1
   4  64   4 2 1 y 1
   4  64   4 1 1 y 1
   4  64  64 1 1 n 1
   4  64 127 1 1 n 1
   4  64 256 1 1 n 1
   4  64  65 1 1 n 1
   4  64 100 1 1 n 1
   4  64 200 1 1 n 1
   4  64 127 2 1 n 1
   4  16   2 1 1 n 2
   4  32   4 1 1 n 4
   4  64   4 2 1 n 4
   8 128   4 1 1 n 4
   4  32   8 1 1 n 3
   4  64  16 2 1 n 4`
  .trim()
  .split("\n")
  .map((line) => line.trim().split(/ +/));

function shapeOf([heads, size, tokens, sequences, repeat, layout, snapshots]: readonly string[]): DeltaShape {
  return {
    keyHeads: Number(heads),
    valueHeads: Number(heads) * Number(repeat),
    headSize: Number(size),
    tokens: Number(tokens),
    sequences: Number(sequences),
    snapshots: Number(snapshots),
    permuted: layout === "y",
  };
}

interface Fixture {
  readonly case: string;
  readonly S: number;
  readonly Hk: number;
  readonly Hv: number;
  readonly T: number;
  readonly seqs: number;
  readonly K_snapshots: number;
}

const small = { keyHeads: 2, valueHeads: 6, headSize: 32, tokens: 3, sequences: 1, snapshots: 4 };

eachDevice((bed, device) => {
  // Lavapipe compiles heads of 128 for 20 s, and other sizes for 1 to 6: there, the vectors are the case of that size.
  for (const [index, columns] of cases.entries()) {
    if (device === "lavapipe" && columns[1] === "128") continue;
    test(`case ${index + 1} of ggml's: ${columns.join(" ")}`, async () => {
      const seed = 800 + index;
      const s = shapeOf(columns);
      await check(bed(), s, deltaInputs(s, seededRandom(seed)), `seed ${seed}`);
    });
  }

  test("three v heads to a q head are h mod Hk; slots past the tokens are left alone", async () => {
    const seed = 831;
    await check(bed(), small, deltaInputs(small, seededRandom(seed)), `seed ${seed}`);
  });

  test("where they are grouped, h div 3", async () => {
    const seed = 835;
    const s = { ...small, grouped: true };
    await check(bed(), s, deltaInputs(s, seededRandom(seed)), `seed ${seed}`);
  });

  test("weak gates keep the state for 200 tokens", async () => {
    const seed = 834;
    const s = { ...small, tokens: 200 };
    const inputs = deltaInputs(s, seededRandom(seed));
    await check(bed(), s, { ...inputs, g: inputs.g.map((g) => g / 2_000) }, `seed ${seed}`);
  });

  test("any slot may hold the input, one that is written too, with the same bits", async () => {
    const seed = 832;
    const inputs = deltaInputs(small, seededRandom(seed));
    const first = await check(bed(), small, inputs, `seed ${seed}, slot 0`);
    for (const input of [1, 2, 3, 5]) {
      const other = await check(bed(), small, inputs, `seed ${seed}, slot ${input}`, input);
      expectSameBits(other.out, first.out, `seed ${seed}, slot ${input}`);
      const written = 3 * inputs.state.length;
      expectSameBits(
        other.slots.subarray(0, written),
        first.slots.subarray(0, written),
        `seed ${seed}, slot ${input}`,
      );
    }
  });

  test("a batch of 16 tokens is bit-equal to 16 passes of one (I3)", async () => {
    const seed = 833;
    const s = { ...small, tokens: 16 };
    const inputs = deltaInputs(s, seededRandom(seed));
    const together = await runDelta(bed(), s, inputs);
    let state = inputs.state;
    for (let t = 0; t < s.tokens; t++) {
      const row = (values: Float32Array, size: number) => values.subarray(t * size, (t + 1) * size);
      const alone = await runDelta(
        bed(),
        { ...s, tokens: 1 },
        {
          q: row(inputs.q, s.keyHeads * s.headSize),
          k: row(inputs.k, s.keyHeads * s.headSize),
          v: row(inputs.v, s.valueHeads * s.headSize),
          g: row(inputs.g, s.valueHeads),
          beta: row(inputs.beta, s.valueHeads),
          state,
        },
      );
      expectSameBits(alone.out, row(together.out, s.valueHeads * s.headSize), `seed ${seed}, token ${t}`);
      state = alone.slots.slice(0, inputs.state.length);
      const slot = s.tokens - 1 - t;
      if (slot >= s.snapshots) continue;
      const at = slot * state.length;
      expectSameBits(state, together.slots.subarray(at, at + state.length), `seed ${seed}, slot ${slot}`);
    }
  });

  test("no tokens: nothing is written", async () => {
    const inputs = deltaInputs(small, seededRandom(1));
    const { out, slots } = await runDelta(bed(), { ...small, tokens: 0 }, inputs);
    expectWritten(out, () => false, "scores");
    expectSameBits(slots.subarray(0, inputs.state.length), inputs.state, "the input");
    expectWritten(slots.subarray(inputs.state.length), () => false, "slots");
  });

  test("the worked example of three tokens by two dims gives its printed digits", async () => {
    // Padded to four dims, so the scale is 1/2 where the example has 1/√2.
    const pad = (...pairs: number[]) =>
      Float32Array.from({ length: 2 * pairs.length }, (_, i) =>
        i % 4 < 2 ? pairs[(i >> 2) * 2 + (i % 4)]! : 0,
      );
    const inputs: DeltaInputs = {
      q: pad(0.6, 0.8, 1, 0, 0, -1),
      k: pad(0.8, -0.6, 0.6, 0.8, -1, 0),
      v: pad(1, 2, -1, 0.5, 0.25, -0.75),
      g: Float32Array.of(-0.1, -0.5, -2),
      beta: Float32Array.of(0.9, 0.5, 0.25),
      state: Float32Array.of(0.1, 0.3, 0, 0, -0.2, 0.4, ...new Array<number>(10).fill(0)),
    };
    const s = { keyHeads: 1, valueHeads: 1, headSize: 4, tokens: 3, sequences: 1, snapshots: 3 };
    const { out, slots } = await check(bed(), s, inputs, "example");
    const near = (actual: number[], expected: number[]) => {
      for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6);
    };
    const scores = [0, 1, 4, 5, 8, 9].map((i) => out[i]! * Math.SQRT2);
    near(scores, [0.191945, 0.1279633, 0.1284846, 0.7345219, 0.0630043, 0.038085]);
    const slot = (s: number) => [0, 1, 4, 5].map((i) => slots[16 * s + i]!);
    near(slot(0), [-0.0440567, -0.0891015, 0.2929368, -0.0538603]);
    near(slot(1), [0.1817046, -0.6583763, 1.0387709, -0.3979767]);
    near(slot(2), [0.875632, -0.31741, 1.5196257, -0.9135099]);
  });

  for (const fixture of fixtureCases<Fixture>("op_gdn")) {
    test(`${fixture.case}: what llama.cpp's operator returns`, async () => {
      const floats = (part: string) => fixtureFloats("op_gdn", `${fixture.case}.${part}`);
      const s: DeltaShape = {
        keyHeads: fixture.Hk,
        valueHeads: fixture.Hv,
        headSize: fixture.S,
        tokens: fixture.T,
        sequences: fixture.seqs,
        snapshots: fixture.K_snapshots,
      };
      const { out, slots } = await runDelta(bed(), s, {
        q: floats("q"),
        k: floats("k"),
        v: floats("v"),
        g: floats("g"),
        beta: floats("beta"),
        state: floats("s0"),
      });
      expect(nmse(out, floats("attn"))).toBeLessThanOrEqual(tolerance);
      expect(nmse(slots, floats("state"))).toBeLessThanOrEqual(tolerance);
    });
  }
});
