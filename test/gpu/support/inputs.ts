import { normal, type Random } from "../../reference/random.ts";

export const normals = (count: number, random: Random, deviation = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, () => deviation * normal(random));

export const uniforms = (
  count: number,
  random: Random,
  low: number,
  high: number,
): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, () => low + (high - low) * random());
