import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { languageIdOf, type OneAnswer, placeAt, type Syntax } from "../../../engine/complete/index.ts";
import { blockWanted, stopRuleFor } from "../../../engine/complete/policy/index.ts";
import type { Random } from "../../reference/random.ts";
import { root } from "./repository.ts";

// Real code in many languages: from packages that this project pins, whose sources are there whenever tests run, and from
// test/fixtures/corpus, whose README.md says where that is from. Nothing of this repository's own code, which changes.

const FOLDERS: readonly (readonly [folder: string, files: RegExp])[] = [
  ["test/fixtures/corpus", /^(?!README\.md$|.*LICENSE).*$/],
  ["node_modules/@huggingface/jinja/src", /\.ts$/],
  ["node_modules/@huggingface/hub/src/lib", /(?<!\.spec)\.ts$/],
  ["node_modules/commander", /\.(?:js|md)$/],
  ["node_modules/picomatch", /\.(?:js|md)$/],
  ["node_modules/uplot/dist", /uPlot\.esm\.js$/],
  ["node_modules/uplot", /^README\.md$/],
  ["node_modules/node-gyp/gyp/pylib", /\.py$/],
  ["node_modules/node-gyp", /^(?:README|CHANGELOG)\.md$/],
  ["node_modules/dependency-cruiser/src", /(?<!validate)\.mjs$/],
  ["node_modules/undici", /^(?:README\.md|docs\/docs\/api\/.*\.md)$/],
];

export interface RealFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
}

const MOST = 200_000; // characters: larger files are generated, most of the time

/** The files of each language, in the order of their paths. */
export function realFiles(): ReadonlyMap<string, readonly RealFile[]> {
  const files = FOLDERS.flatMap(([folder, pattern]) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/"))
      .filter((path) => pattern.test(path.slice(folder.length + 1)))
      .map((path) => {
        const text = readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
        return { path, languageId: languageIdOf(path, text), text };
      }),
  ).filter(({ text, languageId }) => text.length < MOST && languageId !== "plaintext");
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const byLanguage = new Map<string, RealFile[]>();
  for (const file of files)
    byLanguage.set(file.languageId, [...(byLanguage.get(file.languageId) ?? []), file]);
  return byLanguage;
}

/** One of them, by size: each line is as likely. */
export function anyFile(files: readonly RealFile[], random: Random): RealFile {
  let at = random() * files.reduce((sum, { text }) => sum + text.length, 0);
  for (const file of files) {
    at -= file.text.length;
    if (at < 0) return file;
  }
  return files[0]!;
}

/** A file as it was when its author had written it up to the cursor, and what the author wrote there. */
export interface RealPlace {
  readonly file: RealFile;
  readonly kind: PlaceKind;
  /** Of the cursor in the file. */
  readonly offset: number;
  /** Up to the cursor. */
  readonly typed: string;
  /** After the cursor: what the editor has closed, and what is below. */
  readonly rest: string;
  /** What the author wrote next, as far as a suggestion is wanted. */
  readonly truth: string;
  /** What the author wrote from there on, as far as a model would read it. */
  readonly after: string;
  /** The closing brackets and the quote that the editor has added, innermost first. */
  readonly closers: string;
}

/** Where editors ask: at a line's end, after its indentation, within it, or between brackets that the editor has closed. */
type PlaceKind = "line end" | "indentation" | "middle" | "closed";
const KINDS: readonly PlaceKind[] = ["line end", "indentation", "middle", "closed"];
const WINDOW = 8192; // characters of a file each way: more than the length policy and the parser look at
const AFTER = 2000; // characters: more than a model writes
const LINE = 400; // characters: longer lines are data

/** A place in a file; undefined where nothing is wanted. */
export function realPlace(file: RealFile, random: Random, syntax: Syntax): RealPlace | undefined {
  const { text, languageId } = file;
  const from = Math.floor(random() * text.length);
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const next = text.indexOf("\n", start);
  const end = next === -1 ? text.length : next;
  const line = text.slice(start, end);
  if (line.trim() === "" || line.length > LINE) return undefined;
  const kind = KINDS[Math.floor(random() * KINDS.length)]!;
  const column = columnFor(kind, line, random);
  if (column === undefined) return undefined;
  const cursor = start + column;
  const typed = text.slice(cursor > WINDOW ? text.indexOf("\n", cursor - WINDOW) + 1 : 0, cursor);
  const after = text.slice(cursor, cursor + AFTER);
  const below = text.slice(end, end + WINDOW);
  const one = { file, kind, offset: cursor, typed, after };
  if (kind === "closed") {
    const truth = line.slice(column);
    const closers = closersAt(line.slice(0, column), truth, languageId);
    // Between brackets that stay empty nothing is missing.
    return closers && !truth.trimStart().startsWith(closers[0]!)
      ? { ...one, rest: closers + below, truth, closers }
      : undefined;
  }
  // The author had not written the rest of the line yet.
  const bare = placeAt(typed + below, typed.length);
  const facts = syntax.factsAt(languageId, typed, below);
  const decision = stopRuleFor(bare, 12, "auto", facts, languageId)(after);
  const truth =
    blockWanted(bare, "auto", facts) && decision !== "continue"
      ? after.slice(0, decision.keep)
      : line.slice(column);
  const rest = text.slice(cursor + truth.length, end + WINDOW);
  // Above the rest of a block that the author's twelve lines have ended in, other text is wanted.
  const place = placeAt(typed + rest, typed.length);
  const stops = stopRuleFor(place, 12, "auto", syntax.factsAt(languageId, typed, rest), languageId);
  const kept = stops(`${truth}\n`);
  const isWanted = truth.trim() !== "" && (kept === "continue" || truth.slice(0, kept.keep).trim() !== "");
  return isWanted ? { ...one, rest, truth, closers: "" } : undefined;
}

function columnFor(kind: PlaceKind, line: string, random: Random): number | undefined {
  const indent = line.length - line.trimStart().length;
  switch (kind) {
    case "line end":
      return line.length;
    case "indentation":
      return indent;
    case "middle": {
      const column = indent + Math.floor(random() * (line.length - indent));
      const word = /[\p{L}\p{N}_$\p{M}]/u;
      // Within a word nothing is asked.
      return word.test(line[column]!) && word.test(line[column - 1] ?? "") ? undefined : column;
    }
    case "closed": {
      const openers = [...line.matchAll(/[([{"'`]/g)];
      const column = (openers[Math.floor(random() * openers.length)]?.index ?? -1) + 1;
      return column === 0 || column === line.length ? undefined : column;
    }
  }
}

const CLOSERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The quotes that VS Code closes, by the language configurations that it ships; brackets it closes in all of them. */
const QUOTES: Readonly<Record<string, string>> = {
  go: "\"'`",
  javascript: "\"'`",
  markdown: "",
  python: "\"'`",
  rust: '"',
  shellscript: "\"'`",
  typescript: "\"'`",
};
const USUAL_QUOTES = "\"'";

/** What is open at the end of a text, innermost last, as an editor closes it: it knows quotes, and no more of a language. */
function openIn(text: string, before: readonly string[] = []): string[] | undefined {
  const open = [...before];
  for (const character of text) {
    const inner = open.at(-1);
    if (inner !== undefined && /["'`]/.test(inner)) {
      if (character === inner) open.pop();
    } else if (/["'`]/.test(character)) open.push(character);
    else if (CLOSERS[character]) open.push(character);
    else if (/[)\]}]/.test(character)) {
      if (inner === undefined || CLOSERS[inner] !== character) return undefined;
      open.pop();
    }
  }
  return open;
}

/** What the editor has added after `head`, where the author's line closes all that it opens; undefined where it does not. */
function closersAt(head: string, truth: string, languageId: string): string | undefined {
  const open = openIn(head);
  const left = open && openIn(truth, open);
  if (!open || left?.length !== 0 || open.length === 0) return undefined;
  const quotes = QUOTES[languageId] ?? USUAL_QUOTES;
  return open.every((opener) => opener in CLOSERS || quotes.includes(opener)) ? closersOf(open) : undefined;
}

const closersOf = (open: readonly string[]): string =>
  open
    .map((opener) => CLOSERS[opener] ?? opener)
    .reverse()
    .join("");

/** LINE:COL, from 1. */
export function positionIn(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `${lines.length}:${lines.at(-1)!.length + 1}`;
}

/** Whether the author's own text has passed. */
export function verdictOn(
  { typed, rest, truth, closers }: RealPlace,
  { shown, document, stages }: Pick<OneAnswer, "shown" | "document" | "stages">,
): "same" | "dropped" | "changed" {
  if (shown === null) return "dropped";
  const line = typed.slice(typed.lastIndexOf("\n") + 1);
  if (closers === "") {
    // The length policy may stop earlier than it did with less text below: what no filter has cut is whole.
    const filtered = stages.some(
      ({ stage }) => stage.startsWith("filter:") && stage !== "filter:trailing-space",
    );
    const isWhole = shown.trimEnd() === truth.trimEnd() || !filtered;
    return isWhole && truth.startsWith(shown.trimEnd()) && document === typed + shown + rest
      ? "same"
      : "changed";
  }
  // All of what is inside; then as much of what follows as the text has, and what the editor had added for the rest.
  const got = document
    .slice(typed.length - line.length)
    .split("\n", 1)[0]!
    .trimEnd();
  const open = openIn(line)!;
  const leftAt = (length: number) => openIn(truth.slice(0, length), open)!;
  let length = 0;
  while (leftAt(length + 1).length >= open.length) length++;
  for (; length <= truth.length; length++)
    if (got === (line + truth.slice(0, length) + closersOf(leftAt(length))).trimEnd()) return "same";
  return "changed";
}
