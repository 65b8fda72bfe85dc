import picomatch from "picomatch";
import type { PipelineSettings, Question, Silence } from "../contract.ts";
import { insideCharacter } from "./inside_character.ts";

const MAX_LINE = 1000; // characters before the cursor: minified code, which no suggestion helps

/** What the gates look at beside the question: the cursor's line, and what a parser knows. */
export interface GateView {
  readonly head: string;
  readonly rest: string;
  readonly inComment: boolean;
  readonly nowMs: number;
}

/**
 * Why nothing is computed at a place; null if every gate is open. An explicit request passes the gates of taste
 * (trigger, snooze, language, middle of a line), never those of safety.
 */
export function closedGate(question: Question, settings: PipelineSettings, view: GateView): Silence | null {
  return (
    unfitDocument(question, settings) ??
    insideCharacter(question) ??
    (question.trigger === "invoked" ? null : unwanted(question, settings, view)) ??
    unfitPlace(view)
  );
}

/** What a setting decides, and where to change it. */
const bySetting = (id: string, problem: string, setting: string): Silence => ({
  id,
  problem,
  advice: `see the setting “${setting}”`,
  setting,
});

function unfitDocument(question: Question, { enabled, exclude }: PipelineSettings): Silence | null {
  const { document, cursors, selectionIsEmpty } = question;
  if (!enabled)
    return {
      id: "disabled",
      problem: "Suggestions are off",
      advice: "turn on the setting “foretype.enable”",
      setting: "foretype.enable",
    };
  const pattern = exclude.find((glob) => matches(glob, document.path));
  if (pattern !== undefined) {
    const problem = `This file is never read, because its path matches “${pattern}”`;
    return bySetting("excluded", problem, "foretype.exclude");
  }
  if (document.readOnly)
    return {
      id: "read-only",
      problem: "This file cannot be edited",
      advice: "suggestions are for files that can",
    };
  if (cursors > 1)
    return {
      id: "several-cursors",
      problem: `There are ${cursors} cursors`,
      advice: "suggestions need exactly one",
    };
  if (!selectionIsEmpty)
    return { id: "selection", problem: "Text is selected", advice: "suggestions appear where nothing is" };
  return null;
}

function unwanted(
  { document: { languageId } }: Question,
  { languages, snoozedUntilMs, trigger, inComments }: PipelineSettings,
  { rest, inComment, nowMs }: GateView,
): Silence | null {
  if (!(languages[languageId] ?? languages["*"] ?? true))
    return bySetting("language-off", `Suggestions are off for ${languageId}`, "foretype.languages");
  if (snoozedUntilMs > nowMs)
    return {
      id: "snoozed",
      problem: `Suggestions are snoozed for ${Math.ceil((snoozedUntilMs - nowMs) / 60_000)} more min`,
      advice: "click the status bar item to end that",
    };
  if (trigger === "manual")
    return bySetting("manual", "Suggestions come only when you ask (Alt+\\)", "foretype.trigger");
  if (inComment && !inComments)
    return bySetting("in-comment", "Suggestions are off inside comments", "foretype.inComments");
  if (!/^[\s)\]}>"'`]*(?::?\s*[{;,]?|=>\s*\{?)\s*$/.test(rest))
    return {
      id: "mid-line",
      problem: "Code follows on this line",
      advice: "suggestions appear at its end, or before closing brackets",
    };
  return null;
}

function unfitPlace({ head, rest }: GateView): Silence | null {
  if (/^[\p{L}\p{N}_$]/u.test(rest))
    return {
      id: "mid-word",
      problem: "The cursor is inside a word",
      advice: "suggestions appear at its end",
    };
  if (head.length > MAX_LINE)
    return {
      id: "long-line",
      problem: `This line has more than ${MAX_LINE} characters before the cursor`,
      advice: "suggestions appear on shorter lines",
    };
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
