import type { Completer } from "../../contract/index.ts";
import type { Scheduler } from "../../generate/index.ts";

/** A completer over one session, for callers that ask for the next while the last still runs: in turns, by priority. */
export function completerInTurns(completer: Required<Completer>, scheduler: Scheduler): Required<Completer> {
  return {
    controlTexts: completer.controlTexts,
    async *complete(request) {
      using turn = await scheduler.enter(request.priority, request.signal);
      if (!turn) return undefined;
      const end = yield* completer.complete({ ...request, signal: turn.signal });
      return end && turn.preempted && end.reason === "cancelled" ? { ...end, reason: "preempted" } : end;
    },
    async prepare(prompt, signal) {
      using turn = await scheduler.enter("ahead", signal);
      if (!turn) return { computedTokens: 0, whole: false };
      return await completer.prepare(prompt, turn.signal);
    },
  };
}
