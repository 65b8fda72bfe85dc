import { closedGate, type Rhythm } from "../policy/index.ts";
import type { Questions } from "../questions.ts";
import type { Running } from "../running.ts";
import { isInComment } from "../text/index.ts";
import { type Asked, next, type Outcome, silent } from "./stage.ts";

export interface GateTouches {
  readonly questions: Pick<Questions, "pass">;
  readonly rhythm: Pick<Rhythm, "key">;
  readonly running: Pick<Running, "abort">;
}

/** Stops where no suggestion is wanted; a running decode is useless there too. */
export function gate(asked: Asked, { questions, rhythm, running }: GateTouches): Outcome {
  const { question, settings, cursorText, place, facts, askedMs } = asked;
  const { before, after } = cursorText;
  const closed = closedGate(question, settings, {
    place,
    inComment: () => isInComment(question.document.languageId, before, after, facts),
    nowMs: askedMs,
  });
  if (closed) {
    running.abort();
    return silent(asked, closed);
  }
  questions.pass(question);
  if (question.trigger === "automatic") rhythm.key(askedMs);
  return next(asked);
}
