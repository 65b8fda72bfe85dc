import { expect, test } from "vitest";
import { type Draw, greedy, maxEndIds, type Sampling } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { eachDevice } from "../support/devices.ts";
import { prepareDraw } from "../support/draws.ts";
import { normals } from "../support/inputs.ts";
import { gumbelDraw, hash, logProbability } from "../support/sampling_reference.ts";
import type { TestBed } from "../support/test_bed.ts";

const vocabulary = 9_001; // three chunks, the last of 809 ids

const plain: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 0 };

/** [position, rows, slot, budget, first token] */
/** Position, rows, slot, budget and the first id of the step state. */
const stepOf = async (bed: TestBed) => {
  const words = await bed.words(bed.step);
  return [0, 1, 2, 5, 6].map((word) => words[word]);
};

const tokensOf = (draws: readonly (Draw | undefined)[]) => draws.map((draw) => draw?.token);

eachDevice((bed) => {
  test("greedy draws the highest logit, with its log-probability, and makes the next pass", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: false });
    drawing.set(greedy);
    for (const [seed, deviation] of [
      [1200, 3],
      [1201, 0.01],
      [1202, 40],
    ] as const) {
      const logits = normals(vocabulary, seededRandom(seed), deviation);
      drawing.setLogits(logits);
      bed().setStep(72, 1, { slot: 2, budget: 9 });
      const [draw] = await drawing.draw(1);
      const token = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
      expect(draw, `seed ${seed}`).toMatchObject({ token, position: 73 });
      expect(Math.abs(draw!.logProbability - logProbability(logits, token)), `seed ${seed}`).toBeLessThan(
        1e-5,
      );
      expect(await stepOf(bed()), `seed ${seed}`).toEqual([73, 1, 0, 8, token]);
    }
  });

  for (const sampled of [false, true])
    test(`of masked logits only allowed ids are drawn, and the others have no part in the normaliser, ${sampled ? "sampled" : "greedily"}`, async () => {
      const drawing = await prepareDraw(bed(), vocabulary, { sampled, masked: true });
      const random = seededRandom(1215);
      for (const share of [0.5, 0.01, 1 / vocabulary, 1]) {
        const logits = normals(vocabulary, random, 3);
        const allowed = Array.from(logits.keys()).filter(() => random() < share);
        if (allowed.length === 0) allowed.push(Math.floor(random() * vocabulary));
        const mask = new Uint32Array(Math.ceil(vocabulary / 32));
        for (const id of allowed) mask[id >> 5]! |= 1 << (id & 31);
        drawing.setLogits(logits);
        drawing.setMask(mask);
        drawing.set(sampled ? { ...plain, temperature: 1, seed: 7 } : greedy);
        bed().setStep(30, 1, { budget: 9 });
        const [draw] = await drawing.draw(1);
        const among = Float32Array.from(allowed, (id) => logits[id]!);
        const place = allowed.indexOf(draw!.token);
        expect(place).toBeGreaterThanOrEqual(0);
        if (!sampled) expect(among[place]).toBe(Math.max(...among));
        expect(Math.abs(draw!.logProbability - logProbability(among, place))).toBeLessThan(1e-5);
      }
    });

  for (const sampled of [false, true]) {
    test(`of equal logits the lowest id is drawn, ${sampled ? "at temperature 0 behind filters" : "greedily"}`, async () => {
      const drawing = await prepareDraw(bed(), vocabulary, { sampled });
      drawing.set({ ...greedy, topK: 5, topP: 0.9 });
      for (const ids of [[8_999, 4_096, 4_095], [257, 256, 1], [4_351, 4_352], [9_000], [0]]) {
        const logits = normals(vocabulary, seededRandom(1210));
        for (const id of ids) logits[id] = 9;
        drawing.setLogits(logits);
        bed().setStep(0, 1, { budget: 2 });
        const [draw] = await drawing.draw(1);
        expect(draw?.token, `${ids}`).toBe(Math.min(...ids));
        expect(draw!.logProbability).toBeCloseTo(logProbability(logits, ids[0]!), 4);
      }
    });
  }

  test("an end id, or the last of the budget, stops: the passes behind it draw nothing and change nothing", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: true });
    const logits = normals(vocabulary, seededRandom(1220));
    logits[4_100] = 20;
    drawing.setLogits(logits);
    const ends = Array.from({ length: maxEndIds + 3 }, (_, i) => 4_100 - (maxEndIds - 1) + i); // 4,100 is the 16th

    drawing.set(greedy, ends);
    bed().setStep(11, 1, { budget: 50 });
    expect(tokensOf(await drawing.draw(3))).toEqual([4_100, undefined, undefined]);
    expect(await stepOf(bed())).toEqual([12, 0, 0, 49, 4_100]);

    drawing.set(greedy, ends.slice(maxEndIds));
    bed().setStep(11, 1, { budget: 3 });
    expect(tokensOf(await drawing.draw(5))).toEqual([4_100, 4_100, 4_100, undefined, undefined]);
    expect(await stepOf(bed())).toEqual([14, 0, 0, 0, 4_100]);
  });

  test("logits that are not finite are found out, not drawn from", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: false });
    drawing.set(greedy);
    const finite = normals(vocabulary, seededRandom(1230));
    for (const [at, value] of [
      [5_000, NaN],
      [0, NaN],
      [3, Infinity],
      [undefined, NaN],
    ] as const) {
      const logits = finite.map((x, i) => (at === undefined || at === i ? value : x));
      drawing.setLogits(logits);
      bed().setStep(0, 1, { budget: 2 });
      await expect(drawing.draw(1), `${value} at ${at}`).rejects.toThrow("are not finite");
    }
    drawing.setLogits(finite.map((x, i) => (i < 5 ? -Infinity : x))); // a masked id is no damage
    bed().setStep(0, 1, { budget: 2 });
    const masked = (await drawing.draw(1))[0]!;
    expect(masked.token).toBe(finite.indexOf(finite.subarray(5).reduce((a, b) => Math.max(a, b))));
  });

  test("a draw is the Gumbel arg-max of seed and position", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: true });
    const logits = normals(vocabulary, seededRandom(1240), 2);
    drawing.setLogits(logits);
    let compared = 0;
    const streams = new Map<number, number[]>();
    for (const [seed, temperature] of [
      [1, 1],
      [2, 0.3],
      [4_000_000_000, 1.5],
      [1, 1],
    ] as const) {
      drawing.set({ ...plain, temperature, seed });
      bed().setStep(499, 1, { budget: 1_000 });
      const draws = await drawing.draw(40);
      for (const [i, draw] of draws.entries()) {
        expect(draw?.position).toBe(500 + i);
        const { token, lead } = gumbelDraw(logits, { seed, temperature }, 500 + i);
        if (lead < 1e-3) continue; // f32 may order the best two otherwise
        compared++;
        expect(draw?.token, `seed ${seed}, position ${500 + i}`).toBe(token);
        expect(Math.abs(draw!.logProbability - logProbability(logits, token))).toBeLessThan(1e-5);
      }
      const tokens = draws.map((draw) => draw!.token);
      expect(tokens).toEqual(streams.get(seed) ?? tokens);
      streams.set(seed, tokens);
    }
    expect(compared).toBeGreaterThan(140);
    const [first, second] = [...streams.values()];
    expect(first).not.toEqual(second);
    expect(new Set(first).size).toBeGreaterThan(20); // positions differ
  });

  test("the hash's largest value lifts a token no higher than its logarithm: no id is drawn by rounding alone", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: true });
    drawing.set({ ...plain, seed: 7 });
    for (const [position, id] of [
      [53_566, 168],
      [59_155, 749],
      [62_369, 929],
    ] as const) {
      expect(hash(7, position, id) >>> 8).toBe(0xffffff);
      const logits = new Float32Array(vocabulary);
      logits[id] = -30;
      drawing.setLogits(logits);
      bed().setStep(position - 1, 1, { budget: 2 });
      const { token } = gumbelDraw(logits, { seed: 7, temperature: 1 }, position);
      expect((await drawing.draw(1))[0]?.token).toBe(token);
    }
  });

  test("over 2,000 positions the draws have the softmax's distribution", async () => {
    const [size, count] = [40, 2_000];
    const drawing = await prepareDraw(bed(), size, { sampled: true });
    const logits = normals(size, seededRandom(1250), 1.2);
    drawing.setLogits(logits);
    drawing.set({ ...plain, temperature: 0.8, seed: 12 });
    bed().setStep(0, 1, { budget: count + 1 });
    const counts = new Array<number>(size).fill(0);
    for (const draw of await drawing.draw(count)) counts[draw!.token]!++;

    const weights = Array.from(logits, (x) => Math.exp(x / 0.8));
    const total = weights.reduce((a, b) => a + b);
    const chiSquare = weights.reduce((sum, weight, id) => {
      const expected = (count * weight) / total;
      return sum + (counts[id]! - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(72.1); // 39 degrees of freedom: once in 1,000 by chance, and the seed is fixed
  });
});
