import type { SilenceId } from "../silences.ts";
import type { EditContext, EditPrompt } from "./formats.ts";
import { isTooLong, tokenCap, withReplacement } from "./pieces.ts";
import { type Marks, refusalOf } from "./refused.ts";
import {
  grownRange,
  type Lines,
  mappedBack,
  openHunkOf,
  readLines,
  type Window,
  windowOf,
} from "./window.ts";

/** The window of Zeta's models, and lines beside it that are shown and stay. */
export interface Region {
  readonly lines: Lines;
  readonly window: Window;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** `before` begins with the file's first line, or the window does. */
  readonly isAtTop: boolean;
  /** `after` ends with the file's last line, or the window does. */
  readonly isAtBottom: boolean;
}

const REGION_TOKENS = 350;
const CONTEXT_TOKENS = 150;
export const ANSWER_TOKENS = 1024;

export function regionAt({ path, text, cursor }: EditContext, marks: Marks): Region | SilenceId {
  const lines = readLines(text, cursor);
  const { rows, line } = lines;
  const [first, last] = grownRange(lines, [line, line + 1], REGION_TOKENS);
  const [outerFirst, outerLast] = grownRange(lines, [first, last], CONTEXT_TOKENS);
  const window = windowOf(lines, first, last);
  const refused = refusalOf([path, rows.slice(outerFirst, outerLast).join("\n")], marks);
  if (refused) return refused;
  if (isTooLong(window, ANSWER_TOKENS)) return "model-window";
  return {
    lines,
    window,
    before: rows.slice(outerFirst, first),
    after: rows.slice(last, outerLast),
    isAtTop: outerFirst === 0,
    isAtBottom: outerLast === rows.length,
  };
}

/** What a prompt says of its answer: the window in the format's `written` form, as it is and with the last replacement made again. */
export function answerTo(
  { text, hunks, replaced }: EditContext,
  window: Window,
  written: (text: string) => string,
): Omit<EditPrompt, "prompt" | "steady" | "stops"> {
  const expected = withReplacement(window.text, replaced);
  return {
    window,
    earlier: mappedBack(text, window, openHunkOf(hunks, window)),
    said: "",
    original: written(window.text),
    ...(expected !== undefined && { expected: written(expected) }),
    maxTokens: tokenCap(window.text, ANSWER_TOKENS),
  };
}
