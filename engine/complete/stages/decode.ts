import { follows } from "../decode.ts";
import type { Kept } from "../kept.ts";
import type { Running } from "../running.ts";
import { engineError, SUPERSEDED } from "../silences.ts";
import { type Asked, found, type Outcome, silent } from "./stage.ts";

const INVOKED_LIMIT = 3000; // ms: a user who asks explicitly waits longer

export interface DecodeTouches {
  readonly kept: Pick<Kept, "find" | "keepEarly" | "silenceOf">;
  readonly running: Pick<Running, "wait">;
}

/** Waits for the model's text until it ends, the time limit passes, or the user's typing diverges from it. */
export async function decode(asked: Asked, { kept, running }: DecodeTouches): Promise<Outcome> {
  const { question, settings, cursorText, superseded, source } = asked;
  const decode = asked.decode!; // from `attach` or `prompt`
  const limitMs = Math.max(question.trigger === "invoked" ? INVOKED_LIMIT : 0, settings.timeLimitMs);
  const diverged = () => decode.aborted || !follows(decode, cursorText);
  await running.wait(
    () => decode.over || diverged() || superseded(),
    () => (decode.firstTextMs === null ? Number.POSITIVE_INFINITY : decode.firstTextMs + limitMs),
  );
  if (superseded()) return silent(asked, SUPERSEDED);
  if (decode.error) return silent(asked, engineError(decode.error));
  if (decode.end?.reason === "preempted")
    return silent(asked, {
      id: "busy",
      problem: "The model is busy with what you asked it to explain or refactor",
    });
  if (diverged()) {
    decode.abort();
    return { kind: "again" };
  }
  if (!decode.over) kept.keepEarly(decode, question);
  const hit = kept.find(cursorText);
  if (hit) return found(asked, hit, source);
  if (decode.over) return silent(asked, kept.silenceOf(decode));
  return silent(asked, {
    id: "still-writing",
    problem: `The first line was not complete after ${limitMs} ms (foretype.timeLimitMs)`,
    advice: "it shows when it is",
    setting: "foretype.timeLimitMs",
  });
}
