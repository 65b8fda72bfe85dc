import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linearCosts } from "../../../engine/draft/index.ts";
import { drain, type GenerateOptions, Session, type SessionOptions } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { type Draw, greedy, loadModel, type Model, type Sampling } from "../../../engine/model/index.ts";
import type { RollbackName } from "../../../engine/state/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../../../engine/text/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, fixtures, miniModel } from "../support/models.ts";
import { stateHash } from "../support/state.ts";

// I1: text and state are those of plain decoding, for every drafter, draft length and rollback strategy.
const context = 256;
const seed = testSeed(70_707);
const sampled: Sampling = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0, seed: 11 };
const code = readFileSync(join(import.meta.dirname, "../../../engine/complete/stages/range.ts"), "utf8");

/** Beginnings of texts: code, prose, and what repeats itself. The first ones are short: each session reads them again. */
const texts = [
  "a = 1\nb = 2\nc = 3\na = 1\nb = 2\nc = 3\na = 1\n",
  "const x = [1, 2, 3];\nfor (const y of x) {\n  console.log(y);\n}\nfor (const y of",
  "import { readFile } from 'node:fs/promises';\n\nasync function main() {\n",
  code.slice(0, 300),
  code.slice(700, 1000),
  "export function add(a: number, b: number): number {\n  return a + b;\n}\n\nexport function subtract(",
  "def read(path):\n    with open(path) as f:\n        return f.read()\n\ndef write(path, text):\n    with open(",
  "The quick brown fox jumps over the lazy dog. The quick brown fox",
];

const all = process.env.FORETYPE_TORTURE !== undefined;

/** The texts of a device, and how many tokens of each are decoded: a pass of 64 rows needs one with more than 32. */
const textsFor = (device: string) =>
  device === "swiftshader"
    ? texts.slice(0, 2).map((text) => ({ text, maxTokens: 12 }))
    : texts
        .slice(0, all ? texts.length : 3)
        .map((text, i) => ({ text, maxTokens: all || i === 0 ? 48 : 24 }));

interface Plain {
  readonly prompt: number[];
  readonly sampling: Sampling;
  readonly draws: readonly Draw[];
  readonly hash: string;
  /** The text with some tokens wrong: what a drafter is to offer. */
  readonly offered: number[];
}

eachDevice((bed, device) => {
  // SwiftShader, the slower one, has a fixture of other quants, and fewer cases.
  const few = device === "swiftshader";
  let model: Model;
  let tokenizer: Tokenizer;
  let plain: Plain[];
  const tokensOf = (draws: readonly Draw[]) => draws.map(({ token }) => token);

  beforeAll(async () => {
    await using file = await openGguf(few ? join(fixtures, "models/micro-Q4_K_M.gguf") : miniModel);
    model = await loadModel(bed().gpu, file);
    await using tokens = await openGguf(miniModel);
    tokenizer = createTokenizer(vocabularyFrom(tokens));
    const random = seededRandom(seed);
    const session = new Session(bed().gpu, model, { context });
    plain = [];
    for (const [i, { text, maxTokens }] of textsFor(device).entries()) {
      const sampling = i % 2 === 0 ? greedy : sampled;
      const prompt = tokenizer.encode(text, { special: false }).map((id) => id % model.h.vocabulary);
      const draws = await collect(session.generate(prompt, { maxTokens, sampling }));
      const offered = tokensOf(draws).flatMap((id) =>
        random() < 0.1 ? [(id + 1) % model.h.vocabulary] : random() < 0.05 ? [] : [id],
      );
      plain.push({ prompt, sampling, draws, hash: await stateHash(session.evaluator), offered });
    }
    session.free();
  }, 300_000);
  afterAll(() => model.free());

  const open = (options: Partial<SessionOptions>) => new Session(bed().gpu, model, { context, ...options });

  /** Generates all texts and compares tokens, log-probabilities and state with plain decoding's. @returns drafted, accepted */
  async function check(
    session: Session,
    what: string,
    extra: (it: Plain) => Partial<GenerateOptions> = () => ({}),
    among: readonly Plain[] = plain,
  ): Promise<{ drafted: number; accepted: number }> {
    const sum = { drafted: 0, accepted: 0 };
    for (const [i, it] of among.entries()) {
      const options = { maxTokens: it.draws.length, sampling: it.sampling, ...extra(it) };
      const generation = session.generate(it.prompt, options);
      const draws = await collect(generation);
      expect(tokensOf(draws), `${what}, text ${i}`).toEqual(tokensOf(it.draws));
      expect(draws, `${what}, text ${i}: positions and log-probabilities`).toEqual(it.draws);
      expect(await stateHash(session.evaluator), `${what}, text ${i}: state`).toBe(it.hash);
      const { drafted, accepted } = generation.soFar.drafts;
      sum.drafted += drafted;
      sum.accepted += accepted;
    }
    return sum;
  }

  const strategies: RollbackName[] = few ? ["tape", "planes"] : ["tape", "planes", "replay"];
  const lengths = few ? [3] : [1, 2, 3, 8, 16, 64];
  const sources = few ? (["mtp", "ghost"] as const) : (["mtp", "ngram", "ghost", "copy"] as const);
  // Each drafter meets each strategy, each strategy each length; ghost and copy, which are one drafter, take turns at the
  // lengths; each case has a greedy text and a sampled one. `npm run torture` has the product.
  const cases = lengths.flatMap((longest, i) =>
    sources.flatMap((source, j) => {
      if (!all && !few && source === (i % 2 === 0 ? "copy" : "ghost")) return [];
      return strategies
        .filter((_, k) => all || k === (i + j) % strategies.length)
        .map((rollback) => ({ longest, source, rollback }));
    }),
  );
  for (const { longest, source, rollback } of cases) {
    test(`${source} drafts of ${longest}, undone by ${rollback}, change nothing (I1, I2)`, async () => {
      const mode = source === "mtp" ? "mtp" : "ngram";
      const session = open({ rollback, planes: longest + 1, drafts: { mode, longest } });
      const { drafted, accepted } = await check(
        session,
        `${source}, ${rollback}, ${longest}`,
        (it) =>
          source === "ghost" ? { ghost: it.offered } : source === "copy" ? { original: it.offered } : {},
        all ? plain : plain.slice(0, 2),
      );
      session.free();
      expect(drafted).toBeGreaterThan(0);
      if (source !== "mtp" || !few) expect(accepted).toBeGreaterThan(0); // the fixture's MTP head is random
    });
  }

  for (const rollback of strategies) {
    test(`${rollback}: the arbiter changes nothing, with costs that make it draft (I1, I2)`, async () => {
      const costs = { verify: (rows: number) => 1 + rows / 16, link: 0.1, wait: 0.05 };
      const session = open({ rollback, drafts: { mode: "auto", costs } });
      const seen = new Set<string>();
      await check(session, `auto, ${rollback}`, (it) => ({
        original: it.offered,
        trace: ({ source }) => seen.add(source),
      }));
      session.free();
      if (!few) expect([...seen]).toEqual(expect.arrayContaining(["mtp", "copy"]));
    });
  }

  if (few) return;

  test("a draft head of few ids changes nothing but what is drafted", async () => {
    const session = open({ drafts: { mode: "mtp", longest: 3, headSize: 4200 } });
    const whole = await check(session, "whole", () => ({}), plain.slice(0, 2));
    session.free();
    const trimmed = open({ drafts: { mode: "mtp", longest: 3, headSize: 300 } });
    const some = await check(trimmed, "trimmed", () => ({}), plain.slice(0, 2));
    trimmed.free();
    expect(some.accepted).toBeGreaterThan(0);
    expect(some.accepted).toBeLessThanOrEqual(whole.accepted * 1.1);
  });

  describe("ends inside a draft", () => {
    const longest = 8;
    const forced = (offered: readonly number[]): Partial<GenerateOptions> => ({ original: offered });

    test("at an id that ends generation: what is drafted after it is not text", async () => {
      const session = open({ drafts: { mode: "ngram", longest } });
      for (const it of plain) {
        const ids = tokensOf(it.draws);
        const end = ids[10]!;
        const options = { maxTokens: 40, sampling: it.sampling, endIds: [end] };
        const draws = await collect(session.generate(it.prompt, { ...options, ...forced(ids) }));
        expect(tokensOf(draws)).toEqual(ids.slice(0, ids.indexOf(end) + 1));
        expect(session.evaluator.position).toBe(it.prompt.length + draws.length - 1);
      }
      session.free();
    });

    test("when the consumer leaves: the state is that of the last token it took", async () => {
      const session = open({ drafts: { mode: "ngram", longest } });
      const reference = open({});
      for (const it of plain.slice(0, 2)) {
        for (const taken of [1, 2, 5, 12]) {
          const draws = session.generate(it.prompt, {
            maxTokens: 40,
            sampling: it.sampling,
            ...forced(tokensOf(it.draws)),
          });
          for (let i = 0; i < taken; i++) await draws.next();
          await draws.return();
          await collect(reference.generate(it.prompt, { maxTokens: taken, sampling: it.sampling }));
          expect(session.evaluator.position).toBe(reference.evaluator.position);
          expect(await stateHash(session.evaluator), `after ${taken}`).toBe(
            await stateHash(reference.evaluator),
          );
        }
      }
      session.free();
      reference.free();
    });

    test("at the end of the context, and of the tokens that are wanted", async () => {
      const it = plain[0]!;
      const ids = tokensOf(it.draws);
      const room = it.prompt.length + 20;
      for (const drafts of ["ngram", "mtp"] as const) {
        const session = open({ context: room, drafts: { mode: drafts, longest } });
        const draws = await collect(session.generate(it.prompt, { maxTokens: 100, ...forced(ids) }));
        expect(tokensOf(draws), drafts).toEqual(ids.slice(0, 20));
        for (const maxTokens of [1, 2, 7]) {
          const some = await collect(session.generate(it.prompt, { maxTokens, ...forced(ids) }));
          expect(tokensOf(some), `${drafts}, ${maxTokens}`).toEqual(ids.slice(0, maxTokens));
        }
        session.free();
      }
    });
  });

  describe("rounds", () => {
    for (const mode of ["mtp", "ngram", "auto"] as const) {
      test(`${mode}: in steady state a round makes nothing, submits once, and reads back at most 1 KiB (I4)`, async () => {
        const costs = { verify: (rows: number) => 1 + rows / 64, link: 0.05, wait: 0 };
        const session = open({ drafts: { mode, longest: mode === "ngram" ? 15 : 3, costs } });
        const it = plain[0]!;
        const options = { maxTokens: 40, original: it.offered };
        for (let warm = 0; warm < 2; warm++) await collect(session.generate(it.prompt, options));
        const { gpu } = bed();
        const before = { ...gpu.counters };
        const { timings } = await drain(session.generate(it.prompt, options));
        const { steps, promptSubmits } = timings;
        expect(gpu.counters.buffers - before.buffers).toBe(0);
        expect(gpu.counters.bindGroups - before.bindGroups).toBe(0);
        expect(gpu.counters.pipelines - before.pipelines).toBe(0);
        const submits = gpu.counters.submits - before.submits;
        expect(submits - promptSubmits - steps).toBeOneOf([0, 1]); // 1: what ran past the end is undone
        expect((gpu.counters.bytesReadBack - before.bytesReadBack) / steps).toBeLessThanOrEqual(1024);
        session.free();
      });
    }

    test("an MTP block that has rested sees what it missed before it drafts again", async () => {
      // Chains look like a loss, so they are only tried from time to time; their drafts are as good as ever.
      const costs = { verify: (rows: number) => rows, link: 0.2, wait: 0 };
      const session = open({ drafts: { mode: "auto", costs } });
      const it = plain[0]!;
      const tried: number[] = [];
      const reference = open({});
      const expected = await collect(reference.generate(it.prompt, { maxTokens: 120 }));
      const trace: GenerateOptions["trace"] = ({ source, accepted }) => {
        if (source === "mtp") tried.push(accepted);
      };
      expect(await collect(session.generate(it.prompt, { maxTokens: 120, trace }))).toEqual(expected);
      expect(await stateHash(session.evaluator)).toBe(await stateHash(reference.evaluator));
      session.free();
      reference.free();
      expect(tried.length).toBeGreaterThan(0);
      expect(Math.max(...tried)).toBeGreaterThan(0);
    });

    test("where each row costs as much as the first, the arbiter never drafts", async () => {
      const session = open({ drafts: { mode: "auto", costs: linearCosts } });
      const { drafted } = await check(session, "auto, linear costs", () => ({}), plain.slice(0, 3));
      session.free();
      const tokens = plain.slice(0, 3).reduce((sum, { draws }) => sum + draws.length, 0);
      expect(drafted / tokens).toBeLessThan(0.05); // it looks from time to time
    });

    test("drafts that are always wrong are given up", async () => {
      const costs = { verify: (rows: number) => 1 + rows / 8, link: 0.1, wait: 0 };
      const session = open({ drafts: { mode: "auto", costs } });
      const it = plain[0]!;
      const wrong = tokensOf(it.draws).flatMap((id) => [id, (id + 1) % 4000, (id + 2) % 4000, id]);
      const counts: number[] = [];
      for (let i = 0; i < 4; i++) {
        const { drafts } = await drain(session.generate(it.prompt, { maxTokens: 48, original: wrong }));
        counts.push(drafts.bySource.copy?.drafted ?? 0);
      }
      session.free();
      expect(counts.at(-1)!).toBeLessThanOrEqual(counts[0]!);
      expect(counts.at(-1)!).toBeLessThan(8);
    });
  });
}, "fast");
