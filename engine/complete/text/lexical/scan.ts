import type { Pieces } from "../pieces.ts";
import { type Embedded, type Lexis, lexisOf } from "./languages.ts";
import type { Region } from "./regions.ts";

/** What is open at a place in a text. */
export type Frame =
  /** `open` is `(`, `[`, `{`, or `<` where it begins type arguments. */
  | { readonly kind: "bracket"; readonly at: number; readonly open: string }
  /** From `<div` to its `>`. */
  | { readonly kind: "tag"; readonly at: number }
  | { readonly kind: "region"; readonly at: number; readonly region: Region; readonly opened: string }
  /** A section in another language. */
  | { readonly kind: "embedded"; readonly at: number; readonly section: Embedded };

export interface Scan {
  /** What is open at the end, outermost first. */
  readonly open: readonly Frame[];
  /** What was closed that had been open at the beginning, and where: in order. */
  readonly closed: readonly { readonly at: number; readonly frame: Frame }[];
  /** What had been open at the beginning and was lost, because a bracket outside it was closed. */
  readonly lost: readonly Frame[];
  /** Offsets of closing brackets that nothing opened. */
  readonly surplus: readonly number[];
  /** The comments, strings and docstrings that began in what was read, in order; the last may be open. */
  readonly regions: readonly {
    readonly kind: Region["kind"];
    readonly start: number;
    readonly end: number;
  }[];
}

const CLOSER_OF: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };

export interface Range {
  readonly from?: number;
  readonly to?: number;
  /** What is open at `from`. */
  readonly open?: readonly Frame[];
}

/**
 * Reads a text by a language's lexical rules, from `from` to `to`; what is behind `to` tells only whether a string ends
 * on its line. A closer closes the innermost opener that it fits, and with it what was left open inside.
 */
export function scan(
  lexis: Lexis,
  text: string,
  { from = 0, to = text.length, open = [] }: Range = {},
): Scan {
  const reading = new Reading(lexis, text, to, open);
  for (let at = from; at < to; ) at = reading.step(at);
  reading.end();
  return reading;
}

const STEPS = 64; // of a piece: brackets, quotes and comments, 0.1 ms

/** The comments, strings and docstrings of a whole text, as `scan` finds them. */
export function* regionsIn(lexis: Lexis, text: string): Pieces<Scan["regions"]> {
  const reading = new Reading(lexis, text, text.length, []);
  for (let at = 0, steps = 1; at < text.length; steps++) {
    at = reading.step(at);
    if (steps % STEPS === 0) yield;
  }
  reading.end();
  return reading.regions;
}

let last: { readonly lexis: Lexis; readonly text: string; readonly open: readonly Frame[] } | undefined;

/** What is open at the beginning of a line, with the text above it; read once while the user types in that line. */
export function openBelow(lexis: Lexis, text: string): readonly Frame[] {
  if (last?.lexis !== lexis || last.text !== text) last = { lexis, text, open: scan(lexis, text).open };
  return last.open;
}

/** Whether a frame holds no code: a comment or a string. */
export const isLiteral = ({ kind }: Frame): boolean => kind === "region";

/** The state of one scan. */
class Reading implements Scan {
  readonly open: Frame[];
  readonly closed: { at: number; frame: Frame }[] = [];
  readonly lost: Frame[] = [];
  readonly surplus: number[] = [];
  readonly regions: { kind: Region["kind"]; start: number; end: number }[] = [];
  readonly #lexis: Lexis;
  readonly #text: string;
  readonly #to: number;
  readonly #before: ReadonlySet<Frame>;
  /**
   * Quotes that opened no string, since their line ends first, and where it ends: neither do the same ones after them, such as each `\"` of
   * what was meant as one string. To look again at each would take the square of the line's length.
   */
  readonly #unclosed = new Map<string, number>();

  constructor(lexis: Lexis, text: string, to: number, open: readonly Frame[]) {
    this.#lexis = lexis;
    this.#text = text;
    this.#to = to;
    this.open = [...open];
    this.#before = new Set(open);
  }

  /** Reads up to the next opener or closer; returns where to continue. */
  step(at: number): number {
    const top = this.open.at(-1);
    return top?.kind === "region" ? this.#inRegion(top, at) : this.#inCode(at);
  }

  end(): void {
    for (const { kind, at } of this.open) {
      const region = kind === "region" && this.regions.findLast(({ start }) => start === at);
      if (region) region.end = this.#to;
    }
  }

  #inRegion(frame: Frame & { kind: "region" }, at: number): number {
    const { region, opened } = frame;
    const found = find(regionPattern(region, opened), this.#text, at);
    // A comment's own end is its last character, or the line's end; at `to` it is still open.
    if (!found || found.index >= this.#to || found.index + found[0].length > this.#to) {
      if (!region.lines && region.kind === "string" && !closesOnItsLine(found))
        return this.#noString(frame, at);
      return this.#to;
    }
    const end = found.index + found[0].length;
    if (found[GROUP.close] !== undefined) this.#pop(this.open.length - 1, found.index, end);
    else if (found[GROUP.hole] !== undefined)
      this.open.push({ kind: "bracket", at: end - 1, open: found[0].at(-1)! });
    else if (found[GROUP.nested] !== undefined) this.#begin(region, found);
    else if (found[GROUP.lineEnd] !== undefined) return this.#noString(frame, at);
    return end;
  }

  /** The line ends before the string does: its quote was a character like any other. */
  #noString({ at, opened }: Frame & { kind: "region" }, from: number): number {
    const frame = this.open.pop()!;
    if (this.#before.has(frame)) return from;
    this.regions.pop();
    const lineEnd = this.#text.indexOf("\n", from);
    this.#unclosed.set(opened, lineEnd === -1 ? this.#text.length : lineEnd);
    return at + opened.length;
  }

  #begin(region: Region, found: RegExpExecArray): void {
    if (region.kind === "string" && found.index < (this.#unclosed.get(found[0]) ?? 0)) return;
    const end = found.index + found[0].length;
    this.open.push({ kind: "region", at: found.index, region, opened: found[0] });
    this.regions.push({ kind: region.kind, start: found.index, end });
  }

  /** Closes the frame at `index`; what was left open inside is lost. */
  #pop(index: number, at: number, end: number): void {
    for (const [depth, frame] of this.open.splice(index).entries()) {
      if (this.#before.has(frame)) {
        if (depth === 0) this.closed.push({ at, frame });
        else this.lost.push(frame);
      }
      const region = frame.kind === "region" && this.regions.findLast(({ start }) => start === frame.at);
      if (region) region.end = end;
    }
  }

  #inCode(at: number): number {
    const section = this.open.findLast((frame) => frame.kind === "embedded")?.section;
    const lexis = (section && lexisOf(section.languageId)) ?? this.#lexis;
    const top = this.open.at(-1);
    const mode: Mode =
      !lexis.markup || top?.kind === "bracket" ? "code" : top?.kind === "tag" ? "tag" : "text";
    const { pattern, meanings } = patternOf(lexis, mode, section);
    const found = find(pattern, this.#text, at);
    if (!found || found.index >= this.#to) return this.#to;
    const end = found.index + Math.max(1, found[0].length);
    const meaning = meanings[found.findIndex((group, index) => index > 0 && group !== undefined) - 1]!;
    if (typeof meaning === "object" && "languageId" in meaning) return this.#embed(meaning, found, end);
    this.#take(meaning, found, end);
    return Math.min(end, this.#to);
  }

  #take(meaning: Exclude<Meaning, Embedded>, found: RegExpExecArray, end: number): void {
    if (meaning === "section-end") {
      this.#pop(
        this.open.findLastIndex((frame) => frame.kind === "embedded"),
        found.index,
        end,
      );
    } else if (meaning === "tag") this.open.push({ kind: "tag", at: found.index });
    else if (meaning === "tag-end") this.#pop(this.open.length - 1, found.index, end);
    else if (meaning === "bracket") this.#bracket(found[0], found.index);
    else this.#begin(meaning, found);
  }

  /** Begins a section, unless `to` is in the tag that opens it: `<script src="█"></script>`. Returns where to continue. */
  #embed(section: Embedded, { 0: opened, index }: RegExpExecArray, end: number): number {
    if (end <= this.#to) {
      this.open.push({ kind: "embedded", at: index, section });
      return end;
    }
    this.open.push({ kind: "tag", at: index });
    return Math.min(this.#to, index + /^\W*\w*/.exec(opened)![0].length);
  }

  #bracket(bracket: string, at: number): void {
    if (bracket in CLOSER_OF) {
      this.open.push({ kind: "bracket", at, open: bracket });
      return;
    }
    const outside = this.open.findLastIndex(({ kind }) => kind !== "bracket");
    const opener = this.open.findLastIndex(
      (frame, index) => index > outside && frame.kind === "bracket" && CLOSER_OF[frame.open] === bracket,
    );
    // `a > b` compares, unless type arguments are open just here.
    if (bracket === ">" && (opener === -1 || opener < this.open.length - 1)) return;
    if (opener === -1) this.surplus.push(at);
    else this.#pop(opener, at, at + 1);
  }
}

/** Whether what was found ends the string, and not its line. */
const closesOnItsLine = (found: RegExpExecArray | null): boolean =>
  found !== null && found[GROUP.lineEnd] === undefined;

function find(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const GROUP = { skip: 1, close: 2, hole: 3, nested: 4, lineEnd: 5 } as const;
const NEVER = "[]"; // matches nothing
const mostRegionPatterns = 256; // a document may name as many ends of strings as it likes: `<<EOF`, `r##"`
const regionPatterns = new Map<string, RegExp>();

function regionPattern({ open, close, skip, hole, nests, lines, kind }: Region, opened: string): RegExp {
  const end = typeof close === "string" ? close : close(opened);
  const lineEnd = !lines && kind !== "comment" ? "\\n" : NEVER;
  const groups = [skip ?? NEVER, end, hole ?? NEVER, nests ? open : NEVER, lineEnd];
  const source = groups.map((group) => `(${group})`).join("|");
  const known = regionPatterns.get(source);
  if (known) return known;
  if (regionPatterns.size >= mostRegionPatterns) regionPatterns.clear();
  const pattern = new RegExp(source, "gm");
  regionPatterns.set(source, pattern);
  return pattern;
}

type Mode = "code" | "text" | "tag";
type Meaning = Region | Embedded | "bracket" | "tag" | "tag-end" | "section-end";
interface Pattern {
  readonly pattern: RegExp;
  /** Of each group. */
  readonly meanings: readonly Meaning[];
}

const patterns = new Map<Lexis, Map<string, Pattern>>();

function patternOf(lexis: Lexis, mode: Mode, section: Embedded | undefined): Pattern {
  const own = patterns.get(lexis) ?? new Map<string, Pattern>();
  patterns.set(lexis, own);
  const key = `${mode} ${section?.close ?? ""}`;
  const known = own.get(key) ?? createPattern(lexis, mode, section);
  own.set(key, known);
  return known;
}

// After a name, and not before what a comparison has: `List<String>`, `f<T>(`; `a < b` and `a <= b` compare.
const ANGLES = String.raw`(?<=[A-Za-z_]\w*(?:::)?)<(?![<=\s/-])|(?<![-=]|[^,\s]\s+)>(?!=)`;

function createPattern(lexis: Lexis, mode: Mode, section: Embedded | undefined): Pattern {
  const groups: [source: string, meaning: Meaning][] = [];
  if (section) groups.push([section.close, "section-end"]);
  for (const region of lexis.regions)
    if (mode !== "text" || region.kind === "comment") groups.push([region.open, region]);
  for (const embedded of lexis.embedded ?? []) groups.push([embedded.open, embedded]);
  if (mode === "text") groups.push([String.raw`<[\/!?]?[A-Za-z][\w:.-]*|<(?=>)`, "tag"]);
  if (mode === "tag") groups.push([String.raw`\/?>`, "tag-end"]);
  groups.push([mode === "code" ? String.raw`[()[\]{}]` : "[{}]", "bracket"]);
  if (mode === "code" && lexis.generics) groups.push([ANGLES, "bracket"]);
  const source = groups.map(([one]) => `(${one})`).join("|");
  return { pattern: new RegExp(source, "gm"), meanings: groups.map(([, meaning]) => meaning) };
}
