import type { DocumentChange } from "../metrics/index.ts";

const PAIRS = ["()", "[]", "{}", '""', "''", "``", "<>"];
const LONGEST = 2000; // characters: two lines of indentation; a longer text is not looked at

/**
 * Whether one key makes an editor insert this: a character, a bracket with its partner, Tab, or Enter with the
 * indentation that comes by itself (two lines of it between braces).
 */
export const isKey = (inserted: string): boolean =>
  inserted.length <= LONGEST &&
  ((inserted.length <= 2 && [...inserted].length === 1) ||
    PAIRS.includes(inserted) ||
    /^(?: {1,8}|(?:\r?\n[ \t]*){1,2})$/.test(inserted));

export type KeystrokeKind = "typed" | "deleted" | "pasted" | "accepted" | "jumped" | "asked";

/** One keystroke that was played: what it was, what it cost, what was on the screen after it. */
export interface Keystroke {
  /** Milliseconds since the recording began. */
  readonly at: number;
  readonly uri: string;
  /** Where it was typed, from 1. */
  readonly line: number;
  /** `jumped`: the first after the cursor has moved by more than a line; `asked`: no change came before the question. */
  kind: KeystrokeKind;
  /** From the last keystroke's line, negative upwards; null where it did not jump, or to another document. */
  readonly jumpedLines: number | null;
  /** A suggestion was on the screen, and began with what was typed; null where none was. */
  matched: boolean | null;
  /** What is on the screen after it, from the cursor on. */
  shown: string | null;
  /** Why nothing is: a silence's id; `not-asked` where the editor did not ask. */
  silence: string | null;
  /** Streams that the model began for the user. */
  streams: number;
  /** Tokens run before the first that was free, of these streams. */
  computedTokens: number;
  /** Lengths of their prompts: what an engine computes that reads the whole prompt again. */
  promptTokens: number;
  /** Tokens that they wrote. */
  decodedTokens: number;
  /** Streams that were left before they reported their cost: not in the numbers above. */
  uncounted: number;
  /** Background work that no question awaits: prompts prefilled ahead, and what may follow the suggestion. */
  readonly idle: { computedTokens: number; decodedTokens: number; streams: number; prepared: number };
  /** Real milliseconds from the question to its answer; null where there was none, or it came too late. */
  latencyMs: number | null;
}

/** What kind of edit the changes are, by themselves. */
export function kindOf(changes: readonly DocumentChange[]): "typed" | "deleted" | "pasted" {
  if (changes.every(({ inserted }) => inserted === "")) return "deleted";
  return changes.every(({ inserted }) => inserted === "" || isKey(inserted)) ? "typed" : "pasted";
}

/**
 * Whether an edit types further into a suggestion at `place`, whose remaining text is `rest`. Of the inserted text, only
 * the part before `cursor` was typed: the editor adds closing brackets. Typing over one replaces it by itself.
 * @param before the document before the edit
 */
export function typesInto(
  rest: string,
  place: number,
  changes: readonly DocumentChange[],
  before: string,
  cursor: number,
): boolean {
  const [change] = changes;
  if (changes.length !== 1 || !change || change.inserted === "" || change.offset !== place) return false;
  const { offset, removed, inserted } = change;
  const typed = inserted.slice(0, Math.max(0, cursor - offset)) || inserted;
  return rest.startsWith(typed) && before.slice(offset, offset + removed) === inserted.slice(0, removed);
}

/** The middle, all but a twentieth, and the largest of some numbers; null where there are none. */
export interface Spread {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
  readonly n: number;
}

/** What keystrokes cost. Shares are from 0 to 1, and null where there is nothing to divide by. */
export interface TypingSummary {
  /** Without questions that no change came before. */
  readonly keystrokes: number;
  /** Tokens computed a keystroke: by us, and by an engine that reads the whole prompt again. */
  readonly computedTokens: Spread;
  readonly wholePromptTokens: Spread;
  /** Keystrokes that agree with the suggestion on the screen; share of them that needed no token of the model. */
  readonly matched: { readonly n: number; readonly withoutModel: number | null };
  /** Tokens computed for the first request to the model after a jump, in one document and to another. */
  readonly jumps: { readonly computedTokens: Spread; readonly wholePromptTokens: Spread };
  readonly jumpsToOtherDocuments: { readonly computedTokens: Spread; readonly wholePromptTokens: Spread };
  readonly streams: number;
  readonly decodedTokens: number;
  /** Questions that no change came before, and what they computed. */
  readonly asked: { readonly n: number; readonly computedTokens: number };
  /** Streams that were left before they reported their cost. */
  readonly uncountedStreams: number;
  readonly idle: {
    readonly computedTokens: number;
    readonly decodedTokens: number;
    readonly streams: number;
    readonly prepared: number;
  };
  readonly shownPer100Keys: number | null;
  /**
   * Real milliseconds from a question to the suggestion that answers it, by the model and without it. In virtual time
   * the model has written all of the suggestion by then: an editor shows its first lines sooner.
   */
  readonly latencyMs: { readonly byModel: Spread; readonly withoutModel: Spread };
}

export function summarise(all: readonly Keystroke[]): TypingSummary {
  const keys = all.filter(({ kind }) => kind !== "asked");
  const asked = all.filter(({ kind }) => kind === "asked");
  const matched = keys.filter((key) => key.matched === true);
  const free = matched.filter(({ streams }) => streams === 0);
  const { inDocument, toOthers } = requestsAfterJumps(all);
  return {
    keystrokes: keys.length,
    ...tokensOf(keys),
    matched: { n: matched.length, withoutModel: share(free.length, matched.length) },
    jumps: tokensOf(inDocument),
    jumpsToOtherDocuments: tokensOf(toOthers),
    streams: sum(all, ({ streams }) => streams),
    decodedTokens: sum(all, ({ decodedTokens }) => decodedTokens),
    asked: { n: asked.length, computedTokens: sum(asked, ({ computedTokens }) => computedTokens) },
    uncountedStreams: sum(all, ({ uncounted }) => uncounted),
    idle: {
      computedTokens: sum(all, ({ idle }) => idle.computedTokens),
      decodedTokens: sum(all, ({ idle }) => idle.decodedTokens),
      streams: sum(all, ({ idle }) => idle.streams),
      prepared: sum(all, ({ idle }) => idle.prepared),
    },
    shownPer100Keys: scaled(keys.filter(({ shown }) => shown !== null).length, keys.length),
    latencyMs: {
      byModel: latencyOf(all.filter(({ streams }) => streams > 0)),
      withoutModel: latencyOf(all.filter(({ streams }) => streams === 0)),
    },
  };
}

/** The first keystroke from each jump on that the model was asked for; none where it was not before the next jump. */
function requestsAfterJumps(all: readonly Keystroke[]) {
  const inDocument: Keystroke[] = [];
  const toOthers: Keystroke[] = [];
  let jump: Keystroke | undefined;
  for (const key of all) {
    if (key.kind === "jumped") jump = key;
    if (!jump || key.streams === 0) continue;
    (jump.jumpedLines === null ? toOthers : inDocument).push(key);
    jump = undefined;
  }
  return { inDocument, toOthers };
}

const tokensOf = (keys: readonly Keystroke[]) => ({
  computedTokens: spread(keys.map(({ computedTokens }) => computedTokens)),
  wholePromptTokens: spread(keys.map(({ promptTokens }) => promptTokens)),
});

const latencyOf = (keys: readonly Keystroke[]): Spread =>
  spread(keys.flatMap(({ shown, latencyMs }) => (shown === null ? [] : (latencyMs ?? []))));

const sum = (keys: readonly Keystroke[], of: (key: Keystroke) => number): number =>
  keys.reduce((total, key) => total + of(key), 0);

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const scaled = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part * 1000) / whole) / 10;

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? null, n: sorted.length };
}
