import { attentionOnly, type Family } from "./family.ts";

/** Qwen3: q and k heads are normalised, whole heads rotate. */
export const qwen3: Family = {
  title: "Qwen3",
  gated: false,
  inputs: "norms",
  pairs: "halves",
  ffnNorm: "ffn_norm",
  mixers: attentionOnly,
};

/** Its mixtures of experts, Qwen3-Coder-30B-A3B among them: no expert is shared. */
export const qwen3moe: Family = {
  ...qwen3,
  title: "Qwen3 with experts",
  experts: (keys) => ({
    count: keys.number("expert_count"),
    used: keys.number("expert_used_count"),
    feedForward: keys.number("expert_feed_forward_length"),
    shared: 0,
  }),
};
