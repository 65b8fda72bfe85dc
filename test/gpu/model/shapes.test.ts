import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Evaluator } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";
import { loadModel, type Model } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import {
  DISTINCT_ROWS,
  LARGE_VOCABULARY,
  type ModelShape,
  type RandomType,
  THREE_TO_ONE,
  writeModel,
} from "../../reference/write_model.ts";
import { expectClose, expectSameBits } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { evaluate, type ModelRows, temporaryFolder } from "../support/models.ts";

// Synthetic models, for what the embedded model and the fixtures are too small for.
const seed = 2203;

/** Types are mixed within a layer, and within each group of tensors that becomes one product. */
function mixedTypes(name: string): RandomType {
  if (/ffn_up|attn_k|ssm_beta|eh_proj/.test(name)) return "Q8_0";
  if (/attn_v|ssm_alpha/.test(name)) return "F16";
  if (/token_embd|ffn_down|attn_q\.|attn_gate/.test(name)) return "Q6_K";
  return "Q4_K";
}

/** Bytes that this process gained while a model was loaded, at the most: in JavaScript's buffers, and in all. */
interface Growth {
  buffers: number;
  all: number;
}

async function load(
  gpu: Gpu,
  shape: ModelShape,
  typeOf: (name: string) => RandomType,
  growth: Growth = { buffers: 0, all: 0 },
): Promise<Model> {
  await using folder = await temporaryFolder();
  const path = folder.at("model.gguf");
  await writeModel(path, shape, typeOf, seed);
  await using file = await openGguf(path);
  const before = process.memoryUsage();
  return await loadModel(gpu, file, () => {
    const now = process.memoryUsage();
    growth.buffers = Math.max(growth.buffers, now.arrayBuffers - before.arrayBuffers);
    growth.all = Math.max(growth.all, now.rss - before.rss);
  });
}

describe("three V heads for a K head, heads of 256 and 128", () => {
  eachDevice((bed, device) => {
    let model: Model;
    let evaluator: Evaluator;
    let single: ModelRows;
    const random = seededRandom(seed);
    const ids = Array.from({ length: 70 }, () => Math.floor(random() * THREE_TO_ONE.vocabulary));
    beforeAll(async () => {
      model = await load(bed().gpu, THREE_TO_ONE, mixedTypes);
      evaluator = new Evaluator(bed().gpu, model, { context: 128, kvType: "f32", mtp: true });
      single = await evaluate(evaluator, ids, "rows", new Array(70).fill(1));
    });
    afterAll(() => {
      evaluator.free();
      model.free();
    });
    const kinds = ["logits", "hidden", "mtp"] as const;

    test("the prompt path gives the numbers of the row path", async () => {
      const prompt = await evaluate(evaluator, ids, "prompt", [64, 6]);
      for (const kind of kinds) expectClose(prompt[kind]!, single[kind]!, 1e-4, `seed ${seed}: ${kind}`);
    });

    // rows.test.ts has all widths on both devices.
    test.each(device === "swiftshader" ? [16] : [16, 64])(
      "%i rows side by side give the bits of single ones",
      async (width) => {
        const whole = new Array(Math.floor(ids.length / width)).fill(width);
        const pieces = ids.length % width === 0 ? whole : [...whole, ids.length % width];
        const rows = await evaluate(evaluator, ids, "rows", pieces);
        for (const kind of kinds) expectSameBits(rows[kind]!, single[kind]!, `seed ${seed}: ${kind}`);
      },
    );
  }, "fast");
});

describe("an embedding table of 137 MiB", () => {
  const { vocabulary } = LARGE_VOCABULARY;
  const tableBytes = vocabulary * LARGE_VOCABULARY.embedding * 4;
  const last = vocabulary - 1;
  /** The id in the table's first rows whose row is the same. */
  const twin = last % DISTINCT_ROWS;
  const found = new Map<string, Float32Array>();

  eachDevice((bed, device) => {
    let model: Model;
    let evaluator: Evaluator;
    const growth = { buffers: 0, all: 0 };
    beforeAll(async () => {
      const types = (name: string) => (name === "token_embd.weight" ? "F32" : "Q8_0");
      model = await load(bed().gpu, LARGE_VOCABULARY, types, growth);
      evaluator = new Evaluator(bed().gpu, model, { context: 128, kvType: "f32" });
    });
    afterAll(() => {
      evaluator.free();
      model.free();
    });

    test("lies in as many slabs as bindings are needed, each small enough", () => {
      const limit = bed().gpu.device.limits.maxStorageBufferBindingSize;
      const { slabs } = model.embedding;
      expect(slabs).toHaveLength(Math.ceil(tableBytes / limit));
      for (const { planes } of slabs) expect(planes.words.size).toBeLessThanOrEqual(limit);
      expect(slabs.reduce((sum, { rows }) => sum + rows, 0)).toBe(vocabulary);
      expect(model.head).toBe(model.embedding);
    });

    test.each(device === "swiftshader" ? (["rows"] as const) : (["prompt", "rows"] as const))(
      "%s: equal rows embed and score alike in every slab",
      async (kind) => {
        const { logits } = await evaluate(evaluator, [7, last], kind, [2]);
        const { logits: same } = await evaluate(evaluator, [7, twin], kind, [2]);
        const { logits: other } = await evaluate(evaluator, [7, twin + 1], kind, [2]);
        expectSameBits(
          logits,
          same,
          `seed ${seed}: logits after id ${last}, expected those after id ${twin}`,
        );
        expect(logits.subarray(vocabulary)).not.toEqual(other.subarray(vocabulary));
        for (let first = 0; first < vocabulary; first += DISTINCT_ROWS) {
          const part = logits.subarray(first, Math.min(first + DISTINCT_ROWS, vocabulary));
          expectSameBits(part, logits.subarray(0, part.length), `seed ${seed}: logits from id ${first}`);
        }
        if (kind === "rows") found.set(device, logits);
      },
    );

    test("was loaded a few pieces at a time", () => {
      expect(growth.buffers).toBeLessThan(32 << 20);
      // A software device's memory is the process's own; beside it, what is on its way there.
      expect(growth.all).toBeLessThan(tableBytes + (192 << 20));
    });
  }, "fast");

  test("gives the same logits on every device, however many slabs it has there", () => {
    const [[first, expected], ...others] = [...found] as [
      [string, Float32Array],
      ...[string, Float32Array][],
    ];
    for (const [device, logits] of others)
      expectClose(logits, expected, 1e-5, `${device}, expected as on ${first}`);
  });
});
