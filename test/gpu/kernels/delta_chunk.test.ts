import { expect, test } from "vitest";
import type { Hyperparameters } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { deltaScene, runDeltaLayer } from "../support/delta_layer.ts";
import { type DeltaInputs, deltaReference } from "../support/delta_operation.ts";
import { eachDevice } from "../support/devices.ts";
import { shapes } from "../support/layers.ts";

// Each of up to 64 substitutions and D products rounds; with unit q and k they do not grow.
const tolerance = 3e-6;

/** q, k, v, g and β as the kernels read them, for the recurrence in f64. */
function inputsOf(
  h: Hyperparameters,
  rows: number,
  mixed: Float32Array,
  gates: Float32Array,
  state: Float32Array,
): DeltaInputs {
  const { keyHeads, valueHeads, headSize, channels } = h.delta;
  const part = (from: number, heads: number) =>
    mixed.filter(
      (_, i) => i < rows * channels && i % channels >= from && i % channels < from + heads * headSize,
    );
  return {
    q: part(0, keyHeads),
    k: part(keyHeads * headSize, keyHeads),
    v: part(2 * keyHeads * headSize, valueHeads),
    g: gates.filter((_, i) => i % 2 === 0).slice(0, rows * valueHeads),
    beta: gates.filter((_, i) => i % 2 === 1).slice(0, rows * valueHeads),
    state,
  };
}

eachDevice((bed) => {
  for (const [headSize, keyHeads, valueHeads, grouped] of [
    [64, 2, 2, false],
    [128, 1, 2, false],
    [64, 2, 6, false],
    [64, 2, 6, true],
  ] as const) {
    const h = shapes({ delta: { headSize, keyHeads, valueHeads, grouped } });
    for (const rows of grouped ? [5, 64] : [1, 5, 63, 64]) {
      test(`a chunk of ${rows}, heads of ${headSize}, ${valueHeads} on ${keyHeads}${grouped ? " in groups" : ""}: the recurrence token by token`, async () => {
        const seed = 900 + rows;
        const s = deltaScene(h, { position: 77, rows }, seededRandom(seed));
        const { mixed, gates, grams, delta, slots } = await runDeltaLayer(bed(), "prompt", s);
        const size = s.state.length;
        expectWritten(delta, (i) => i < rows * valueHeads * headSize, `seed ${seed}, out`);
        expectWritten(slots.subarray(0, 2 * size), (i) => i < size, `seed ${seed}, slots`);
        expectSameBits(slots.subarray(2 * size), s.state, `seed ${seed}, the slot it started from`);
        expectWritten(
          grams,
          (i) => {
            const [j, row] = [Math.floor(i / 2) % 64, Math.floor(i / 128) % 64];
            return i < 2 * 64 * 64 * valueHeads && row < rows && j <= row;
          },
          `seed ${seed}, grams`,
        );

        const shape = { keyHeads, valueHeads, headSize, tokens: rows, sequences: 1, snapshots: 1, grouped };
        const expected = deltaReference(shape, inputsOf(h, rows, mixed, gates, s.state));
        // By head, since a strong gate makes small numbers.
        for (let head = 0; head < valueHeads; head++) {
          const isHead = (_: number, i: number) => Math.floor(i / headSize) % valueHeads === head;
          const what = `seed ${seed}, head ${head}`;
          expectClose(
            delta.filter(isHead).slice(0, rows * headSize),
            expected.out.filter(isHead),
            tolerance,
            `${what}, out`,
          );
          const [from, to] = [head * headSize ** 2, (head + 1) * headSize ** 2];
          expectClose(
            slots.subarray(from, to),
            expected.slots.subarray(from, to),
            tolerance,
            `${what}, state`,
          );
        }
      });
    }
  }

  test("the state may be written where it was read, with the same bits", async () => {
    const seed = 990;
    const h = shapes({ delta: { headSize: 64, keyHeads: 2, valueHeads: 6 } });
    const s = deltaScene(h, { position: 200, rows: 29 }, seededRandom(seed));
    const apart = await runDeltaLayer(bed(), "prompt", s);
    const inPlace = await runDeltaLayer(bed(), "prompt", { ...s, slot: 0 });
    expectSameBits(inPlace.delta, apart.delta, `seed ${seed}`);
    const size = s.state.length;
    expectSameBits(inPlace.slots.subarray(0, size), apart.slots.subarray(0, size), `seed ${seed}`);
  });

  test("a chunk of no rows leaves the state where it is", async () => {
    const h = shapes({ delta: { headSize: 64, keyHeads: 2, valueHeads: 6 } });
    const s = deltaScene(h, { position: 200, rows: 0 }, seededRandom(991));
    const { mixed, gates, grams, delta, out, slots } = await runDeltaLayer(bed(), "prompt", s);
    for (const buffer of [mixed, gates, grams, delta, out]) expectWritten(buffer, () => false, "no rows");
    expectWritten(slots.subarray(0, 2 * s.state.length), () => false, "no rows, slots");
    expect(slots.subarray(2 * s.state.length)).toEqual(s.state);
  });
});
