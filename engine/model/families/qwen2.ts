import { attentionOnly, type Family } from "./family.ts";

/** Qwen2.5-Coder and its like: biases on q, k and v, whole heads rotate. */
export const qwen2: Family = {
  title: "Qwen2.5",
  gated: false,
  inputs: "biases",
  pairs: "halves",
  ffnNorm: "ffn_norm",
  mixers: attentionOnly,
};
