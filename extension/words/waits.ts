import type { EngineState } from "../../engine/client/index.ts";

const STEPS = 10; // a screen reader reads each change

/** What an answer waits for, or that it comes: a clause without its full stop. @param text what has come of it */
export function waitOf(state: EngineState, text: string): string {
  if (text !== "") return "the model is writing";
  // It reads the prompt, or thinks.
  if (state.kind === "running") return "the model is preparing its answer";
  if (state.kind !== "loading") return "the engine is starting";
  const percent = Math.floor(state.fraction * STEPS) * (100 / STEPS);
  const what = state.step === "weights" ? "loading" : "being prepared for this GPU";
  return `the model is ${what}, ${percent}%`;
}
