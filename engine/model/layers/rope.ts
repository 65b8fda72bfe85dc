import { UserError } from "../../errors/index.ts";
import type { Keys } from "../families/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";

/** Stretches the angles, so that `factor` times the original context fits (arXiv 2309.00071 for "yarn"). */
export interface RopeScaling {
  readonly type: "linear" | "yarn";
  readonly factor: number;
  /** Positions of the training. */
  readonly originalContext: number;
}

/** Turns of a pair within the original context from which on YaRN leaves it alone, and up to which it stretches it whole. */
const yarnFast = 32;
const yarnSlow = 1;

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

/**
 * cos and sin of each position's angles, as pairs [2, R/2, positions]; pair i turns by base^(−2i/R) a position, unless it is
 * stretched. Made on the CPU, since WGSL bounds the error of sin and cos only near zero (model.md 3.3).
 */
export function ropeTable(
  { rotary, ropeBase, ropeScaling: scaling }: Hyperparameters["attention"],
  positions: number,
): Float32Array<ArrayBuffer> {
  const half = rotary / 2;
  const size = scaling?.type === "yarn" ? 1 + 0.1 * Math.log(scaling.factor) : 1; // YaRN's temperature of attention
  const table = new Float32Array(positions * rotary);
  for (let i = 0; i < half; i++) {
    const frequency = ropeBase ** ((-2 * i) / rotary) * stretch(i, rotary, ropeBase, scaling);
    for (let p = 0; p < positions; p++) {
      table[p * rotary + 2 * i] = size * Math.cos(p * frequency);
      table[p * rotary + 2 * i + 1] = size * Math.sin(p * frequency);
    }
  }
  return table;
}

/** What pair i's frequency is multiplied with: 1/factor, or with YaRN a mix of it and 1 by how often the pair turns. */
function stretch(pair: number, rotary: number, base: number, scaling: RopeScaling | undefined): number {
  if (!scaling) return 1;
  if (scaling.type === "linear") return 1 / scaling.factor;
  const pairOf = (turns: number) =>
    (rotary * Math.log(scaling.originalContext / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const low = Math.max(0, Math.floor(pairOf(yarnFast)));
  const high = Math.min(rotary - 1, Math.ceil(pairOf(yarnSlow)));
  const slow = Math.min(1, Math.max(0, (pair - low) / Math.max(0.001, high - low)));
  return 1 - slow + slow / scaling.factor;
}
