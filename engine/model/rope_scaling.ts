import { quoted, UserError } from "../errors/index.ts";
import type { Keys } from "./families/index.ts";

/** Stretches the angles, so that `factor` times the original context fits (arXiv 2309.00071 for "yarn"). */
export interface RopeScaling {
  readonly type: "linear" | "yarn";
  readonly factor: number;
  /** Positions of the training. */
  readonly originalContext: number;
  /** Multiplies cos and sin: `rope.scaling.attn_factor`. */
  readonly attention: number;
}

// llama.cpp reads these too. At their usual values they change nothing.
const USUAL: Readonly<Record<string, number>> = {
  yarn_ext_factor: -1,
  yarn_attn_factor: 1,
  yarn_beta_fast: 32,
  yarn_beta_slow: 1,
  yarn_log_multiplier: 0,
};

/**
 * What a file says of stretched angles, as llama.cpp reads it: a factor without a kind is linear, and 0 is none.
 * @throws UserError for a kind, a factor or a setting that is not supported
 */
export function ropeScaling(path: string, keys: Keys): RopeScaling | undefined {
  const type = keys.string("rope.scaling.type", "linear");
  const factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 0)) || 1;
  const attention = keys.number("rope.scaling.attn_factor", 1);
  const isStretched = type !== "none" && factor !== 1;
  const unusual = Object.entries(USUAL).find(
    ([name, usual]) => isStretched && keys.number(`rope.scaling.${name}`, usual) !== usual,
  );
  const problem =
    isStretched && type !== "linear" && type !== "yarn"
      ? `stretches its context by ${quoted(type)}, and linear and yarn are supported`
      : !(factor > 0 && factor <= MOST && attention > 0 && attention <= MOST)
        ? `stretches its context by ${factor} and its angles by ${attention}, which are not both above 0 and up to ${MOST}`
        : unusual && `has a value in rope.scaling.${unusual[0]} that is not supported`;
  if (problem !== undefined) {
    throw new UserError({
      code: "model-unsupported",
      problem: `${path} ${problem}`,
      advice: "choose another file of this model",
      path,
    });
  }
  if (!isStretched) return attention === 1 ? undefined : { ...NONE, attention };
  const original = keys.number("rope.scaling.original_context_length", keys.number("context_length"));
  return { type: type as RopeScaling["type"], factor, originalContext: original, attention };
}

const MOST = 10_000; // more is no model's
const NONE = { type: "linear", factor: 1, originalContext: 0 } as const;

/** Tensor [R/2] of what each pair's angle is divided by: how Llama 3.1 stretches its context. */
export const ropeFactorsTensor = "rope_freqs.weight";
