import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEditHistory } from "../../../engine/complete/edits/history.ts";
import { createModelSource, textOfPrompt } from "../../../engine/complete/edits/model/index.ts";
import { createRefusals } from "../../../engine/complete/edits/refusals.ts";
import { parseRecording } from "../../../engine/complete/replay/recording.ts";
import { type EditModel, type EditRequest, NO_COST } from "../../../engine/contract/index.ts";
import { createEditor } from "../../../engine/generate/editor.ts";
import type { Evaluator } from "../../../engine/generate/evaluator.ts";
import { type Prompt, PromptReader } from "../../../engine/generate/prompt.ts";
import type { Session } from "../../../engine/generate/session.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { grid } from "../../../engine/state/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../../../engine/text/index.ts";
import { fakeGpu, fakeSequence } from "../support/fake_sequence.ts";

// FORETYPE_TALLIES plays all traces and prints the table of RESULTS.md; FORETYPE_VOCABULARY is a GGUF whose tokens are counted.
const all = process.env.FORETYPE_TALLIES !== undefined;

// What a keystroke costs an edit's prompt, over the recorded traces: prompts by the rule of Sweep's S1, read by the real reader onto
// a sequence of plain arrays.

const root = join(import.meta.dirname, "../../..");
const traces = join(root, "test/bench/traces");
/** A reader that runs nothing: what it computes are counts. */
function countingReader(context: number, budget: number) {
  const { gpu, buffer } = fakeGpu();
  const { sequence } = fakeSequence(buffer, { context, tape: 128 });
  let ids: readonly number[] = [];
  const run = (rows: number) => sequence.run(ids.slice(sequence.position, sequence.position + rows));
  const evaluator = {
    gpu: Object.assign(gpu, { counters: { submits: 0 }, idle: async () => {} }),
    workspace: { step: undefined },
    sequence: Object.assign(sequence, { readPrompt: run, endPrompt: () => {} }),
    plan: async () => undefined,
    rowsAtOnce: (rows: number) => Math.min(rows, 64),
    pass: async (rows: readonly number[]) => run(rows.length),
    async runPaced(_plan: unknown, _use: unknown, { before }: { before: () => void }) {
      before();
      return "whole";
    },
  };
  Object.assign(evaluator.gpu.device, { queue: { writeBuffer: () => {} } });
  const reader = new PromptReader(evaluator as unknown as Evaluator, budget);
  return async (prompt: Prompt): Promise<number> => {
    ({ ids } = prompt);
    await reader.read(prompt, { mtp: false, signal: undefined });
    return reader.computed + 1;
  };
}

function told(list: readonly number[]): string {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  const few = sorted.filter((it) => it <= 160).length / sorted.length;
  return `${sorted.length} keys, p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}, ${(100 * few).toFixed(1)} % at most 160`;
}

/** What a model is asked after each change of a trace, in its layout of ids, and whether more than the tail is another text than before. */
async function* prompts(name: string, tokenizer: Tokenizer) {
  const { events } = parseRecording(readFileSync(join(traces, name), "utf8"), name);
  let nowMs = 0;
  const clock = { now: () => nowMs };
  const history = createEditHistory({ clock, isExcluded: () => false });
  let asked: EditRequest | undefined;
  const model: EditModel = {
    async *edit(request) {
      asked = request;
      yield { text: request.original, logProbability: 0 };
      return { reason: "end", ...NO_COST };
    },
  };
  const ask = createModelSource({ model, format: "sweep-1", clock });
  let steadyText = "";
  for (const event of events) {
    if (event.type === "open") history.open(event, event.text);
    if (event.type !== "change") continue;
    const { uri, changes, at } = event;
    nowMs = at;
    history.changed(uri, changes, "typed");
    const { offset, inserted } = changes.at(-1)!;
    asked = undefined;
    await ask(
      { uri, cursor: offset + inserted.length, history, refusals: createRefusals() },
      new AbortController().signal,
    );
    if (!asked) continue;
    const request: EditRequest = asked;
    const before = textOfPrompt(request.prompt.slice(0, request.steady.at(-2)));
    yield { prompt: await layOut(request, tokenizer), moved: before !== steadyText, at };
    steadyText = before;
  }
}

/** A request as a session reads it. */
async function layOut(request: EditRequest, tokenizer: Tokenizer): Promise<Prompt> {
  let prompt: Prompt | undefined;
  const generate: Session["generate"] = (asked) => {
    prompt = asked as Prompt;
    throw new Error("enough");
  };
  await createEditor({ generate }, tokenizer)
    .edit({ ...request, original: "", stops: [], maxTokens: 1 })
    .next()
    .catch(() => {});
  return prompt!;
}

test("a key that stays in its hunk and window costs an edit the tail of its prompt, whatever ghost text reads in between", async () => {
  await using file = await openGguf(
    process.env.FORETYPE_VOCABULARY ?? join(root, "media/model/foretype-mini.gguf"),
  );
  const tokenizer = createTokenizer(vocabularyFrom(file));
  const ghost = { ids: Array.from({ length: 300 }, (_, i) => i), base: 256 };
  const stays: number[] = [];
  const moves: number[] = [];
  const whole: number[] = [];
  const names = all ? readdirSync(traces).filter((it) => it.endsWith(".jsonl")) : ["fix_bug.jsonl"];
  for (const name of names) {
    const read = countingReader(4096, 2 ** 20);
    let last: number | undefined;
    for await (const { prompt, moved, at } of prompts(name, tokenizer)) {
      const base = prompt.base!;
      const computed = await read(prompt);
      await read(ghost); // it has the sequence between two keys
      whole.push(prompt.ids.length);
      if (moved || last === undefined) moves.push(computed);
      else {
        stays.push(computed);
        // The tail, and where the line is another than before what is between the two and a point of the grid.
        const tail = prompt.ids.length - Math.min(base, last);
        expect(computed, `${name} at ${at}`).toBeLessThanOrEqual(tail + (base === last ? 0 : grid));
      }
      last = base;
    }
  }
  expect(stays.length).toBeGreaterThan(200);
  if (all)
    for (const [what, list] of Object.entries({ stays, moves, whole })) console.log(`${what}: ${told(list)}`);
}, 60_000);
