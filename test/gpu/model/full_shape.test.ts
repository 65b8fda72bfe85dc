import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { mebibytes } from "../../../engine/gpu/index.ts";
import { loadModel } from "../../../engine/model/index.ts";
import { evaluateInF64 } from "../../reference/network.ts";
import { QWEN35_0_8B, QWEN35_35B_BLOCKS, type RandomType, writeModel } from "../../reference/write_model.ts";
import { relativeL2 } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { argMax, collect, temporaryFolder } from "../support/models.ts";

const wanted = process.env.FORETYPE_FULL_SHAPE !== undefined;

/** As Q4_K_M mixes them. */
const mixed = (name: string): RandomType => {
  if (/ffn_gate_inp/.test(name)) return "F32";
  return /token_embd|attn_v|ffn_down/.test(name) ? "Q6_K" : "Q4_K";
};

const cases = [
  { name: "Qwen3.5's 0.8B", shape: QWEN35_0_8B, distinctRows: Number.POSITIVE_INFINITY },
  { name: "four blocks of its 35B-A3B", shape: QWEN35_35B_BLOCKS, distinctRows: undefined },
];

// By hand: the files have 0.5 and 1.6 GB, and the reference takes minutes.
eachDevice((bed, device) => {
  test.skipIf(!wanted).each(cases)(
    `a model of the shapes of $name answers as the formulas do${wanted ? "" : " (set FORETYPE_FULL_SHAPE=1)"}`,
    async ({ name, shape, distinctRows }) => {
      const ids = [17, 0.363, 0.9987].map((part) => Math.floor(part * (part < 1 ? shape.vocabulary : 1)));
      await using folder = await temporaryFolder();
      const path = folder.at("model.gguf");
      await writeModel(path, shape, mixed, 808, { distinctRows });
      await using file = await openGguf(path);
      const started = performance.now();
      const model = await loadModel(bed().gpu, file);
      const loaded = performance.now();
      const session = new Session(bed().gpu, model, { context: 2048, kvType: "f32" });
      await session.prepare();
      const ready = performance.now();
      const [draw] = await collect(session.generate(ids, { maxTokens: 1 }));
      const answered = performance.now();
      const held = Object.values(bed().gpu.bytesHeld()).reduce((sum, bytes) => sum + bytes, 0);
      console.log(
        `${name} on ${device}: file ${mebibytes((await stat(path)).size)}, GPU ${mebibytes(held)}; ` +
          `weights ${Math.round(loaded - started)} ms, kernels ${Math.round(ready - loaded)} ms, first token ${Math.round(answered - ready)} ms`,
      );
      const { evaluator } = session;
      evaluator.reset();
      await evaluator.pass(ids, { kind: "prompt", logits: "all" });
      const rows = await evaluator.rows(evaluator.logits("all"), ids.length, shape.vocabulary);
      const last = rows.subarray(-shape.vocabulary);
      const { logits } = await evaluateInF64(file, ids, { lastOnly: true });
      expect(draw!.token).toBe(argMax(Float32Array.from(logits[0]!)));
      expect(relativeL2(last, logits[0]!)).toBeLessThanOrEqual(2e-5);
      console.log(`${name} on ${device}: logits differ by ${relativeL2(last, logits[0]!).toExponential(1)}`);
      session.free();
      model.free();
    },
    900_000,
  );
}, "fast");
