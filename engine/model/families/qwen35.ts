import type { Family } from "./family.ts";

/** Delta nets, and full attention in every fourth block. @param tiled whether value heads are in that order where no key says so */
const deltaNets =
  (tiled: boolean): Family["mixers"] =>
  (keys, layers) => {
    const recurrent = keys.flags("attention.recurrent_layers");
    const interval = keys.number("full_attention_interval", 4);
    const keyHeads = keys.number("ssm.group_count");
    const valueHeads = keys.number("ssm.time_step_rank");
    const headSize = keys.number("ssm.state_size");
    return {
      fullAttention: Array.from({ length: layers }, (_, i) =>
        recurrent ? !recurrent[i] : (i + 1) % interval === 0,
      ),
      delta: {
        keyHeads,
        valueHeads,
        headSize,
        channels: (2 * keyHeads + valueHeads) * headSize,
        grouped: !keys.boolean("ssm.v_head_reordered", tiled), // Ollama's key
      },
    };
  };

/** Qwen3.5 and Qwen3.6 (NETWORK.md 1.3, 2): delta nets, and gated attention in every fourth block. */
export const qwen35: Family = {
  title: "Qwen3.5 and Qwen3.6",
  gated: true,
  inputs: "norms",
  pairs: "halves",
  ffnNorm: "post_attention_norm",
  mixers: deltaNets(true),
};

/** Their mixtures of experts (NETWORK.md 2.6): one expert more is every row's. */
export const qwen35moe: Family = {
  ...qwen35,
  title: "Qwen3.5 and Qwen3.6 with experts",
  experts(keys) {
    const used = keys.number("expert_used_count");
    const dense = keys.number("feed_forward_length", 0);
    return {
      count: keys.number("expert_count"),
      used,
      feedForward: keys.number("expert_feed_forward_length", 0) || dense / used,
      shared: keys.number("expert_shared_feed_forward_length", 0) || dense,
    };
  },
};

/** Qwen3-Next, and Qwen3-Coder-Next: the value heads of one key head lie together (NETWORK.md 2.4). */
export const qwen3next: Family = {
  ...qwen35moe,
  title: "Qwen3-Next",
  mixers: deltaNets(false),
};
