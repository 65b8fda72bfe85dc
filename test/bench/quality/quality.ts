// Are suggestions from one prompt as good as from another? Completes the rest of lines that files of other projects have,
// with prompts that differ only in where prefix, middle and suffix are cut (variants.ts), and compares in pairs.
//   node test/bench/quality/run.mjs --typescript FOLDER --python FOLDER --rows ROWS.jsonl [--places N] [--some N] [--out FILE]
// Rows are written as they come: the same command resumes where it was stopped; --summary only prints the tables.
// A smoke run: --places 10. On a machine without a GPU, --peer is ten times as quick (llama.cpp: see peer_llama.ts).
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { PEER_CHILD, runPeerChild } from "../../../engine/cli/bench/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { type LineSource, type ModelLine, withPeer, withSession } from "./lines.ts";
import { drawPlaces, type Language, type Place } from "./places.ts";
import { printSummary, summarise } from "./summary.ts";
import { type Variant, variants } from "./variants.ts";

/** The line for a prompt, or that its middle does not fit the context. */
interface Answer extends ModelLine {
  readonly fits: boolean;
  /** Hash of the prompt's ids: at one place, equal prompts are asked once. */
  readonly prompt: string;
  readonly promptTokens: number;
}

/** An answer, where it was asked, and how it compares to the file's own text. */
export interface Row extends Answer {
  readonly place: number;
  readonly variant: string;
  readonly language: Language;
  readonly file: string;
  readonly midWord: boolean;
  /** 1 or 0. */
  readonly exact: number;
  /** 1 or 0: whether the first word, or run of marks, is the file's own. */
  readonly word: number;
  /** 1 − Levenshtein distance / the longer's length. */
  readonly similarity: number;
}

// llama.cpp runs in a child, which is this bundle again (peer_llama.ts).
if (process.argv[2] === PEER_CHILD) await runPeerChild();
else await main();

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      model: { type: "string", default: "mini" },
      device: { type: "string" },
      context: { type: "string" },
      /** Ask llama.cpp on the CPU instead of this engine: the same prompts, no probabilities. */
      peer: { type: "boolean", default: false },
      places: { type: "string", default: "1000" },
      /** Places, from the first, for the variants that are not asked everywhere; default: 3 of 10. */
      some: { type: "string" },
      seed: { type: "string", default: "1" },
      /** Folders, or COMMIT:FOLDER of this repository. */
      typescript: { type: "string", multiple: true, default: [] },
      python: { type: "string", multiple: true, default: [] },
      rows: { type: "string" },
      summary: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { model, device, context, typescript, python, rows: path, out } = options;
  if (path === undefined) throw new Error("name a file for the rows: --rows ROWS.jsonl");
  const seed = Number(options.seed);
  const rows = readRows(path);
  if (!options.summary) {
    const jobs = jobsFor(
      drawPlaces({ typescript, python }, Number(options.places), seed),
      Number(options.some),
    );
    const choice = { model, ...(device && { device }), ...(context && { context: Number(context) }) };
    await (options.peer ? withPeer : withSession)(choice, (source) => ask(source, jobs, rows, path));
  }
  const summary = summarise(rows, variants, seed);
  printSummary(summary);
  if (out) writeFileSync(out, `${JSON.stringify(summary, null, 2)}\n`);
}

function readRows(path: string): Row[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line.length > 0).map((line) => JSON.parse(line));
}

interface Job {
  readonly place: Place;
  readonly variant: Variant;
}

/** First the pairs that every place has, then the other variants, place by place. */
function jobsFor(places: readonly Place[], some: number): Job[] {
  const of = (subset: readonly Place[], everywhere: boolean) =>
    subset.flatMap((place) =>
      variants
        .filter((variant) => (variant.everywhere ?? false) === everywhere)
        .map((variant) => ({ place, variant })),
    );
  return [...of(places, true), ...of(places.slice(0, some), false)];
}

/** Asks what `rows` do not have yet; adds to them, and to their file. */
async function ask(source: LineSource, jobs: readonly Job[], rows: Row[], path: string): Promise<void> {
  console.error(source.description);
  const done = new Set(rows.map((row) => `${row.place} ${row.variant}`));
  const asked = new Map<string, Answer>(rows.map((row) => [`${row.place} ${row.prompt}`, row]));
  const left = jobs.filter(({ place, variant }) => !done.has(`${place.index} ${variant.name}`));
  const started = performance.now();
  for (const [i, job] of left.entries()) {
    const row = toRow(job, await answer(source, job, asked));
    rows.push(row);
    appendFileSync(path, `${JSON.stringify(row)}\n`);
    const seconds = (performance.now() - started) / 1000;
    if (i % 50 === 49) console.error(`${i + 1} of ${left.length}, ${seconds.toFixed(0)} s`);
  }
}

async function answer(
  source: LineSource,
  { place, variant }: Job,
  asked: Map<string, Answer>,
): Promise<Answer> {
  const prompt = { path: place.file, context: [], ...variant.parts(place) };
  let ids: number[];
  try {
    ids = source.ids(prompt);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { fits: false, prompt: "", promptTokens: 0, text: "", logProbability: null };
  }
  const hash = createHash("sha256").update(ids.join()).digest("hex").slice(0, 12);
  const known = asked.get(`${place.index} ${hash}`);
  if (known) return known;
  const line = await source.line(prompt, ids);
  const fresh = { fits: true, prompt: hash, promptTokens: ids.length, ...line };
  asked.set(`${place.index} ${hash}`, fresh);
  return fresh;
}

function toRow({ place, variant }: Job, { fits, prompt, promptTokens, text, logProbability }: Answer): Row {
  const { index, language, file, midWord, answer } = place;
  const said = text.trimEnd();
  return {
    place: index,
    variant: variant.name,
    language,
    file,
    midWord,
    fits,
    prompt,
    promptTokens,
    text,
    exact: fits && said === answer ? 1 : 0,
    word: fits && firstWord(said) === firstWord(answer) ? 1 : 0,
    similarity: fits ? 1 - distance(said, answer) / Math.max(said.length, answer.length) : 0,
    logProbability,
  };
}

function firstWord(text: string): string {
  return /^\s*(\w+|[^\w\s]+)/.exec(text)?.[0] ?? "";
}
