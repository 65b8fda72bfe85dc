import { closedGate, type Rhythm } from "../policy/index.ts";
import type { Questions } from "../questions.ts";
import type { Running } from "../running.ts";
import { type Asked, next, type Outcome, silent } from "./stage.ts";

export interface GateTouches {
  readonly questions: Pick<Questions, "pass">;
  readonly rhythm: Pick<Rhythm, "key">;
  readonly running: Pick<Running, "abort">;
}

/** Stops where no suggestion is wanted; a running decode is useless there too. */
export function gate(asked: Asked, { questions, rhythm, running }: GateTouches): Outcome {
  const { question, settings, place, facts, askedMs } = asked;
  const closed = closedGate(question, settings, {
    head: place.head,
    rest: place.rest,
    inComment: facts?.inComment ?? false,
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
