import { attentionOnly, type Family } from "./family.ts";

/**
 * Llama and what has its architecture: Seed-Coder, Mellum, DeepSeek-Coder, Codestral, CodeLlama, Yi-Coder, Granite Code,
 * SmolLM2. Neighbouring dims rotate, by `rope_freqs` where the file has them. Some have biases on q, k and v (readHyperparameters
 * looks); mixtures, as Mixtral is one, share no expert.
 */
export const llama: Family = {
  title: "Llama",
  gated: false,
  inputs: "none",
  neighbours: true,
  ffnNorm: "ffn_norm",
  mixers: attentionOnly,
  experts(keys) {
    const count = keys.number("expert_count", 0);
    if (count === 0) return undefined;
    return {
      count,
      used: keys.number("expert_used_count"),
      feedForward: keys.number("expert_feed_forward_length", 0) || keys.number("feed_forward_length"),
      shared: keys.number("expert_shared_feed_forward_length", 0),
    };
  },
};
