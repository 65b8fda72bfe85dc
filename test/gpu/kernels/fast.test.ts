// The profile that people run, without Dawn's validation, bounds checks and zeroed workgroup memory: one case of each
// kernel that shares memory between invocations, and the GPU's own form of the rows product (lanes, loops unrolled).
import { expect, test } from "vitest";
import { Gpu } from "../../../engine/gpu/index.ts";
import { greedy } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose } from "../support/compare.ts";
import { deltaScene, runDeltaLayer } from "../support/delta_layer.ts";
import { eachDevice } from "../support/devices.ts";
import { prepareDraw } from "../support/draws.ts";
import { normals } from "../support/inputs.ts";
import { shapes } from "../support/layers.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { filterThreshold, gumbelDraw } from "../support/sampling_reference.ts";
import { TestBed } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

eachDevice((bed) => {
  test("products of Q6_K rows: one lane, a prompt, and as on a GPU", async () => {
    const seed = 1400;
    const [columns, n, rows] = [512, 37, 4];
    // The same device taken for a GPU: rows shared by lanes, loops unrolled.
    const asGpu = new TestBed(new Gpu(bed().gpu.device, { description: "as a GPU", software: false }));
    for (const [on, kind, width] of [
      [bed(), "rows", rows],
      [bed(), "prompt", rows],
      [asGpu, "rows", 1],
    ] as const) {
      const random = seededRandom(seed);
      const { matrix, values } = await loadMatrix(on, columns, [{ type: "Q6_K", rows: n }], random);
      const x = normals(width * columns, random);
      const out = await multiply(on, { kind, width }, matrix, x);
      const expected = products(values(), columns, x);
      expectClose(out.subarray(0, expected.length), expected, productTolerance, `seed ${seed}, ${kind}`);
    }
    asGpu.freeBuffers();
  });

  test("the chunked delta rule and the recurrence agree", async () => {
    const seed = 1401;
    const h = shapes({ delta: { headSize: 32, keyHeads: 1, valueHeads: 2 } });
    const s = deltaScene(h, { position: 100, rows: 40 }, seededRandom(seed));
    const chunk = await runDeltaLayer(bed(), "prompt", s);
    const tokens = await runDeltaLayer(bed(), "rows", s);
    const size = 40 * 2 * 32;
    const gates = 40 * 2 * 2;
    expectClose(chunk.gates.subarray(0, gates), tokens.gates.subarray(0, gates), 1e-6, `seed ${seed}, gates`);
    expectClose(chunk.out.subarray(0, size), tokens.out.subarray(0, size), 1e-5, `seed ${seed}`);
    expectClose(
      chunk.slots.subarray(0, s.state.length),
      tokens.slots.subarray(0, s.state.length),
      1e-5,
      `seed ${seed}`,
    );
  });

  test("a filtered draw is the Gumbel arg-max of what the filters leave", async () => {
    const logits = normals(5_003, seededRandom(1402), 2);
    const drawing = await prepareDraw(bed(), 5_003, { sampled: true });
    drawing.setLogits(logits);
    const sampling = { ...greedy, temperature: 0.7, topK: 50, topP: 0.9, seed: 5 };
    drawing.set(sampling);
    bed().setStep(0, 1, { budget: 100 });
    const { threshold } = filterThreshold(logits, sampling);
    for (const [i, draw] of (await drawing.draw(20)).entries()) {
      const { token, lead } = gumbelDraw(logits, sampling, i + 1, threshold);
      if (lead > 1e-3) expect(draw?.token, `position ${i + 1}`).toBe(token);
    }
  });
}, "fast");
