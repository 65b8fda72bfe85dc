import type { ChatRequest, EndReason } from "../../engine/contract/index.ts";
import type { EngineService } from "./services.ts";

/** Why an answer ended. `loop`: the model repeated itself without an end, and was stopped. */
export type AnswerEnd = EndReason | "loop";

/**
 * Hands the text of the chat model's answer to `onText`, piece by piece, without its thoughts.
 * @returns why the answer ended: it is whole only if that is `end`. Where the request's signal aborts it is `cancelled`.
 * @throws UserError for what the user can fix
 */
export async function readAnswer(
  engine: Pick<EngineService, "chat">,
  request: ChatRequest,
  onText: (text: string) => void,
): Promise<AnswerEnd> {
  const { signal, original = "" } = request;
  let said = "";
  const deltas = engine.chat(request);
  try {
    for (;;) {
      const { value, done } = await deltas.next();
      if (signal?.aborted) return "cancelled";
      if (done) return value?.reason ?? "cancelled"; // without an end: it was left before
      if (value.kind !== "text") continue;
      onText(value.text);
      said += value.text;
      const loop = loopAtEnd(said);
      if (loop !== undefined && !original.includes(loop)) return "loop";
    }
  } catch (error) {
    if (signal?.aborted) return "cancelled";
    throw error;
  } finally {
    await deltas.return(undefined);
  }
}

const LOOP = 1000; // characters: longer than rulers and rows of zeros that are meant
const ROUNDS = 4; // of the longest loop that is found

/** The same characters again and again, if a text ends in them: a small model writes so until its tokens are used up. */
export function loopAtEnd(text: string): string | undefined {
  if (text.length < LOOP) return undefined;
  const end = text.slice(-LOOP);
  for (let period = 1; period <= LOOP / ROUNDS; period++) if (end.startsWith(end.slice(period))) return end;
  return undefined;
}

/** Runs `action` when it is called, but not again within `ms` milliseconds. */
export function atMostEvery(ms: number, action: () => void): () => void {
  let ranAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - ranAt < ms) return;
    ranAt = performance.now();
    action();
  };
}
