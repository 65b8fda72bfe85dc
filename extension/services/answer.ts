import type { ChatRequest } from "../../engine/contract/index.ts";
import type { EngineService } from "./services.ts";

/**
 * The text of the chat model's answer, piece by piece, without its thoughts. Where the options' signal aborts it ends, without an
 * error. @throws UserError for what the user can fix
 */
export async function* answerOf(engine: EngineService, options: ChatRequest): AsyncGenerator<string> {
  try {
    for await (const delta of engine.chat(options)) {
      if (options.signal?.aborted) return;
      if (delta.kind === "text") yield delta.text;
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
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
