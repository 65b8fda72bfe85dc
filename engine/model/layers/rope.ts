import type { Hyperparameters } from "../hyperparameters.ts";
import type { RopeScaling } from "../rope_scaling.ts";

/** Turns of a pair within the original context from which on YaRN leaves it alone, and up to which it stretches it whole. */
const yarnFast = 32;
const yarnSlow = 1;

/**
 * cos and sin of each position's angles, as pairs [2, R/2, positions]; pair i turns by base^(−2i/R) a position, unless it is
 * stretched. Made on the CPU, since WGSL bounds the error of sin and cos only near zero (NETWORK.md 3.3).
 */
export function ropeTable(
  { rotary, ropeBase, ropeScaling: scaling, ropeFactors }: Hyperparameters["attention"],
  positions: number,
): Float32Array<ArrayBuffer> {
  if (ropeFactors === "unread") throw new Error("the factors of the angles were not read");
  const half = rotary / 2;
  const yarn = scaling?.type === "yarn" ? 1 + 0.1 * Math.log(scaling.factor) : 1; // its temperature of attention
  const size = yarn * (scaling?.attention ?? 1);
  const table = new Float32Array(positions * rotary);
  for (let i = 0; i < half; i++) {
    const stretched = ropeBase ** ((-2 * i) / rotary) * stretch(i, rotary, ropeBase, scaling);
    const frequency = stretched / (ropeFactors?.[i] ?? 1);
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
