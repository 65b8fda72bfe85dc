import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { completerInTurns } from "../../../engine/cli/commands/turns.ts";
import { DEFAULT_SETTINGS } from "../../../engine/complete/index.ts";
import { playTrace } from "../../../engine/complete/replay/player.ts";
import { parseRecording } from "../../../engine/complete/replay/recording.ts";
import type { EditRequest } from "../../../engine/contract/index.ts";
import {
  createEditor,
  createFimCompleter,
  createScheduler,
  drain,
  Session,
  type SessionOptions,
} from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { loadModel, type Model } from "../../../engine/model/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../../../engine/text/index.ts";
import {
  shadowsOf,
  shadowText,
  shadowVocabulary,
  writeAnsweringModel,
} from "../../reference/write_answering_model.ts";
import { eachDevice } from "../support/devices.ts";
import { miniModel, temporaryFolder } from "../support/models.ts";
import { stateHash } from "../support/state.ts";

// An edit's answer is a window of 21 lines, most of which comes again. The model is a synthetic `qwen2` that writes the answer which
// the prompt's end names, so passes are counted exactly, and any draft can be compared with any answer.

const traces = join(import.meta.dirname, "../../bench/traces");
const context = 1024;
const vocabulary = 1000;
const code = readFileSync(join(traces, "sources/suffix_automaton.ts.txt"), "utf8").split("\n");

/** Prints what RESULTS.md has, and counts at 32 and 64 rows too. */
const all = process.env.FORETYPE_TALLIES !== undefined;

/** Any number of rows costs a pass: as wide as allowed is best. */
const flat = { verify: () => 1, link: 1, wait: 0 };

eachDevice((bed, device) => {
  // SwiftShader, the slower one, has five lines and fewer cases.
  const few = device === "swiftshader";
  const [lines, slots] = few ? [5, 96] : [21, 256];
  const window = code.slice(80, 80 + lines).join("\n");
  let model: Model;
  let tokenizer: Tokenizer;
  let end: number;

  beforeAll(async () => {
    await using folder = await temporaryFolder();
    await using mini = await openGguf(miniModel);
    const source = vocabularyFrom(mini);
    const special = createTokenizer(source).specialTexts;
    await writeAnsweringModel(folder.at("answering.gguf"), vocabulary, slots);
    await using file = await openGguf(folder.at("answering.gguf"));
    model = await loadModel(bed().gpu, file);
    tokenizer = createTokenizer(shadowVocabulary(source, special, vocabulary));
    end = tokenizer.idOf("<|endoftext|>")!;
  }, 120_000);
  afterAll(() => model.free());

  const open = (drafts?: SessionOptions["drafts"]) =>
    new Session(bed().gpu, model, { context, ...(drafts && { drafts }) });
  const encode = (text: string) => tokenizer.encode(text, { special: false });

  /** The window's ids with three of them, in its middle, replaced by `fresh`; and the same as text. */
  function changed(ids: readonly number[], fresh: readonly number[]): { ids: number[]; text: string } {
    const at = ids.length >> 1;
    const edited = [...ids.slice(0, at), ...fresh, ...ids.slice(fresh.length === 0 ? at : at + 3)];
    return { ids: edited, text: tokenizer.decode(edited) };
  }

  /** A request as S1 lays it out, and then what its answer is to be. */
  function requestFor(answer: readonly number[], more: Partial<EditRequest> = {}): EditRequest {
    const separator = { token: "<|file_sep|>" };
    const shadows = shadowsOf(answer, end, slots).map((id) => ({ token: shadowText(id) }));
    const head = [separator, `original/a.ts\n${window}\n`, separator, "current/a.ts\n", window];
    return {
      prompt: [...head, "\n", separator, "updated/a.ts", ...shadows],
      steady: [2, 4],
      original: `\n${window}\n`,
      stops: ["<|file_sep|>"],
      maxTokens: 300,
      ...more,
    };
  }

  /** Runs an edit to its end. */
  async function run(session: Session, request: EditRequest) {
    const deltas: string[] = [];
    let logProbability = 0;
    const generate: Session["generate"] = (...args) => {
      generation = session.generate(...args);
      return generation;
    };
    let generation: ReturnType<Session["generate"]> | undefined;
    const ended = await drain(createEditor({ generate }, tokenizer).edit(request), (delta) => {
      deltas.push(delta.text);
      logProbability += delta.logProbability;
    });
    const { drafts } = generation!.soFar;
    const text = deltas.join("");
    return { text, logProbability, reason: ended!.reason, cost: ended!, passes: drafts.rounds, drafts };
  }

  /** Passes by the rows of a pass: with the window as the only draft, with the right change beside it, and with a wrong one. */
  const cases = few
    ? [{ count: 5, fresh: "limit < wanted", window: { 16: 10 }, right: { 16: 8 }, wrong: { 16: 11 } }]
    : [
        {
          count: 0,
          fresh: "",
          window: { 16: 13, 32: 7, 64: 4 },
          right: { 16: 13, 32: 7, 64: 4 },
          wrong: { 16: 14 },
        },
        {
          count: 5,
          fresh: "limit < wanted",
          window: { 16: 20, 32: 14, 64: 11 },
          right: { 16: 14, 32: 7, 64: 4 },
          wrong: { 16: 20 },
        },
        {
          count: 15,
          fresh: "this.find(state) ?? wanted[limit]",
          window: { 16: 29, 32: 23, 64: 20 },
          right: { 16: 14, 32: 7, 64: 4 },
          wrong: { 16: 29 },
        },
      ];
  const wrongly = "something that nobody wrote";

  /** What is drafted from beside the window, and how wide passes are: all of RESULTS.md's table, or some of it. */
  function draftsOf(count: number, right: string, wrong: string) {
    const widths = few ? [16] : all ? [16, 32, 64] : count === 5 ? [16, 64] : [16];
    return widths.flatMap((rows) => [
      { rows, what: "window" as const },
      ...(all || count > 0 ? [{ rows, what: "right" as const, expected: right }] : []),
      ...(rows === 16 && (all || (count === 5 && !few))
        ? [{ rows, what: "wrong" as const, expected: wrong }]
        : []),
    ]);
  }

  for (const { count, fresh, ...passes } of cases) {
    test(`${count} new tokens: drafts from the window change no byte, and save the passes that they should (I1)`, async () => {
      const original = encode(`\n${window}\n`);
      const answer = changed(original, encode(fresh).slice(0, count));
      const request = requestFor(answer.ids);
      const plain = open();
      const expected = await run(plain, request);
      expect(expected.text, "the model writes what its prompt names").toBe(answer.text);
      expect([expected.reason, expected.passes]).toEqual(["end", answer.ids.length + 1]);
      const hash = await stateHash(plain.evaluator);
      plain.free();
      const guess = changed(original, encode(wrongly)).text;
      for (const { rows, what, ...more } of draftsOf(count, answer.text, guess)) {
        const session = open({ mode: "auto", longest: rows - 1, costs: flat });
        const got = await run(session, { ...request, ...more });
        const { text, reason, logProbability } = got;
        const where = `${rows} rows, ${what}`;
        expect({ text, reason, logProbability }, where).toEqual({
          text: expected.text,
          reason: expected.reason,
          logProbability: expected.logProbability,
        });
        expect(await stateHash(session.evaluator), where).toBe(hash);
        session.free();
        if (all) console.log(`${count} of ${answer.ids.length} new, ${where}: ${got.passes} passes`);
        expect(got.passes, where).toBe((passes[what] as Record<number, number>)[rows]);
      }
    }, 300_000);
  }

  test.skipIf(few)(
    "a consumer that leaves at convergence stops it within the round, and rows past it are rolled back",
    async () => {
      const answer = changed(encode(`\n${window}\n`), encode("wanted < limit")).ids;
      const session = open({ mode: "auto", longest: 15, costs: flat });
      const plain = open();
      const request = requestFor(answer);
      for (const characters of [1, 100, 300]) {
        let generation: ReturnType<Session["generate"]> | undefined;
        const generate: Session["generate"] = (...args) => {
          generation = session.generate(...args);
          return generation;
        };
        let text = "";
        let steps = 0;
        for await (const delta of createEditor({ generate }, tokenizer).edit(request)) {
          text += delta.text;
          ({ steps } = generation!.soFar.timings);
          if (text.length >= characters) break;
        }
        const { timings } = generation!.soFar;
        expect(timings.steps, "rounds after it has left").toBe(steps);
        const taken = session.evaluator.position - timings.promptTokens + 1;
        const some = await run(plain, { ...request, maxTokens: taken });
        expect(text).toBe(some.text);
        expect(await stateHash(session.evaluator), `after ${taken}`).toBe(await stateHash(plain.evaluator));
      }
      session.free();
      plain.free();
    },
  );

  test.skipIf(few)("stops end it, as texts and as tokens, and are not streamed", async () => {
    const session = open({ mode: "auto", longest: 15, costs: flat });
    const separator = tokenizer.idOf("<|file_sep|>")!;
    const cut = await run(
      session,
      requestFor([...encode("\na = 1\n>>>>>>> UPDATED\nb"), separator], { stops: [">>>>>>>"] }),
    );
    expect([cut.text, cut.reason]).toEqual(["\na = 1\n", "end"]);
    const token = await run(session, requestFor([...encode("\na"), separator, ...encode("b")]));
    expect([token.text, token.reason]).toEqual(["\na", "end"]);
    const most = await run(session, requestFor(encode("\nabc = def"), { maxTokens: 2 }));
    expect(most.reason).toBe("max-tokens");
    session.free();
  });

  test.skipIf(few)(
    "an edit that ghost text preempts gives way within two rounds, and continues with the same text",
    async () => {
      const session = open({ mode: "auto", longest: 15, costs: flat });
      const answer = changed(encode(`\n${window}\n`), encode("wanted < limit"));
      const request = requestFor(answer.ids);
      const scheduler = createScheduler();
      const ghost = completerInTurns(createFimCompleter(session, tokenizer), scheduler);
      const prompt = { path: "a.ts", prefix: "", middle: "const x = 1;\n", suffix: "", context: [] };
      const ask = () => drain(ghost.complete({ prompt, maxTokens: 3, priority: "automatic" }));
      await ask();
      const { computedTokens } = (await ask())!;
      for (const after of [0, 1, 300]) {
        let generation: ReturnType<Session["generate"]> | undefined;
        const generate: Session["generate"] = (...args) => {
          generation = session.generate(...args);
          return generation;
        };
        const edit = createEditor({ generate }, tokenizer).begin(request);
        let text = "";
        let asked: ReturnType<typeof ask> | undefined;
        let turns = 0;
        let steps = 0;
        for (let reason = ""; reason !== "end"; ) {
          using turn = await scheduler.enter("edit");
          if (++turns === 1 && after === 0) asked = ask();
          const ended = await drain(edit.run(turn!.signal), (delta) => {
            text += delta.text;
            if (text.length < after || asked) return;
            ({ steps } = generation!.soFar.timings);
            asked = ask();
          });
          if (turn!.preempted) {
            expect(ended.reason).toBe("cancelled");
            expect(generation!.soFar.timings.steps, "rounds after ghost text has asked").toBe(steps);
          }
          ({ reason } = ended);
        }
        const ghostCost = await asked!;
        expect(turns, `after ${after}`).toBe(2);
        expect(text, `after ${after}`).toBe(answer.text);
        expect(ghostCost!.computedTokens, "as without the edit").toBe(computedTokens);
      }
      session.free();
    },
  );

  test.skipIf(few)(
    "a model without the format's tokens, and a prompt that is too long, are one sentence each",
    async () => {
      const session = open();
      const prompt = ["x", { token: "<|marker_1|>" }];
      await expect(run(session, requestFor([], { prompt }))).rejects.toThrow("no special token");
      const long = requestFor([], { prompt: ["word ".repeat(2000)], steady: [] });
      await expect(run(session, long)).rejects.toThrow(
        /The prompt has \d+ tokens and the context holds 1024/,
      );
      expect((await run(session, requestFor(encode("\nok")))).text).toBe("\nok");
      session.free();
    },
  );

  test.skipIf(few)(
    "over a recorded trace, ghost text computes and writes what it does without edits in between",
    async () => {
      await using mini = await openGguf(miniModel);
      const model = await loadModel(bed().gpu, mini);
      const words = createTokenizer(vocabularyFrom(mini));
      const path = join(traces, "two_files.jsonl");
      const whole = parseRecording(readFileSync(path, "utf8"), path);
      const jump = whole.events.findIndex(({ type, uri }) => type === "ask" && uri !== whole.events[0]!.uri);
      const trace = {
        ...whole,
        events: [...whole.events.slice(0, 8), ...whole.events.slice(jump - 3, jump + 5)],
      };
      const play = async (edits: boolean) => {
        const session = new Session(bed().gpu, model, { context: 512 });
        const scheduler = createScheduler();
        const ghost = completerInTurns(createFimCompleter(session, words), scheduler);
        const running: Promise<void>[] = [];
        let computed = 0;
        let preempted = 0;
        /** An edit of what is before the cursor, in as many turns as it takes. */
        const edit = async (text: string): Promise<void> => {
          const separator = { token: "<|file_sep|>" };
          const window = text.slice(-200);
          const prompt = [
            separator,
            "original/a.ts\n",
            window,
            separator,
            "current/a.ts\n",
            window,
            separator,
            "updated/a.ts",
          ];
          const one = createEditor(session, words).begin({
            prompt,
            steady: [3, 5],
            original: `\n${window}`,
            stops: [],
            maxTokens: 6,
          });
          for (;;) {
            using turn = await scheduler.enter("edit");
            const { computedTokens } = await drain(one.run(turn!.signal));
            computed += computedTokens;
            if (!turn!.preempted) return;
            preempted++;
          }
        };
        const { keystrokes } = await playTrace(trace, {
          completer: {
            ...ghost,
            async *complete(request) {
              const stream = ghost.complete({ ...request, maxTokens: 8 });
              try {
                return yield* stream;
              } finally {
                await stream.return(undefined); // its turn ends before the edit's
                const after = edits ? edit(request.prompt.prefix + request.prompt.middle) : Promise.resolve();
                running.push(after);
                if (running.length % 2 === 0) await after; // else the next request preempts it
              }
            },
          },
          settings: () => DEFAULT_SETTINGS,
        });
        await Promise.all(running);
        session.free();
        return { rows: keystrokes.map(({ latencyMs: _, ...counts }) => counts), computed, preempted };
      };
      const alone = await play(false);
      const between = await play(true);
      model.free();
      expect(between.rows).toEqual(alone.rows);
      expect(between.computed).toBeGreaterThan(200);
      expect(between.preempted).toBeGreaterThan(0);
    },
  );
}, "fast");
