import { UserError } from "../errors/index.ts";
import type { Silence } from "./contract.ts";

export const SUPERSEDED: Silence = { id: "superseded", problem: "You typed on before the model was asked" };

export const NO_TEXT: Silence = { id: "no-text", problem: "The model had nothing to suggest here" };

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
