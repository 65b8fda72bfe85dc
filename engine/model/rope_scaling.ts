import { UserError } from "../errors/index.ts";
import type { Keys } from "./families/index.ts";

/** Stretches the angles, so that `factor` times the original context fits (arXiv 2309.00071 for "yarn"). */
export interface RopeScaling {
  readonly type: "linear" | "yarn";
  readonly factor: number;
  /** Positions of the training. */
  readonly originalContext: number;
}

/** What a file says of stretched angles. @throws UserError for a kind that is not supported */
export function ropeScaling(path: string, keys: Keys): RopeScaling | undefined {
  const type = keys.string("rope.scaling.type", "none");
  const factor = keys.number("rope.scaling.factor", 1);
  if (type === "none" || factor === 1) return undefined;
  if (type !== "linear" && type !== "yarn") {
    throw new UserError({
      code: "model-unsupported",
      problem: `${path} stretches its context by "${type}", and linear and yarn are supported`,
      advice: "choose another file of this model",
      path,
    });
  }
  const original = keys.number("rope.scaling.original_context_length", keys.number("context_length"));
  return { type, factor, originalContext: original };
}

/** Tensor [R/2] of what each pair's angle is divided by: how Llama 3.1 stretches its context. */
export const ropeFactorsTensor = "rope_freqs.weight";
