import { basename } from "node:path";
import { type Fault, quoted, shortened } from "../errors/index.ts";
import type { GgufFile, MetadataValue } from "../gguf/index.ts";

/** A file's metadata that remembers which keys were asked for. */
class AskedMetadata extends Map<string, MetadataValue> {
  readonly #asked: Set<string>;

  constructor(metadata: ReadonlyMap<string, MetadataValue>, asked: Set<string>) {
    super(metadata);
    this.#asked = asked;
  }

  override get(key: string): MetadataValue | undefined {
    this.#asked.add(key);
    return super.get(key);
  }

  override has(key: string): boolean {
    this.#asked.add(key);
    return super.has(key);
  }
}

/** The same file; which of its metadata is asked for goes to `asked`. */
export const watched = (file: GgufFile, asked: Set<string>): GgufFile => ({
  ...file,
  metadata: new AskedMetadata(file.metadata, asked),
});

/** No result here depends on these; each with the reason. `*` is the architecture. */
const HARMLESS: readonly RegExp[] = [
  /^general\./, // who made what of what, and how to sample by default
  /^split\./, // the parts were joined
  /^quantize\./, // how the weights were rounded
  /^\*\.((vision|audio)\.|(image|video|audio|vision_\w+)_token_id$)/, // of encoders, which are not loaded
  /^\*\.(rope\.)?(dimension_sections|mrope_sections|mrope_interleaved)$/, // text has one position in all sections
  /^\*\.rope\.scaling\./, // read where the file stretches its context
  /^\*\.(vocab_size|feed_forward_length|expert_feed_forward_length|expert_shared_count|tensor_data_layout)$/, // tensors say the same
  /^\*\.attention\.layer_norm_epsilon$/, // of a kind of norm that these families do not have
  /^tokenizer\.(chat_templates?(\.|$)|huggingface\.json$)/, // other templates than the one in use; the vocabulary in another form
  /^tokenizer\.ggml\.(padding|unknown|seperator|separator|cls|mask|prefix|suffix|middle|fim_\w+)_token_id$/, // no prompt holds them, or another key for the same was read
  /^tokenizer\.ggml\.(token_type_count|scores|merges|precompiled_charsmap|add_space_prefix)$/, // of another kind of tokenizer than the file's
  /^tokenizer\.ggml\.add_(eos|sep|padding)_token$/, // after a whole text; a prompt is a text that the model continues
];

type IsNeutral = (value: MetadataValue) => boolean;
const none: IsNeutral = (value) => Number(value) === 0;
const one: IsNeutral = (value) => Number(value) === 0 || Number(value) === 1; // 0: the file leaves it to the reader
const yes: IsNeutral = (value) => Number(value) === 1;
const empty: IsNeutral = (value) => typeof value === "object" && value.length === 0;

/**
 * What llama.cpp computes with in some architecture and this engine does not, by the value at which it changes nothing.
 * `*` is the architecture.
 */
const CHANGING: Readonly<Record<string, IsNeutral>> = {
  "*.attn_logit_softcapping": none,
  "*.final_logit_softcapping": none,
  "*.router_logit_softcapping": none,
  "*.attention.max_alibi_bias": none,
  "*.attention.clamp_kqv": none,
  "*.attention.causal": yes,
  "*.attention.output_scale": one,
  "*.attention.value_scale": one,
  "*.attention.temperature_scale": none,
  "*.attention.shared_kv_layers": none,
  "*.attention.q_lora_rank": none,
  "*.attention.kv_lora_rank": none,
  "*.attention.indexer.head_count": none,
  "*.hyper_connection.count": one,
  "*.embedding_scale": one,
  "*.residual_scale": one,
  "*.logit_scale": one,
  "*.use_parallel_residual": none,
  "*.swin_norm": none,
  "*.num_loops": one,
  "*.token_shift_count": none,
  "*.swiglu_clamp_exp": none,
  "*.swiglu_clamp_shexp": none,
  "*.hidden_activation": (value) => value === "silu" || value === "swiglu",
  "*.expert_count": none,
  "*.expert_weights_scale": one,
  "*.expert_weights_norm": yes,
  "*.norm_top_k_prob": yes,
  norm_top_k_prob: yes,
  "*.expert_gating_func": one, // 1 is softmax
  "*.expert_group_count": one,
  "*.expert_group_used_count": one,
  "*.expert_latent_length": none,
  "*.leading_dense_block_count": none,
  "*.moe_every_n_layers": one,
  "*.interleave_moe_layer_step": one,
  "*.full_attention_interval": one,
  "*.attention.recurrent_layers": (value) => ArrayBuffer.isView(value) && [...value].every((it) => !it),
  "granite.rope.scaling.finetuned": yes, // false: nothing rotates
  "tokenizer.ggml.normalizer.lowercase": none,
  "tokenizer.ggml.normalizer.strip_accents": none,
  "tokenizer.ggml.remove_extra_whitespaces": none,
  "tokenizer.ggml.suppress_tokens": empty,
};

/** What the keys that nothing asked for amount to. */
export interface UnaskedKeys {
  /** For the first that would change results. */
  readonly refusal: Fault | undefined;
  /** Those of unknown meaning. Whole sentences. */
  readonly notes: readonly string[];
}

/** Looks at the metadata that nothing has asked for by now. */
export function unaskedKeys(file: GgufFile, architecture: string, asked: ReadonlySet<string>): UnaskedKeys {
  const unknown: string[] = [];
  for (const [key, value] of file.metadata) {
    if (asked.has(key)) continue;
    const general = key.startsWith(`${architecture}.`) ? `*${key.slice(architecture.length)}` : key;
    const known = [key, general].find((it) => Object.hasOwn(CHANGING, it)); // a file may have a key “toString”
    const isNeutral = known === undefined ? undefined : CHANGING[known];
    if (isNeutral && !isNeutral(value)) return { refusal: refusalOf(file.path, key, value), notes: [] };
    if (!isNeutral && !HARMLESS.some((it) => it.test(general))) unknown.push(key);
  }
  return { refusal: undefined, notes: unknown.length === 0 ? [] : [noteOn(unknown)] };
}

const refusalOf = (path: string, key: string, value: MetadataValue): Fault => ({
  code: "model-unsupported",
  problem: `${basename(path)} has ${shown(value)} in metadata key ${key}, which this version does not compute with, and without it results would differ`,
  advice: "choose another model",
  path,
});

/** A value in a sentence. */
function shown(value: MetadataValue): string {
  if (typeof value === "object") return `${value.length} values`;
  if (typeof value === "number") return String(Number(value.toPrecision(6))); // an f32 as it was written
  return typeof value === "string" ? quoted(value) : String(value);
}

const NAMED = 6; // more would hide the other notes

function noteOn(keys: readonly string[]): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
  const named = keys.slice(0, NAMED).map(shortened).join(", ");
  return `Metadata that this version does not know and leaves unused: ${named}${more}.`;
}
