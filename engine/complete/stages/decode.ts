import type { Clock } from "../../contract/index.ts";
import { follows } from "../decode.ts";
import type { Kept } from "../kept.ts";
import type { Running } from "../running.ts";
import { engineError, noAnswerYet, SUPERSEDED } from "../silences.ts";
import { type Asked, found, type Outcome, silent } from "./stage.ts";

// Milliseconds; a user who asks explicitly waits longer. Other extensions' suggestions may wait for this answer too.
const INVOKED_LIMIT = 3000;
const FIRST_TEXT_LIMIT = { automatic: 2000, invoked: 8000 };

export interface DecodeTouches {
  readonly clock: Pick<Clock, "now">;
  /** Whether the model is being loaded, as far as the caller knows. */
  readonly isLoading: () => boolean;
  readonly kept: Pick<Kept, "find" | "keepEarly" | "silenceOf">;
  readonly running: Pick<Running, "wait">;
}

/** Waits for the model's text until it ends, a time limit passes, or the user's typing diverges from it. */
export async function decode(
  asked: Asked,
  { clock, isLoading, kept, running }: DecodeTouches,
): Promise<Outcome> {
  const { question, settings, cursorText, superseded, source } = asked;
  const decode = asked.decode!; // from `attach` or `prompt`
  const limitMs = Math.max(question.trigger === "invoked" ? INVOKED_LIMIT : 0, settings.timeLimitMs);
  const firstLimitMs = Math.max(FIRST_TEXT_LIMIT[question.trigger], limitMs);
  const beganMs = clock.now();
  const diverged = () => decode.aborted || decode.forgotten || !follows(decode, cursorText);
  await running.wait(
    () => decode.over || diverged() || superseded(),
    () => (decode.firstTextMs === null ? beganMs + firstLimitMs : decode.firstTextMs + limitMs),
  );
  if (superseded()) return silent(asked, SUPERSEDED);
  if (diverged()) {
    decode.abort();
    return { kind: "again" };
  }
  if (decode.error) return silent(asked, engineError(decode.error));
  if (decode.end?.reason === "preempted")
    return silent(asked, {
      id: "busy",
      problem: "The model is busy with what you asked it to explain or refactor",
    });
  if (!decode.over) kept.keepEarly(decode, question);
  const hit = kept.find(asked);
  if (hit) return found(asked, hit, source);
  if (decode.over) return silent(asked, kept.silenceOf(decode));
  if (decode.firstTextMs === null) return silent(asked, noAnswerYet(clock.now() - beganMs, isLoading()));
  return silent(asked, {
    id: "still-writing",
    problem: `The first line was not complete after ${limitMs} ms (foretype.timeLimitMs)`,
    advice: "it shows when it is",
    setting: "foretype.timeLimitMs",
  });
}
