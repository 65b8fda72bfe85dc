import { expect, test } from "vitest";
import { greedy, type Sampling } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { eachDevice } from "../support/devices.ts";
import { prepareDraw } from "../support/draws.ts";
import { normals } from "../support/inputs.ts";
import { filterThreshold } from "../support/sampling_reference.ts";

const vocabulary = 5_003;

const rows: readonly [what: string, make: (seed: number) => Float32Array<ArrayBuffer>][] = [
  ["random logits", (seed) => normals(vocabulary, seededRandom(seed), 2)],
  [
    "logits with ties",
    (seed) => normals(vocabulary, seededRandom(seed), 2).map((x) => Math.round(x * 2) / 2),
  ],
  ["logits from −300 to 300", (seed) => normals(vocabulary, seededRandom(seed), 80)],
  ["logits around −40", (seed) => normals(vocabulary, seededRandom(seed), 0.5).map((x) => x - 40)],
];

const filters: readonly Partial<Sampling>[] = [
  { topK: 1 },
  { topK: 40 },
  { topK: vocabulary },
  { topK: 100_000 },
  { topP: 0.95 },
  { topP: 0.5 },
  { topP: 1e-6 },
  { minP: 0.05 },
  { minP: 1 },
  { topK: 20, topP: 0.95 },
  { topK: 200, topP: 0.3, minP: 0.01 },
  { topP: 0.999, minP: 0.2 },
  {},
];

// Shares are counted in 2⁻³⁰ of the total, rounded down, and exp is f32: nearer to p than this, both answers are right.
const resolution = vocabulary * 2 ** -30 + 5e-6;

function expectThreshold(got: number, threshold: number, logits: Float32Array, where: string): void {
  if (threshold === -Infinity) expect(got, where).toBeLessThan(-1e38);
  else if (logits.includes(threshold)) expect(got, where).toBe(threshold);
  else expect(Math.abs(got - threshold), where).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(threshold)));
}

eachDevice((bed) => {
  for (const [index, [what, make]] of rows.entries()) {
    test(`${what}: the threshold of top-k, then top-p of what is left, then min-p`, async () => {
      const drawing = await prepareDraw(bed(), vocabulary, { sampled: true });
      let compared = 0;
      for (let seed = 1300 + 10 * index; seed < 1303 + 10 * index; seed++) {
        const logits = make(seed);
        drawing.setLogits(logits);
        for (const filter of filters) {
          const sampling = { ...greedy, temperature: 1, ...filter };
          const { threshold, margin } = filterThreshold(logits, sampling);
          if (margin < resolution) continue;
          compared++;
          drawing.set(sampling);
          bed().setStep(0, 1, { budget: 2 });
          await drawing.draw(1);
          const got = (await bed().floats(drawing.threshold))[0]!;
          const where = `seed ${seed}, ${JSON.stringify(filter)}`;
          expectThreshold(got, threshold, logits, where);
        }
      }
      expect(compared).toBeGreaterThan(30);
    });
  }

  test("no token below the threshold is drawn", async () => {
    const drawing = await prepareDraw(bed(), vocabulary, { sampled: true });
    const logits = normals(vocabulary, seededRandom(1350), 0.1); // nearly equal: an unfiltered draw could be any
    drawing.setLogits(logits);
    const sampling = { ...greedy, temperature: 2, topK: 12, seed: 3 };
    const { threshold } = filterThreshold(logits, sampling);
    drawing.set(sampling);
    bed().setStep(0, 1, { budget: 1_000 });
    const draws = await drawing.draw(200);
    expect(draws.every((draw) => logits[draw!.token]! >= threshold)).toBe(true);
    expect(new Set(draws.map((draw) => draw!.token)).size).toBe(12);
  });
});
