import { expect, test } from "vitest";
import type { EngineState } from "../../../engine/client/index.ts";
import { waitOf } from "../../../extension/words/index.ts";

const loading = (step: "weights" | "kernels", fraction: number): EngineState => ({
  kind: "loading",
  path: "/models/m.gguf",
  step,
  fraction,
});

const cases: readonly [state: EngineState, text: string, wait: string][] = [
  [{ kind: "stopped" }, "", "the engine is starting"],
  [{ kind: "starting" }, "", "the engine is starting"],
  [{ kind: "crashed", restartInMs: 500 }, "", "the engine is starting"],
  [loading("weights", 0), "", "the model is loading, 0%"],
  [loading("weights", 0.479), "", "the model is loading, 40%"],
  [loading("weights", 1), "", "the model is loading, 100%"],
  [loading("kernels", 0.3), "", "the model is being prepared for this GPU, 30%"],
  [{ kind: "running" }, "", "the model is preparing its answer"],
  [{ kind: "running" }, "It", "the model is writing"],
  [loading("kernels", 0.3), "It", "the model is writing"], // another model's, for completions
];
for (const [state, text, wait] of cases)
  test(`${JSON.stringify(state)}, ${text === "" ? "no text" : "some text"}: ${wait}`, () =>
    expect(waitOf(state, text)).toBe(wait));
