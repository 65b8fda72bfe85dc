import type { EngineService } from "./services.ts";

const CONTEXT = 8192; // tokens: what the engine opens a model with, unless the model has less

/** Tokens that prompt and answer of the chat model may have together. @throws UserError if it is no model that we run */
export async function chatContext(engine: Pick<EngineService, "describe" | "status">): Promise<number> {
  const { path, contextLength } = await engine.describe("chat");
  // Where memory is short it is opened with less.
  const loaded = (await engine.status())?.models.find((model) => model.path === path);
  return Math.min(CONTEXT, contextLength, loaded?.context ?? CONTEXT);
}
