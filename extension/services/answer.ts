import type { ChatRequest, EndReason } from "../../engine/contract/index.ts";
import type { EngineService } from "./services.ts";

/**
 * Hands the text of the chat model's answer to `onText`, piece by piece, without its thoughts.
 * @returns why the answer ended: it is whole only if that is `end`. Where the request's signal aborts it is `cancelled`.
 * @throws UserError for what the user can fix
 */
export async function readAnswer(
  engine: Pick<EngineService, "chat">,
  request: ChatRequest,
  onText: (text: string) => void,
): Promise<EndReason> {
  const { signal } = request;
  const deltas = engine.chat(request);
  try {
    for (;;) {
      const { value, done } = await deltas.next();
      if (signal?.aborted) return "cancelled";
      if (done) return value?.reason ?? "cancelled"; // without an end: it was left before
      if (value.kind === "text") onText(value.text);
    }
  } catch (error) {
    if (signal?.aborted) return "cancelled";
    throw error;
  } finally {
    await deltas.return(undefined);
  }
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
