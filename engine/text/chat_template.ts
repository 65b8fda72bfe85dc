import type { TokenIds } from "./token_ids.ts";
import type { VocabularySource } from "./vocabulary.ts";

const TURNS = `
{%- for message in messages %}
  {{- "<|im_start|>" + message.role + "\\n" + message.content | trim + "<|im_end|>\\n" }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- "<|im_start|>assistant\\n" }}`;
const THINK = `
  {{- "<think>\\n" if enable_thinking else "<think>\\n\\n</think>\\n\\n" }}`;
const END = `
{%- endif %}`;

/**
 * ChatML, for files that lost their template. Models tuned to converse end their texts with `<|im_end|>`, those that only
 * complete with `<|endoftext|>`: the latter get none. Vocabularies with `<think>` are of models that expect the block
 * (NETWORK.md 7.7).
 */
export function plainTemplate({ tokens, eosId }: VocabularySource, ids: TokenIds): string | undefined {
  if (eosId === undefined || tokens[eosId] !== "<|im_end|>" || !ids.has("<|im_start|>")) return undefined;
  return ids.has("<think>") ? TURNS + THINK + END : TURNS + END;
}
