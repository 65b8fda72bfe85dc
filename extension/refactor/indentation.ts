import { leadingWhite } from "../../engine/complete/index.ts";
import { linesInStrings } from "./lexical.ts";
import { headOf, type Selected } from "./selected.ts";

/** One line of code: its indentation, and the rest. */
interface Line {
  white: string;
  readonly rest: string;
  /** It begins inside a string, whose white space belongs to the program. */
  readonly inString: boolean;
}

/** How code is indented: with tabs, or with this many spaces a step. `sure`: seen below the opener of a block. */
interface Unit {
  readonly tabs: boolean;
  readonly size: number;
  readonly sure: boolean;
}

/**
 * The model's code, indented as the selection is: from the selection's own column, and with its own tabs or spaces. It
 * begins and ends with the blank lines and the line break of the selection. Lines within strings keep their white space.
 * Empty where there is no code. All texts have `\n` line ends.
 */
export function fitToSelection(code: string, selected: Selected): string {
  const trimmed = code.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  if (trimmed === "") return "";
  const { text, languageId } = selected;
  const lead = /^(?:[ \t]*\n)*/.exec(text)![0];
  const head = headOf(selected);
  // Of a first line that is selected from its middle on, the white space alone counts.
  const core = leadingWhite(head) + text.slice(lead.length);
  const originals = linesOf(core, languageId);
  const base = commonWhite(originals);
  const own = ownUnit(originals, base, selected);

  const lines = linesOf(trimmed, languageId);
  const shift = firstIsBare(lines, base, own) ? base : commonWhite(lines);
  // What the selection leaves out of its first line, the first line of the answer leaves out too.
  if (shift === base && lines[0]!.white === "") lines[0]!.white = leadingWhite(head);
  for (const line of indentedLines(lines)) line.white = line.white.slice(shift.length);
  const verbatim = new Set(core.split("\n"));
  const inUnits = converter(lines, own);
  const fitted = lines.map((line, index) => {
    const { white, rest, inString } = line;
    if (inString) return stringLine(white + rest, shift, base, verbatim);
    if (rest === "") return "";
    const whole = base + (verbatim.has(base + white + rest) ? white : inUnits(white));
    if (index > 0) return whole + rest;
    return (whole.startsWith(head) ? whole.slice(head.length) : "") + rest;
  });
  return lead + fitted.join("\n") + /\s*$/.exec(text)![0];
}

function linesOf(code: string, languageId: string): Line[] {
  const inStrings = linesInStrings(code, languageId);
  return code.split("\n").map((line, index) => {
    const white = leadingWhite(line);
    const rest = line.slice(white.length);
    return { white, rest: rest.trim() === "" ? "" : rest, inString: inStrings[index]! };
  });
}

/** The lines whose indentation says where they belong. */
const indentedLines = (lines: readonly Line[]): Line[] =>
  lines.filter(({ rest, inString }) => rest !== "" && !inString);

function commonWhite(lines: readonly Line[]): string {
  const [first, ...others] = indentedLines(lines).map(({ white }) => white);
  let common = first ?? "";
  for (const white of others) while (!white.startsWith(common)) common = common.slice(0, -1);
  return common;
}

const OPENS = /(?:[([{:,=+\-*/%&|<>?\\]|\b(?:then|do|else|try|begin))$/; // the next line is deeper
const HEADER = /^(?:\}\s*)?(?:if|for|while|else|foreach)\b.*\)$/; // of a statement without braces
const CONTINUES = /^(?:[.?:+\-*/%&|<>=]|\?\?)/; // a line that is deeper than the one that it continues

/**
 * Whether the model left out the indentation of the first line alone, as a selection that begins in the middle of a line
 * does. Else a first line without indentation means that all lines are moved to the left.
 */
function firstIsBare(lines: readonly Line[], base: string, own: Unit | undefined): boolean {
  const [first, second, ...others] = indentedLines(lines);
  if (base === "" || !first || !second || first.white !== "") return false;
  if (![second, ...others].every(({ white }) => white.startsWith(base))) return false;
  const deeper = OPENS.test(first.rest) || HEADER.test(first.rest) || CONTINUES.test(second.rest);
  if (!deeper) return second.white === base;
  return second.white.length >= base.length + (own?.size ?? 1);
}

/** How the selection is indented; where it has one level only, how the lines around it are. */
function ownUnit(originals: readonly Line[], base: string, { before, after, languageId }: Selected) {
  const relative = originals.map((line) =>
    line.inString || line.rest === "" ? line : { ...line, white: line.white.slice(base.length) },
  );
  const around = () => unitOf(linesOf(before, languageId)) ?? unitOf(linesOf(after, languageId));
  const found = unitOf(relative) ?? around();
  if (found || base === "") return found;
  return { tabs: base.includes("\t"), size: base.includes("\t") ? 1 : base.length, sure: false };
}

function unitOf(all: readonly Line[]): Unit | undefined {
  const lines = indentedLines(all);
  const indented = lines.filter(({ white }) => white !== "");
  if (indented.length === 0) return undefined;
  const tabbed = indented.filter(({ white }) => white.startsWith("\t")).length;
  if (tabbed * 2 > indented.length) return { tabs: true, size: 1, sure: true };
  const steps: number[] = [];
  const openerSteps: number[] = [];
  for (const [index, { white }] of lines.entries()) {
    const above = lines[index - 1];
    const step = white.length - (above?.white.length ?? 0);
    if (step <= 0) continue;
    steps.push(step);
    if (above && /[{:]$/.test(above.rest)) openerSteps.push(step);
  }
  if (steps.length === 0) return undefined;
  const sure = openerSteps.length > 0;
  return { tabs: false, size: Math.min(...(sure ? openerSteps : steps)), sure };
}

/** Rewrites the answer's indentation in the selection's units, where both are known and differ. */
function converter(lines: readonly Line[], own: Unit | undefined): (white: string) => string {
  const theirs = unitOf(lines);
  const same = (white: string) => white;
  if (!own || !theirs) return same;
  if (theirs.tabs) {
    return own.tabs ? same : (white) => white.replaceAll("\t", " ".repeat(own.size));
  }
  const { size } = theirs;
  if (own.tabs)
    return (white) =>
      white.includes("\t")
        ? white
        : "\t".repeat(Math.floor(white.length / size)) + " ".repeat(white.length % size);
  // Steps of another width may be the alignment of a continued line: only blocks tell.
  const whole = indentedLines(lines).every(({ white }) => white.length % size === 0);
  if (!own.sure || !theirs.sure || !whole || size === own.size) return same;
  return (white) => " ".repeat((white.length / size) * own.size);
}

/** A line within a string: as the model wrote it, unless only the moved line is one of the selection's. */
function stringLine(line: string, shift: string, base: string, verbatim: ReadonlySet<string>): string {
  const moved = line.startsWith(shift) ? base + line.slice(shift.length) : line;
  return !verbatim.has(line) && verbatim.has(moved) ? moved : line;
}
