import type { Hyperparameters } from "./hyperparameters.ts";

/**
 * cos and sin of position · base^(−2i/R), as pairs [2, R/2, positions]. Made on the CPU, since WGSL bounds the error of
 * sin and cos only near zero (model.md 3.3).
 */
export function ropeTable(
  { rotary, ropeBase }: Hyperparameters["attention"],
  positions: number,
): Float32Array<ArrayBuffer> {
  const half = rotary / 2;
  const table = new Float32Array(positions * rotary);
  for (let i = 0; i < half; i++) {
    const frequency = ropeBase ** ((-2 * i) / rotary);
    for (let p = 0; p < positions; p++) {
      table[p * rotary + 2 * i] = Math.cos(p * frequency);
      table[p * rotary + 2 * i + 1] = Math.sin(p * frequency);
    }
  }
  return table;
}
