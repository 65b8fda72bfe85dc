import { basename } from "node:path";
import type { Fault } from "../errors/index.ts";
import { type GgufFile, modelName } from "../gguf/index.ts";
import { type Hyperparameters, usedTensors } from "../model/index.ts";

/** Why tensors that the model is computed with rule the file out, and what to get instead; undefined: none does. */
export function typesRefusal(file: GgufFile, h: Hyperparameters): Fault | undefined {
  const counts = new Map<string, number>();
  for (const { type, supported } of usedTensors(file, h)) {
    if (!supported) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const total = [...counts.values()].reduce((a, b) => a + b);
  const types = [...counts].map(([type, count]) => (counts.size === 1 ? type : `${count} in ${type}`));
  const tensors = `${total} ${total === 1 ? "tensor" : "tensors"} ${counts.size === 1 ? "in " : "("}`;
  const name = modelName(file) || "the same model";
  return {
    code: "model-unsupported",
    problem: `${basename(file.path)} has ${tensors}${types.join(", ")}${counts.size === 1 ? "" : ")"}, which cannot be computed with here`,
    advice: `get ${name} in Q4_K_M`,
    path: file.path,
  };
}
