import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { loadModel, type Model } from "../../../engine/model/index.ts";
import { type FamilyCase, families, familyIds, familySeed } from "../../reference/families.ts";
import { evaluateInF64 } from "../../reference/network.ts";
import { writeModel } from "../../reference/write_model.ts";
import { expectSameBits, relativeL2 } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import {
  argMaxes,
  collect,
  evaluate,
  fixtures,
  type ModelRows,
  poisonBuffers,
  temporaryFolder,
} from "../support/models.ts";
import { withLanes } from "../support/test_bed.ts";

// Synthetic models of each architecture against the formulas in f64, and against llama.cpp with the same weights in F32
// (test/reference/make_family_goldens.ts). golden.test.ts has qwen35.
const tolerance = 2e-5; // relative L2, f32 KV

/** What llama.cpp makes of the ids: the best token of each row, the logits of the last two, greedy tokens after them. */
interface Golden {
  readonly best: number[];
  readonly last: number[][];
  readonly greedy: number[];
}
const goldens = JSON.parse(readFileSync(join(fixtures, "golden/families.json"), "utf8")) as Record<
  string,
  Golden
>;

/** By name of a family: its file, and what the formulas make of it, for all devices. */
const computed = new Map<string, { readonly path: string; readonly rows: ModelRows }>();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function inF64({ name, shape, typeOf }: FamilyCase) {
  const before = computed.get(name);
  if (before) return before;
  const path = folder.at(`${computed.size}.gguf`);
  await writeModel(path, shape, typeOf, familySeed);
  await using file = await openGguf(path);
  const { logits, hidden, mtp } = await evaluateInF64(file, familyIds(shape));
  const rows = { logits: flat(logits), hidden: flat(hidden), ...(mtp && { mtp: flat(mtp) }) };
  computed.set(name, { path, rows });
  return { path, rows };
}

const flat = (rows: readonly ArrayLike<number>[]) =>
  Float32Array.from(rows.flatMap((row) => Array.from(row)));

eachDevice((bed, device) => {
  // SwiftShader keeps no kernels from run to run; those that the others have of their own, kernel tests run there.
  const here = device === "swiftshader" ? families.slice(0, 2) : families;
  for (const family of here) {
    const { name, shape } = family;
    describe(name, () => {
      const ids = familyIds(shape);
      const golden = goldens[name]!;
      let model: Model;
      let session: Session;
      let reference: ModelRows;
      let rows: ModelRows;
      beforeAll(async () => {
        const inF64OfFamily = await inF64(family);
        reference = inF64OfFamily.rows;
        await using file = await openGguf(inF64OfFamily.path);
        model = await loadModel(bed().gpu, file);
        session = new Session(bed().gpu, model, { context: 128, kvType: "f32", mtp: shape.mtp === true });
        poisonBuffers(session.evaluator);
        rows = await evaluate(session.evaluator, ids, "rows", [8, 8, 8, 8, 8]); // one set of kernels to compile
      });
      afterAll(() => {
        session.free();
        model.free();
      });

      const kinds = ["logits", "hidden", "mtp"] as const;
      const expectSame = (actual: ModelRows) => {
        if (name !== "qwen2 with YaRN") {
          // The formulas know no stretched angles.
          for (const kind of kinds) {
            if (!reference[kind]) continue;
            const error = relativeL2(actual[kind]!, reference[kind]);
            expect(error, `seed ${familySeed}: ${kind}`).toBeLessThanOrEqual(tolerance);
          }
        }
        const last = actual.logits.subarray(-golden.last.length * shape.vocabulary);
        expect(relativeL2(last, golden.last.flat())).toBeLessThanOrEqual(tolerance);
        expect(argMaxes(actual.logits, shape.vocabulary)).toEqual(golden.best);
      };

      test("the row path gives the numbers of the formulas and of llama.cpp", () => expectSame(rows));

      test("the prompt path gives the numbers of the formulas and of llama.cpp", async () => {
        expectSame(await evaluate(session.evaluator, ids, "prompt", [40]));
      });

      // Each width is a set of kernels to compile.
      test.skipIf(device === "swiftshader")(
        "rows alone give the bits of rows side by side (I3)",
        async () => {
          const single = await evaluate(session.evaluator, ids, "rows", new Array(40).fill(1));
          for (const kind of kinds) {
            if (rows[kind]) expectSameBits(single[kind]!, rows[kind], `seed ${familySeed}: ${kind}`);
          }
        },
      );

      // Kernel tests run these kernels one by one; a model's compile for most of a minute, so that `npm run torture` has them.
      const whole = process.env.FORETYPE_TORTURE !== undefined && shape.experts !== undefined;
      test.runIf(whole)(
        "a GPU's kernels give these numbers too, and a row alone the bits of eight (I3)",
        async () => {
          const gpu = withLanes(bed().gpu, "several");
          const asOnGpu = new Session(gpu, model, { context: 128, kvType: "f32", mtp: shape.mtp === true });
          poisonBuffers(asOnGpu.evaluator);
          const eight = await evaluate(asOnGpu.evaluator, ids, "rows", [8, 8, 8, 8, 8]);
          expectSame(eight);
          const single = await evaluate(asOnGpu.evaluator, ids, "rows", new Array(40).fill(1));
          for (const kind of kinds) {
            if (eight[kind]) expectSameBits(single[kind]!, eight[kind], `seed ${familySeed}: ${kind}`);
          }
          asOnGpu.free();
        },
      );

      const tokens = async (of: Session, prompt: readonly number[]) => {
        const draws = await collect(of.generate(prompt, { maxTokens: golden.greedy.length }));
        return draws.map(({ token }) => token);
      };
      test.skipIf(device === "swiftshader")("the greedy tokens are llama.cpp's", async () => {
        expect(await tokens(session, ids)).toEqual(golden.greedy);
      });

      // A draft's rows are the rows of the test before, whatever the family; these two have all drafters and kinds of layers.
      const drafts = device !== "swiftshader" && ["qwen35moe", "qwen2"].includes(name);
      test.runIf(drafts)("drafts, right or wrong, change nothing (I1)", async () => {
        const offered = golden.greedy.map((id, i) => (i % 5 === 3 ? (id + 1) % shape.vocabulary : id));
        for (const mode of shape.mtp ? (["mtp", "ngram"] as const) : (["ngram"] as const)) {
          const drafts = { mode, longest: 3 }; // verified by the kernels that ran 17 rows; 4 rows would need others
          const drafting = new Session(bed().gpu, model, { context: 128, kvType: "f32", drafts });
          const generation = drafting.generate(ids, { maxTokens: golden.greedy.length, ghost: offered });
          const draws = await collect(generation);
          expect(
            draws.map(({ token }) => token),
            mode,
          ).toEqual(golden.greedy);
          expect(generation.soFar.drafts.drafted, mode).toBeGreaterThan(0);
          drafting.free();
        }
      });

      test.skipIf(device === "swiftshader")(
        "a prompt that extends the last one, and one that diverges from it, equal a prefill from scratch (I2)",
        async () => {
          const longer = [...ids, ...golden.greedy.slice(0, 9), 5, 6, 7];
          const other = [...ids.slice(0, 30), 9, 8, 7];
          const first = await tokens(session, ids);
          const kept = [
            await tokens(session, longer),
            await tokens(session, other),
            await tokens(session, ids),
          ];
          for (const [i, prompt] of [longer, other].entries()) {
            session.forget();
            expect(kept[i], `prompt ${i}`).toEqual(await tokens(session, prompt));
          }
          expect(kept[2]).toEqual(first);
        },
      );
    });
  }
}, "fast");
