import type { CompletionPriority, PromptParts } from "../../contract/index.ts";
import type { Ahead } from "../ahead.ts";
import type { Question } from "../contract.ts";
import type { DecodeRequest } from "../decode.ts";
import { blockWanted, stopRuleFor } from "../policy/index.ts";
import type { Running } from "../running.ts";
import { SUPERSEDED } from "../silences.ts";
import { type Anchors, isBlank } from "../text/index.ts";
import { type Asked, next, type Outcome, type Placed, silent } from "./stage.ts";

const LINE_TOKENS = 64; // a line of 200 characters
const BLOCK_TOKENS = 160; // twelve lines, most of the time
const INVOKED_TOKENS = 256;

export interface RequestTouches {
  readonly anchors: Pick<Anchors, "promptAt">;
  /** Pieces of other files. */
  readonly contextOf: (question: Question) => PromptParts["context"];
}

export interface PromptTouches extends RequestTouches {
  readonly ahead: Pick<Ahead, "cancel">;
  readonly running: Pick<Running, "start">;
}

/** Asks the model, unless the user has typed on during the delay. */
export function prompt(asked: Asked, { ahead, running, ...touches }: PromptTouches): Outcome {
  if (asked.superseded()) return silent(asked, SUPERSEDED);
  ahead.cancel();
  return next({ ...asked, decode: running.start(requestFor(asked, asked.question.trigger, touches)) });
}

/** The request to the model at a place, and how much of its text is wanted. */
export function requestFor(
  { question, settings, cursorText, key, place, facts, hints }: Placed,
  priority: CompletionPriority,
  { anchors, contextOf }: RequestTouches,
): DecodeRequest {
  const { multiline, maxLines } = settings;
  const mode = multiline === "auto" && priority === "invoked" && isBlank(place.rest) ? "always" : multiline;
  const multiLine = blockWanted(place, mode, facts);
  const ahead = priority === "speculative";
  return {
    question,
    cursorText,
    key,
    place,
    hints,
    prompt: anchors.promptAt(cursorText, question.document.path, () => contextOf(question), ahead),
    multiLine,
    stopRule: stopRuleFor(place, maxLines, mode, facts, question.document.languageId),
    maxTokens: priority === "invoked" ? INVOKED_TOKENS : multiLine ? BLOCK_TOKENS : LINE_TOKENS,
    priority,
  };
}
