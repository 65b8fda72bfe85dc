import type { Clock } from "../../contract/index.ts";
import { delayFor, type Rhythm } from "../policy/index.ts";
import { type Asked, next, type Outcome } from "./stage.ts";

export interface DelayTouches {
  readonly clock: Pick<Clock, "setTimeout">;
  readonly rhythm: Pick<Rhythm, "factor">;
}

/** Waits for the next keystroke before the model is asked; a promise even where the wait is 0 ms. */
export function delay(asked: Asked, { clock, rhythm }: DelayTouches): Promise<Outcome> {
  const { question, settings, place } = asked;
  const { head, rest } = place;
  const delayMs = question.trigger === "invoked" ? 0 : delayFor(settings, head, rest, rhythm.factor);
  const waited = next({ ...asked, delayMs });
  if (delayMs <= 0) return Promise.resolve(waited);
  return new Promise((resolve) => void clock.setTimeout(() => resolve(waited), delayMs));
}
