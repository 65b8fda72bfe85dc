import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GenerateOptions, Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { greedy, loadModel, type Model, type Sampling } from "../../../engine/model/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../../../engine/text/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, miniModel } from "../support/models.ts";
import { stateHash } from "../support/state.ts";

// `npm run torture`: whole texts by the arbiter, byte for byte those of plain decoding. An hour on two cores; FORETYPE_TORTURE
// is the number of prompts.
const prompts = Number(process.env.FORETYPE_TORTURE ?? 0);
const maxTokens = 192;
const seed = testSeed(80_808);

const root = join(import.meta.dirname, "../../..");
const code = ["engine/complete/pipeline.ts", "engine/gguf/header.ts", "engine/text/tokenizer.ts"].map(
  (path) => readFileSync(join(root, path), "utf8"),
);
const prose = ["README.md", "ARCHITECTURE.md"].map((path) => readFileSync(join(root, path), "utf8"));

describe.skipIf(prompts === 0)("torture (run `npm run torture`)", () => {
  eachDevice((bed, device) => {
    if (device === "swiftshader") return test.skip("would take SwiftShader hours", () => {});
    let model: Model;
    let tokenizer: Tokenizer;
    let plain: Session;
    beforeAll(async () => {
      await using file = await openGguf(miniModel);
      model = await loadModel(bed().gpu, file);
      tokenizer = createTokenizer(vocabularyFrom(file));
      plain = new Session(bed().gpu, model, { context: 448 });
    });
    afterAll(() => {
      plain.free();
      model.free();
    });

    /** Code, prose, what repeats itself, and edits, in turn. */
    function promptOf(i: number, random: () => number): { ids: number[]; edit: boolean } {
      const cut = (texts: readonly string[], length: number) => {
        const text = texts[Math.floor(random() * texts.length)]!;
        const start = Math.floor(random() * (text.length - length));
        return text.slice(start, start + length);
      };
      const kind = i % 4;
      const text =
        kind === 0
          ? cut(code, 400)
          : kind === 1
            ? cut(prose, 400)
            : kind === 2
              ? cut(code, 60).repeat(5)
              : cut(code, 300);
      return { ids: tokenizer.encode(text, { special: false }).slice(0, 200), edit: kind === 3 };
    }

    for (const rollback of ["tape", "planes", "replay"] as const) {
      test(`${prompts} texts of ${maxTokens} tokens by the arbiter, undone by ${rollback}, are those of plain decoding`, async () => {
        const random = seededRandom(seed);
        const costs = { verify: (rows: number) => 1 + rows / 20, link: 0.15, wait: 0.1 };
        const session = new Session(bed().gpu, model, {
          context: 448,
          rollback,
          drafts: { mode: "auto", costs },
        });
        const sum = { drafted: 0, accepted: 0 };
        for (let i = 0; i < prompts; i++) {
          const { ids, edit } = promptOf(i, random);
          const sampling: Sampling =
            i % 3 === 2 ? { temperature: 0.7, topK: 40, topP: 0.95, minP: 0.02, seed: i } : greedy;
          const expected = await collect(plain.generate(ids, { maxTokens, sampling }));
          const text = expected.map(({ token }) => token);
          const options: GenerateOptions = { maxTokens, sampling };
          const original = text.flatMap((id) =>
            random() < 0.06 ? (random() < 0.5 ? [] : [(id + 1) % 4000, id]) : [id],
          );
          const generation = session.generate(ids, edit ? { ...options, original } : options);
          const draws = await collect(generation);
          const what = `seed ${seed}, prompt ${i}`;
          expect(draws, what).toEqual(expected);
          expect(await stateHash(session.evaluator), `${what}: state`).toBe(await stateHash(plain.evaluator));
          const { drafted, accepted } = generation.soFar.drafts;
          sum.drafted += drafted;
          sum.accepted += accepted;
        }
        session.free();
        expect(sum.accepted).toBeGreaterThan(prompts);
        console.log(`${rollback}: ${sum.accepted} of ${sum.drafted} drafted accepted`);
      }, 3_600_000);
    }
  }, "fast");
});
