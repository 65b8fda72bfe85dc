import { attentionOnly, type Family } from "./family.ts";

/** Llama and the many models of its architecture: SmolLM2, CodeLlama, DeepSeek-Coder, Mixtral among them. */
export const llama: Family = {
  title: "Llama",
  gated: false,
  inputs: "biases or nothing",
  pairs: "neighbours",
  ropeFactors: true,
  ffnNorm: "ffn_norm",
  mixers: attentionOnly,
  experts(keys) {
    const count = keys.number("expert_count", 0);
    if (count === 0) return undefined;
    const used = keys.number("expert_used_count");
    return { count, used, feedForward: keys.number("feed_forward_length"), shared: 0 };
  },
};

/** IBM's Granite: Llama's network with factors on embedding, residuals and logits. */
export const granite: Family = {
  ...llama,
  title: "Granite",
  multipliers: (keys) => ({
    embedding: keys.number("embedding_scale", 0) || 1,
    residual: keys.number("residual_scale", 0) || 1,
    logits: 1 / (keys.number("logit_scale", 0) || 1), // the file has the divisor
  }),
};
