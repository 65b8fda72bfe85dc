import type { Dismissals } from "../dismissals.ts";
import type { Kept } from "../kept.ts";
import type { Running } from "../running.ts";
import { DISMISSED } from "../silences.ts";
import { type Asked, found, next, type Outcome, silent } from "./stage.ts";

export interface RecallTouches {
  readonly dismissals: Pick<Dismissals, "has">;
  readonly kept: Pick<Kept, "find" | "endsAt" | "entryOf">;
  readonly running: Pick<Running, "current" | "abort">;
}

/**
 * Answers with a kept suggestion: one that is being typed, was accepted in part, or was computed ahead. Where the user has
 * dismissed one, nothing more is computed.
 */
export function recall(asked: Asked, { dismissals, kept, running }: RecallTouches): Outcome {
  const { cursorText, question } = asked;
  if (question.trigger === "automatic" && dismissals.has(cursorText)) {
    running.abort();
    return silent(asked, DISMISSED);
  }
  const hit = kept.find(asked);
  if (hit) {
    const { current } = running;
    // A decode of other text no longer answers a question; a speculative one may still be useful.
    if (current && kept.entryOf(current) !== hit.entry && current.priority !== "speculative") running.abort();
    return found(asked, hit, hit.typed > 0 ? "typed-through" : "cache");
  }
  if (question.trigger === "automatic" && kept.endsAt(cursorText))
    return silent(asked, {
      id: "complete",
      problem: "The last suggestion ends here",
      advice: "type on, or press Alt+\\ to ask",
    });
  return next(asked);
}
