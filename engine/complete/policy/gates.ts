import type { LinePlace, PipelineSettings, Question, Silence } from "../contract.ts";
import type { Place } from "../text/index.ts";
import { languageOff, unfitDocument } from "./document_gates.ts";
import { insideCharacter } from "./inside_character.ts";
import { isLineOver } from "./rest_of_line.ts";

const MAX_HEAD = 1000; // characters before the cursor: minified code, which no suggestion helps
const MAX_LINE = 131_072; // characters: more than a prompt has room for

/** Whether a line is too long for suggestions; its text need not be read then. */
export const isLineTooLong = ({ character, lineLength }: Omit<LinePlace, "line">): boolean =>
  character > MAX_HEAD || lineLength > MAX_LINE;

/** What the gates look at beside the question: the cursor's place, and what is known of it. */
export interface GateView {
  readonly place: Place;
  /** Asked only where comments are off. */
  readonly inComment: () => boolean;
  readonly nowMs: number;
}

/**
 * Why nothing is computed at a place; null if every gate is open. An explicit request passes the gates of taste
 * (trigger, snooze, language, middle of a line), never those of safety.
 */
export function closedGate(question: Question, settings: PipelineSettings, view: GateView): Silence | null {
  return (
    unfitDocument(question.document, settings) ??
    unfitSelection(question) ??
    insideCharacter(question) ??
    (question.trigger === "invoked" ? null : unwanted(question, settings, view)) ??
    unfitPlace(question, view)
  );
}

/** What a setting decides, and where to change it. */
const bySetting = (id: string, problem: string, setting: string): Silence => ({
  id,
  problem,
  advice: `see the setting “${setting}”`,
  setting,
});

function unfitSelection({ cursors, selectionIsEmpty }: Question): Silence | null {
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
  { document }: Question,
  settings: PipelineSettings,
  { place, inComment, nowMs }: GateView,
): Silence | null {
  const { snoozedUntilMs, trigger, inComments } = settings;
  const off = languageOff(document, settings);
  if (off) return off;
  if (snoozedUntilMs > nowMs)
    return {
      id: "snoozed",
      problem: `Suggestions are snoozed for ${Math.ceil((snoozedUntilMs - nowMs) / 60_000)} more min`,
      advice: "click the status bar item to end that",
    };
  if (trigger === "manual")
    return bySetting("manual", "Suggestions come only when you ask (Alt+\\)", "foretype.trigger");
  if (!inComments && inComment())
    return bySetting("in-comment", "Suggestions are off inside comments", "foretype.inComments");
  if (!isLineOver(place, document.languageId))
    return {
      id: "mid-line",
      problem: "Code follows on this line",
      advice: "suggestions appear at its end, or before what the editor has closed",
    };
  return null;
}

function unfitPlace({ linePlace }: Question, { place: { head, rest } }: GateView): Silence | null {
  if (/^\$?[\p{L}\p{N}_]/u.test(rest))
    return {
      id: "mid-word",
      problem: "The cursor is inside a word",
      advice: "suggestions appear at its end",
    };
  const { character, lineLength } = linePlace ?? { character: head.length, lineLength: 0 };
  if (isLineTooLong({ character, lineLength }))
    return {
      id: "long-line",
      problem:
        character > MAX_HEAD
          ? `This line has more than ${MAX_HEAD} characters before the cursor`
          : `This line has more than ${MAX_LINE} characters`,
      advice: "suggestions appear on shorter lines",
    };
  return null;
}
