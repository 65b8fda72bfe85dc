import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { applyChanges, parseRecording } from "../../../engine/complete/replay/recording.ts";
import type { PromptPiece } from "../../../engine/contract/index.ts";
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
const around = 10; // lines of the window above and below the cursor's
const sticky = 3; // lines that the cursor may be off the middle
const near = 8; // lines from an edit to the next one of the same hunk

interface Hunk {
  /** The document before it. */
  readonly before: readonly string[];
  /** Its lines then, [start, end), and by how many lines it has grown. */
  start: number;
  end: number;
}

/** Lines that differ: [start, end) of `before`. */
function differing(before: readonly string[], now: readonly string[]): { start: number; end: number } {
  let start = 0;
  while (start < before.length && start < now.length && before[start] === now[start]) start++;
  let back = 0;
  while (
    back < before.length - start &&
    back < now.length - start &&
    before[before.length - 1 - back] === now[now.length - 1 - back]
  )
    back++;
  return { start, end: before.length - back };
}

/** S1 over a document that is being typed: closed hunks, the window before the open one, the window now. */
function createLayout(path: string) {
  const closed: string[] = [];
  let open: Hunk | undefined;
  /** The window: its first line now, and its end in the text before the open hunk. */
  let first = Number.NEGATIVE_INFINITY;
  let last = 0;
  const separator = { token: "<|file_sep|>" };
  const close = (now: readonly string[]) => {
    if (!open) return;
    const { start, end } = differing(open.before, now);
    const old = open.before.slice(Math.max(0, start - 3), end + 3);
    const fresh = now.slice(Math.max(0, start - 3), end + now.length - open.before.length + 3);
    closed.push(`${path}.diff\noriginal:\n${old.join("\n")}\nupdated:\n${fresh.join("\n")}\n`);
    last += now.length - open.before.length;
    open = undefined;
  };
  return {
    /** @returns the prompt, and whether its frozen part is another than that of the key before */
    after(before: readonly string[], now: readonly string[], line: number) {
      const changed = differing(before, now);
      const grown = now.length - before.length;
      let moved = false;
      if (open && (changed.start < open.start - near || changed.start > open.end + near)) close(before);
      if (!open) {
        open = { before, start: changed.start, end: changed.end + Math.max(0, grown) };
        moved = true;
      }
      open.start = Math.min(open.start, changed.start);
      open.end = Math.max(open.end + grown, changed.end + grown);
      if (Math.abs(line - first - around) > sticky) {
        first = Math.max(0, line - around);
        last = first + 2 * around + 1 - (now.length - open.before.length);
        moved = true;
      }
      // Lines that are added make the window longer, and `original` stays as it is.
      const delta = now.length - open.before.length;
      const current = now.slice(first, last + delta);
      const original = open.before.slice(open.start < first ? first - delta : first, last);
      const at = line - first;
      const prompt: PromptPiece[] = [
        ...closed.slice(-6).flatMap((hunk) => [separator, hunk]),
        separator,
        `original/${path}\n${original.join("\n")}\n`,
        separator,
        `current/${path}\n${current
          .slice(0, at)
          .map((it) => `${it}\n`)
          .join("")}`,
        `${current.slice(at).join("\n")}\n`,
        separator,
        `updated/${path}`,
      ];
      const typed = prompt.length - 3;
      return { prompt, steady: [typed - 4, typed - 2, typed], moved };
    },
  };
}

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

/** The prompt that an edit has after each change of a trace. */
async function* prompts(name: string, tokenizer: Tokenizer) {
  const { events } = parseRecording(readFileSync(join(traces, name), "utf8"), name);
  const documents = new Map<string, { text: string; layout: ReturnType<typeof createLayout> }>();
  for (const event of events) {
    if (event.type === "open")
      documents.set(event.uri, { text: event.text, layout: createLayout(event.path) });
    if (event.type !== "change") continue;
    const document = documents.get(event.uri)!;
    const before = document.text;
    document.text = applyChanges(before, event.changes);
    const { offset, inserted } = event.changes.at(-1)!;
    const line = document.text.slice(0, offset + inserted.length).split("\n").length - 1;
    const { moved, ...request } = document.layout.after(before.split("\n"), document.text.split("\n"), line);
    let asked: Prompt | undefined;
    const generate: Session["generate"] = (prompt) => {
      asked = prompt as Prompt;
      throw new Error("enough");
    };
    const rest = { original: "", stops: [], maxTokens: 1 };
    await createEditor({ generate }, tokenizer)
      .edit({ ...request, ...rest })
      .next()
      .catch(() => {});
    yield { prompt: asked!, base: asked!.base!, moved, uri: event.uri, at: event.at };
  }
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
    let last: { readonly uri: string; readonly base: number } | undefined;
    for await (const { prompt, base, moved, uri, at } of prompts(name, tokenizer)) {
      const computed = await read(prompt);
      await read(ghost); // it has the sequence between two keys
      whole.push(prompt.ids.length);
      if (moved || last?.uri !== uri) moves.push(computed);
      else {
        stays.push(computed);
        // The tail, and where the line is another than before what is between the two and a point of the grid.
        const tail = prompt.ids.length - Math.min(base, last.base);
        expect(computed, `${name} at ${at}`).toBeLessThanOrEqual(tail + (base === last.base ? 0 : grid));
      }
      last = { uri, base };
    }
  }
  expect(stays.length).toBeGreaterThan(200);
  if (all)
    for (const [what, list] of Object.entries({ stays, moves, whole })) console.log(`${what}: ${told(list)}`);
}, 60_000);
