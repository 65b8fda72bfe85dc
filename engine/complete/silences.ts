import { UserError } from "../errors/index.ts";
import type { Silence } from "./contract.ts";

export const SUPERSEDED: Silence = { id: "superseded", problem: "You typed on before the model was asked" };

export const DISMISSED: Silence = {
  id: "dismissed",
  problem: "You dismissed the suggestion here",
  advice: "press Alt+\\ to ask again",
};

export const NO_TEXT: Silence = { id: "no-text", problem: "The model had nothing to suggest here" };

/** The model has written nothing yet. What it writes later is shown then. */
export function noAnswerYet(waitedMs: number, isLoading: boolean): Silence {
  const waited = `${Math.round(waitedMs / 100) / 10} s`;
  return isLoading
    ? {
        id: "model-loading",
        problem: `The model is still being loaded after ${waited}`,
        advice: "the suggestion shows when the model has written it",
      }
    : {
        id: "no-answer",
        problem: `The model has not written anything for ${waited}`,
        advice: "the suggestion shows when it has, and a smaller model is faster",
      };
}

/** What keeps the engine from answering; of a bug, the way to the log. */
export function engineError(error: Error): Silence {
  return error instanceof UserError
    ? { id: "engine-error", ...error.fault }
    : {
        id: "engine-error",
        problem: `The engine failed (${error.message})`,
        advice: "see “Foretype: Show Log”",
      };
}
