import { anchorPrompt } from "../../../engine/complete/text/anchor.ts";
import type { PromptParts } from "../../../engine/contract/index.ts";
import type { Place } from "./places.ts";

export interface Variant {
  readonly name: string;
  /** What it is compared with, beside the same places. */
  readonly against?: string;
  /** Asked at every place; the others only at the first ones. */
  readonly everywhere?: boolean;
  readonly parts: (place: Place) => Pick<PromptParts, "prefix" | "middle" | "suffix">;
}

const HEAD = 8;
const CANONICAL = "head 0";
const FRESH = `head ${HEAD}`;

const head =
  (lines: number): Variant["parts"] =>
  ({ text, cursor }) =>
    anchorPrompt(text, cursor, lines);

/** The prompt with a head of 8 lines and another suffix. */
const suffix =
  (change: (suffix: string, place: Place) => string): Variant["parts"] =>
  (place) => {
    const parts = head(HEAD)(place);
    return { ...parts, suffix: change(parts.suffix, place) };
  };

/** The lines that end within the first `characters`; at least the line end at the cursor. */
const shortened = (text: string, characters: number): string =>
  text.length <= characters ? text : text.slice(0, text.lastIndexOf("\n", characters - 1) + 1);

/** The suffix as it stood k lines further up: the k lines above the cursor's come again, then what follows its line. */
function withLinesAbove(text: string, { text: file, cursor }: Place, k: number): string {
  const { middle } = anchorPrompt(file, cursor, k);
  return `\n${middle.slice(0, middle.lastIndexOf("\n") + 1)}${text.slice(1)}`;
}

/** The suffix from before the next k lines were there: they are missing. */
function withoutLinesBelow(text: string, k: number): string {
  let end = 0;
  for (let line = 0; line < k && end >= 0; line++) end = text.indexOf("\n", end + 1);
  return end < 0 ? "\n" : text.slice(end);
}

/**
 * `head n`: the middle begins n lines above the cursor's line, the suffix is what follows that line. `head 0` is the
 * canonical prompt of these measurements; `cursor` puts all up to the cursor into the prefix and nothing into the middle.
 * The others have a head of 8 lines and a suffix that is short, or stale by k lines.
 */
export const variants: readonly Variant[] = [
  { name: CANONICAL, everywhere: true, parts: head(0) },
  ...[2, 4, HEAD, 12, 16, 24, 32].map(
    (lines): Variant => ({
      name: `head ${lines}`,
      against: CANONICAL,
      everywhere: lines === HEAD,
      parts: head(lines),
    }),
  ),
  {
    name: "cursor",
    against: CANONICAL,
    parts: ({ text, cursor }) => ({
      prefix: text.slice(0, cursor),
      middle: "",
      suffix: text.slice(cursor),
    }),
  },
  ...[400, 120, 0].map(
    (characters): Variant => ({
      name: characters === 0 ? "suffix none" : `suffix ${characters}`,
      against: FRESH,
      parts: suffix((text) => shortened(text, characters)),
    }),
  ),
  ...[4, 8, 16].map(
    (k): Variant => ({
      name: `stale +${k}`,
      against: FRESH,
      parts: suffix((text, place) => withLinesAbove(text, place, k)),
    }),
  ),
  ...[4, 8, 16].map(
    (k): Variant => ({
      name: `stale −${k}`,
      against: FRESH,
      parts: suffix((text) => withoutLinesBelow(text, k)),
    }),
  ),
];
