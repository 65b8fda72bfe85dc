import picomatch from "picomatch";
import type { PipelineSettings, Question, Silence } from "../contract.ts";

const MAX_LINE = 1000; // characters before the cursor: minified code, which no suggestion helps

/** What the gates look at beside the question: the cursor's line, and what a parser knows. */
export interface GateView {
  readonly head: string;
  readonly rest: string;
  readonly inComment: boolean;
  readonly nowMs: number;
}

/**
 * Why nothing is even computed at a place; null where the way is free. What the user invokes passes the gates that
 * stand for taste (trigger, snooze, language, middle of a line), never those that stand for safety.
 */
export function closedGate(question: Question, settings: PipelineSettings, view: GateView): Silence | null {
  const { document, trigger } = question;
  const { head, rest, inComment, nowMs } = view;
  const invoked = trigger === "invoked";
  const silence = (id: string, sentence: string): Silence => ({ id, sentence });

  if (!settings.enabled)
    return silence("disabled", "Suggestions are off: turn on the setting “foretype.enable”.");
  const pattern = settings.exclude.find((glob) => matches(glob, document.path));
  if (pattern !== undefined)
    return silence(
      "excluded",
      `This file is never read, because its path matches “${pattern}”: see the setting “foretype.exclude”.`,
    );
  if (document.readOnly)
    return silence("read-only", "This file cannot be edited: suggestions are for files that can.");
  if (question.cursors > 1)
    return silence("several-cursors", `There are ${question.cursors} cursors: suggestions need exactly one.`);
  if (!question.selectionIsEmpty)
    return silence("selection", "Text is selected: suggestions appear where nothing is.");
  if (!invoked) {
    if (!(settings.languages[document.languageId] ?? settings.languages["*"] ?? true))
      return silence(
        "language-off",
        `Suggestions are off for ${document.languageId}: see the setting “foretype.languages”.`,
      );
    if (settings.snoozedUntilMs > nowMs) {
      const minutes = Math.ceil((settings.snoozedUntilMs - nowMs) / 60_000);
      return silence(
        "snoozed",
        `Suggestions are snoozed for ${minutes} more min: click the status bar item to end that.`,
      );
    }
    if (settings.trigger === "manual")
      return silence(
        "manual",
        "Suggestions come only when you ask (Alt+\\): see the setting “foretype.trigger”.",
      );
    if (inComment && !settings.inComments)
      return silence(
        "in-comment",
        "Suggestions are off inside comments: see the setting “foretype.inComments”.",
      );
    if (!/^[\s)\]}>"'`]*(?::?\s*[{;,]?|=>\s*\{?)\s*$/.test(rest))
      return silence(
        "mid-line",
        "Code follows on this line: suggestions appear at its end, or before closing brackets.",
      );
  }
  if (/^[\p{L}\p{N}_$]/u.test(rest))
    return silence("mid-word", "The cursor is inside a word: suggestions appear at its end.");
  if (head.length > MAX_LINE)
    return silence("long-line", `This line has more than ${MAX_LINE} characters before the cursor.`);
  return null;
}

const matchers = new Map<string, (path: string) => boolean>();

/** Whether a glob fits a path; a pattern without a slash fits a name in any folder. */
export function matches(glob: string, path: string): boolean {
  let matcher = matchers.get(glob);
  if (!matcher) {
    try {
      matcher = picomatch(glob.includes("/") ? glob : `**/${glob}`, { dot: true, nocase: true });
    } catch {
      matcher = () => false; // no glob at all: settings.ts says so
    }
    matchers.set(glob, matcher);
  }
  return matcher(path.replace(/^\/+/, ""));
}
