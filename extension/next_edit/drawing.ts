import type { NextEditView } from "../../engine/complete/index.ts";
import { baseName, fenceFor, withHiddenShown } from "../words/index.ts";
import { type Stretch, type WordChanges, wordChanges } from "./word_changes.ts";

/** What the screen has room for. */
export interface ScreenFacts {
  /** Of the active editor. */
  readonly uri: string;
  readonly cursorLine: number;
  readonly wordWrap: boolean;
  /** The editor shows it as ghost text at the cursor. */
  readonly isGhost: boolean;
  /** What the user presses: Tab, or the other keys where Tab indents. */
  readonly key: string;
}

/** Where in the active editor something is drawn, and what it says. Lines count from 0, offsets are the document's. */
export interface Drawing {
  /** What would go away. */
  readonly removed: readonly Stretch[];
  /** What would stay, with more around it or inside. */
  readonly grown: readonly Stretch[];
  /** What would come, at the end of its line, where it moves no code. */
  readonly fresh: readonly { readonly line: number; readonly text: string }[];
  /** What the key does, at the end of the cursor's line. */
  readonly hint?: { readonly line: number; readonly text: string };
  readonly gutter?: { readonly line: number; readonly lastLine: number };
  /** The change as Markdown. */
  readonly hover: string;
  /** For those who do not see it. */
  readonly sentence: string;
}

const MOST = 80; // characters of a new text behind a line
const MOST_SAID = 60; // … in a sentence
const HOVER_LINES = 30;
const NOTHING: WordChanges = { removed: [], grown: [], fresh: [] };

/** How a next edit is drawn; undefined: nothing is. */
export function drawingOf(view: NextEditView, facts: ScreenFacts): Drawing | undefined {
  if (view.kind === "none") return undefined;
  const { proposal, tab } = view;
  const { uri, start, old, fresh, line, lastLine } = proposal;
  const isHere = uri === facts.uri;
  const changes = isHere && !facts.isGhost ? wordChanges(old, fresh) : NOTHING;
  const texts = facts.wordWrap ? [] : changes.fresh;
  const inDocument = (stretches: readonly Stretch[]) =>
    stretches.map((one) => ({ start: start + one.start, end: start + one.end }));
  return {
    ...(isHere && { gutter: { line, lastLine } }),
    removed: inDocument(changes.removed),
    grown: inDocument(changes.grown),
    fresh: texts.map((one) => ({ line: line + one.line, text: `→ ${shortened(one.text, MOST)}` })),
    ...(!facts.isGhost && { hint: { line: facts.cursorLine, text: hintOf(view, facts, texts.length > 0) } }),
    hover: `**Foretype: next edit**\n\n${diffOf(old, fresh)}`,
    sentence: `Next edit, ${placeIn(uri, line, facts)}: ${changeInWords(old, fresh)}. ${facts.key} ${
      tab === "jump" ? "goes there" : "accepts it"
    }, Escape refuses it.`,
  };
}

function hintOf(
  { proposal, tab }: Extract<NextEditView, { kind: "shown" }>,
  facts: ScreenFacts,
  hasText: boolean,
): string {
  const { uri, line, lastLine, fresh } = proposal;
  if (tab === "jump") return `${facts.key} → ${placeIn(uri, line, facts)}`;
  if (hasText) return facts.key;
  if (fresh === "") return `${facts.key}: delete`;
  if (line === lastLine && !fresh.includes("\n")) return `${facts.key}: ${shortened(fresh, MOST / 2)}`;
  const lines = fresh.split("\n").length;
  return `${facts.key}: ${lines} ${lines === 1 ? "line" : "lines"}`;
}

const placeIn = (uri: string, line: number, facts: ScreenFacts): string =>
  uri === facts.uri ? `line ${line + 1}` : `${baseName(decodeURIComponent(uri))}, line ${line + 1}`;

function changeInWords(old: string, fresh: string): string {
  const before = `“${shortened(old.trim(), MOST_SAID)}”`;
  return fresh === "" ? `${before} is deleted` : `${before} becomes “${shortened(fresh.trim(), MOST_SAID)}”`;
}

/** One line, with a name for what is not seen: a model may have written it. */
function shortened(text: string, most: number): string {
  const line = withHiddenShown(text).replace(/\s*\n\s*/g, " ⏎ ");
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** Fenced, so that nothing in it is Markdown. */
function diffOf(old: string, fresh: string): string {
  const signed = (sign: string, text: string) =>
    text === "" ? [] : text.split("\n").map((line) => `${sign} ${line}`);
  const all = [...signed("-", withHiddenShown(old)), ...signed("+", withHiddenShown(fresh))];
  const lines = all.slice(0, HOVER_LINES);
  if (all.length > lines.length) lines.push(`  … and ${all.length - lines.length} lines more`);
  const text = lines.join("\n");
  const fence = fenceFor(text);
  return `${fence}diff\n${text}\n${fence}`;
}
