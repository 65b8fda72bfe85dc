import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completerInTurns } from "../../../engine/cli/commands/turns.ts";
import { DEFAULT_SETTINGS } from "../../../engine/complete/index.ts";
import { playTrace } from "../../../engine/complete/replay/player.ts";
import { parseRecording } from "../../../engine/complete/replay/recording.ts";
import { linearCosts } from "../../../engine/draft/index.ts";
import { createFimCompleter, createScheduler, type Prompt, Session } from "../../../engine/generate/index.ts";
import { createTypedTexts } from "../../../engine/generate/typed_texts.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { type Draw, loadModel, type Model } from "../../../engine/model/index.ts";
import {
  createHealing,
  createTokenizer,
  type Tokenizer,
  vocabularyFrom,
} from "../../../engine/text/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, fixtures, miniModel } from "../support/models.ts";
import { stateHash } from "../support/state.ts";

// A prompt that typing changed resumes from snapshots; answers and states equal those of a prefill from scratch: the prompt by
// the prompt path on the same grid, every later token by the row path (I2). FORETYPE_TORTURE is the number of series.
const torture = Number(process.env.FORETYPE_TORTURE ?? 0);
const context = 384;
const seed = testSeed(50_505);
const source = readFileSync(
  join(import.meta.dirname, "../../bench/traces/sources/length_policy.ts.txt"),
  "utf8",
);

eachDevice((bed, device) => {
  const slow = device === "swiftshader";
  let model: Model;
  let reference: Session;
  let tokenizer: Tokenizer;

  /** A small one where ids are anything, the embedded one where they spell text. */
  const use = (path: string) => {
    beforeAll(async () => {
      await using file = await openGguf(path);
      model = await loadModel(bed().gpu, file);
      reference = new Session(bed().gpu, model, { context, snapshotBytes: 0 });
      if (path === miniModel) tokenizer = createTokenizer(vocabularyFrom(file));
    });
    afterAll(() => {
      reference.free();
      model.free();
    });
  };

  /** The state hash after a prefill from scratch; also expects the same samples. */
  async function anew(prompt: Prompt, draws: readonly Draw[], unsettled?: Uint8Array): Promise<string> {
    reference.forget();
    const healing = unsettled && createHealing(tokenizer, unsettled);
    const { ids, base } = prompt;
    const taken = reference.generate({ ids, base }, { maxTokens: Math.max(1, draws.length), healing });
    const expected = await collect(taken);
    if (draws.length > 0) expect(draws).toEqual(expected);
    return stateHash(reference.evaluator);
  }

  const budgets = (plane: number) => [0, 1.5 * plane, 8 * plane, 2 ** 30];

  describe("ids that grow, shrink and change resume from snapshots", () => {
    use(join(fixtures, "models/micro-Q4_K_M.gguf"));
    const series = torture || (slow ? 2 : 4);
    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a random walk, whose steps share what was kept and typed
    test(`${series} series`, async () => {
      const random = seededRandom(seed);
      const below = (n: number) => Math.floor(random() * n);
      const plane = reference.evaluator.sequence.snapshotBytes;
      let computed = 0;
      let asked = 0;
      for (let run = 0; run < series; run++) {
        const snapshotBytes = budgets(plane)[(slow ? run + 1 : run) % 4]!; // the first keeps nothing
        const rollback = (["tape", "planes", "tape", "replay"] as const)[run % 4]!;
        const drafts = run % 6 === 5 ? ({ mode: "mtp", longest: 3, costs: linearCosts } as const) : undefined;
        const session = new Session(bed().gpu, model, {
          context,
          snapshotBytes,
          rollback,
          ...(drafts && { drafts }),
        });
        const some = (n: number) => Array.from({ length: n }, () => below(model.h.vocabulary));
        const texts = [0, 1].map(() => ({
          ids: some(40 + below(slow ? 30 : torture ? 160 : 100)),
          base: 30,
        }));
        for (let step = 0; step < (slow ? 4 : torture ? 10 : 7); step++) {
          const it = texts[below(2)]!;
          const kind = random();
          if (kind < 0.4) it.ids.push(...some(1 + below(5)));
          else if (kind < 0.6) it.ids.splice(-1 - below(12));
          else if (kind < 0.7) it.ids.splice(below(it.ids.length), 3, ...some(4));
          if (it.ids.length < 35) it.ids.push(...some(40));
          if (kind > 0.85 || it.base > it.ids.length - 1) it.base = it.ids.length - 1 - below(8);
          const prompt = { ids: [...it.ids], base: it.base, stem: below(it.base) };
          if (random() < 0.2) {
            const controller = new AbortController();
            const reading = session.read(prompt, controller.signal);
            if (random() < 0.5) controller.abort();
            await reading;
            continue;
          }
          const take = 1 + below(5);
          const draws: Draw[] = [];
          const generation = session.generate(prompt, { maxTokens: 6 });
          for await (const draw of generation) {
            draws.push(draw);
            if (draws.length === take) break;
          }
          it.ids.push(...draws.slice(0, below(take + 1)).map(({ token }) => token));
          const where = `seed ${seed}, series ${run}, step ${step}`;
          expect(await stateHash(session.evaluator), where).toBe(await anew(prompt, draws));
          expect(session.kept.bytes, where).toBeLessThanOrEqual(snapshotBytes);
          computed += generation.soFar.timings.computedTokens;
          asked += prompt.ids.length;
        }
        session.free();
      }
      if (!slow) expect(computed).toBeLessThan(asked * 0.8); // a quarter of them keep nothing
    }, 3_600_000);
  });

  describe.skipIf(slow)("text that is typed, deleted, accepted and left resumes from snapshots", () => {
    use(miniModel);
    const series = torture || 3;
    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a random walk, whose steps share what was kept and typed
    test(`${series} series of edits`, async () => {
      const random = seededRandom(seed + 1);
      const below = (n: number) => Math.floor(random() * n);
      const plane = reference.evaluator.sequence.snapshotBytes;
      const lineStart = (at: number) => source.lastIndexOf("\n", at - 1) + 1;
      for (let run = 0; run < series; run++) {
        const snapshotBytes = budgets(plane)[(run + 1) % 4]!; // the first three keep something
        const session = new Session(bed().gpu, model, { context, snapshotBytes });
        const typed = createTypedTexts(tokenizer, 300);
        const open = (path: string) => {
          const cursor = 1000 + below(source.length - 2000);
          const anchor = lineStart(lineStart(cursor) - 1 - below(200));
          const prefix = source.slice(Math.max(0, anchor - 400), anchor);
          return {
            text: { path, prefix, suffix: source.slice(cursor, cursor + 200), context: [] },
            head: source.slice(anchor, cursor),
            next: cursor,
            shown: "",
          };
        };
        let places = [open("a"), open("b")];
        let at = 0;
        for (let step = 0; step < 8; step++) {
          const kind = random();
          if (kind < 0.1) at = 1 - at;
          else if (kind < 0.15) places = places.with(at, open(places[at]!.text.path));
          const it = places[at]!;
          if (kind < 0.15) {
            // Another place: requested without an edit.
          } else if (kind < 0.5) {
            const length = 1 + below(6);
            it.head += source.slice(it.next, it.next + length);
            it.next += length;
          } else if (kind < 0.65) it.head = it.head.slice(0, -1 - below(30)) || "x";
          else if (kind < 0.8) it.head += it.shown;
          else it.head += ["é", "日本", "👍🏽", " ", "\n    ", "ß=", "\u0301"][below(7)]!;
          const { prompt, unsettled, drew } = typed.at({ ...it.text, middle: it.head });
          const healing = createHealing(tokenizer, unsettled);
          const take = 1 + below(8);
          const draws: Draw[] = [];
          const endIds = tokenizer.endIds;
          for await (const draw of session.generate(prompt, { maxTokens: 8, healing, endIds })) {
            draws.push(draw);
            if (!endIds.has(draw.token)) drew(draw.token);
            if (draws.length === take) break;
          }
          const where = `seed ${seed + 1}, series ${run}, step ${step}`;
          const spell = (ids: readonly number[]) => Buffer.concat(ids.map((id) => tokenizer.bytes(id)));
          const drawn = spell(draws.map(({ token }) => token));
          const head = Buffer.from(it.head);
          // The ids of the middle and the samples after them begin with the head, byte for byte.
          const middle = prompt.ids.slice(prompt.ids.lastIndexOf(tokenizer.fim!.middle!) + 1);
          const whole = Buffer.concat([spell(middle), drawn]);
          const length = Math.min(whole.length, head.length);
          expect(whole.subarray(0, length).equals(head.subarray(0, length)), where).toBe(true);
          it.shown = drawn.subarray(unsettled.length).toString("utf8").replaceAll("\uFFFD", "");
          expect(await stateHash(session.evaluator), where).toBe(await anew(prompt, draws, unsettled));
        }
        session.free();
      }
    }, 3_600_000);

    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a random walk, whose steps share what was kept and typed
    test("typed tokens give nearly the logits that they give as a prompt", async () => {
      const random = seededRandom(seed + 2);
      const { evaluator } = reference;
      const { vocabulary } = model.h;
      const texts = torture || 2;
      let farthest = 0;
      let differing = 0;
      for (let run = 0; run < texts; run++) {
        const start = Math.floor(random() * (source.length - 1200));
        const ids = tokenizer.encode(source.slice(start, start + 900), { special: false }).slice(0, 150);
        const base = 30 + Math.floor(random() * 90);
        const logits: Float32Array[] = [];
        const written: number[][] = [];
        for (const end of [base, ids.length - 1]) {
          reference.forget();
          for (let at = 0; at < end; at += 64)
            await evaluator.pass(ids.slice(at, Math.min(at + 64, end)), { kind: "prompt", logits: "none" });
          for (let at = end; at < ids.length; at += 64) {
            const rows = ids.slice(at, at + 64);
            await evaluator.pass(rows, { kind: "rows", logits: at + 64 < ids.length ? "none" : "last" });
          }
          logits.push(await evaluator.rows(evaluator.logits("last"), 1, vocabulary));
          reference.forget();
          const draws = await collect(
            reference.generate({ ids, base: end }, { maxTokens: torture ? 24 : 4 }),
          );
          written.push(draws.map(({ token }) => token));
        }
        const [typed, read] = logits as [Float32Array, Float32Array];
        const distance = Math.max(...typed.map((logit, i) => Math.abs(logit - read[i]!)));
        expect(distance).toBeLessThan(1e-3); // NaN is not
        farthest = Math.max(farthest, distance);
        if (written[0]!.join() !== written[1]!.join()) differing++;
      }
      if (torture)
        console.log(`farthest logit ${farthest.toExponential(1)}; ${differing} of ${texts} texts differ`);
      reference.forget();
    }, 3_600_000);

    test("typing again and again holds no more memory, and never more than its budget", async () => {
      const path = join(import.meta.dirname, "../../bench/traces/two_files.jsonl");
      const whole = parseRecording(readFileSync(path, "utf8"), path);
      const jump = whole.events.findIndex(({ type, uri }) => type === "ask" && uri !== whole.events[0]!.uri);
      const trace = {
        ...whole,
        events: [...whole.events.slice(0, 20), ...whole.events.slice(jump - 3, jump + 12)],
      };
      const { gpu } = bed();
      const snapshotBytes = 6 * reference.evaluator.sequence.snapshotBytes;
      const session = new Session(gpu, model, { context: 512, snapshotBytes });
      const completer = completerInTurns(createFimCompleter(session, tokenizer), createScheduler());
      const held: unknown[] = [];
      for (let pass = 0; pass < 4; pass++) {
        await playTrace(trace, {
          completer: {
            ...completer,
            complete: (request) => {
              expect(gpu.bytesHeld().snapshots).toBeLessThanOrEqual(snapshotBytes);
              return completer.complete({ ...request, maxTokens: 8 });
            },
          },
          settings: () => DEFAULT_SETTINGS,
        });
        held.push({ ...gpu.bytesHeld(), handles: process.getActiveResourcesInfo().length });
      }
      expect(held[3]).toEqual(held[2]);
      session.free();
    }, 300_000);
  });
}, "fast");
