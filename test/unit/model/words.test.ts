import { expect, test } from "vitest";
import {
  acceptanceBuckets,
  draftWords,
  greedy,
  maxEndIds,
  maxRows,
  readRecord,
  recordBytes,
  samplingWords,
  stepState,
  stepWords,
} from "../../../engine/model/index.ts";

const floats = (words: Uint32Array<ArrayBuffer>): Float32Array => new Float32Array(words.buffer);

// What the shaders declare, as numbers: a change of a struct is meant to show here.
test("the step state is six words and the ids of the rows", () => {
  const words = stepWords(9, [5, 6], { slot: 1, to: 2, replay: 3, budget: 4 });
  expect([...words.subarray(0, 9)]).toEqual([9, 2, 1, 2, 3, 4, 5, 6, 0]);
  expect([words.length, stepState.at("tokens"), maxRows]).toEqual([70, 6, 64]);
  expect(() => stepWords(0, new Array<number>(maxRows + 1).fill(0))).toThrow(
    "a pass has at most 64 rows, got 65",
  );
});

test("sampling is six words and the ids that end generation, as many as there is room for", () => {
  const ends = Array.from({ length: 20 }, (_, i) => 100 + i);
  const words = samplingWords(
    { ...greedy, temperature: 0.5, topK: 40, topP: 0.9, minP: 0.1, seed: -1 },
    ends,
  );
  expect([...words.subarray(0, 2), ...words.subarray(5)]).toEqual([
    2 ** 32 - 1,
    40,
    16,
    ...ends.slice(0, maxEndIds),
  ]);
  expect([...floats(words).subarray(2, 5)]).toEqual([0.5, 0.9, 0.1].map(Math.fround));
});

test("the limits of a chain are three words, then cuts, rates of acceptance, and the tail with its confidence", () => {
  const tail = { ids: [7, 8], confidence: [0.5, 0.25], agree: 1 };
  const acceptance = new Array<number>(acceptanceBuckets).fill(1);
  const words = draftWords({ most: 3, cut: [0.75], acceptance, tail });
  expect(words).toHaveLength(3 + maxRows + acceptanceBuckets + 2 * maxRows);
  expect([...words.subarray(0, 3), ...words.subarray(83, 86)]).toEqual([3, 1, 2, 7, 8, 0]);
  expect(
    [...floats(words)].filter((_, i) => i === 3 || i === 4 || i === 67 || (i >= 147 && i < 150)),
  ).toEqual([0.75, 0, 1, 0.5, 0.25, 0]);
  expect(draftWords({ most: 3, cut: [], acceptance })[1]).toBe(0);
});

test("a record is four words and three a draw", () => {
  expect(recordBytes(2)).toBe(40);
  const bits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const words = Uint32Array.of(2, 30, 1, 99, 5, bits(-0.5), bits(0.75), 6, bits(-1), 0);
  expect(readRecord(words)).toEqual({
    draws: [
      { token: 5, position: 30, logProbability: -0.5 },
      { token: 6, position: 31, logProbability: -1 },
    ],
    drafted: 1,
    rejected: 99,
    confidence: [0.75],
  });
  expect(readRecord(words.with(0, 0))).toBeUndefined();
  expect(() => readRecord(words.with(5, bits(Number.NaN)))).toThrow(
    "The logits at position 30 are not finite",
  );
});
