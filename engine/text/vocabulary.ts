import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import {
  type MetadataSource,
  metadataBoolean,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
} from "../gguf/index.ts";
import type { PreTokenizer } from "./pieces.ts";

/** The values of `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a tokenizer is made of (NETWORK.md 7.1). Ids lie in [0, tokens.length). */
export interface VocabularySource {
  readonly pre: PreTokenizer;
  /** By id; ordinary tokens in the GPT-2 byte alphabet, special ones as they are. */
  readonly tokens: readonly string[];
  /** By id; values of TOKEN_TYPE. */
  readonly types: ArrayLike<number>;
  /** By rank; "left right". */
  readonly merges: readonly string[];
  /** End of sequence, of turn and of message, where the file names them. */
  readonly endIds: readonly number[];
  /** Ids that the file names; the rest of the layout's tokens are found by their texts. */
  readonly fimIds: { readonly [role in FimRole]?: number };
  /** Beginning and end of a text, as templates name them. */
  readonly bosId?: number;
  readonly eosId?: number;
  /** Whether every prompt begins with `bosId`. */
  readonly addBos?: boolean;
  /** Jinja source. */
  readonly chatTemplate?: string;
}

export type FimRole = keyof typeof FIM_KEYS;

// llama.cpp's names for the keys, those of older files last.
const FIM_KEYS = {
  prefix: ["fim_pre", "prefix"],
  suffix: ["fim_suf", "suffix"],
  middle: ["fim_mid", "middle"],
  pad: ["fim_pad"],
  repository: ["fim_rep"],
  separator: ["fim_sep"],
} as const;
const END_KEYS = ["eos", "eot", "eom"];

// The other names are those under which llama.cpp runs the qwen2 scanner.
const PRE_TOKENIZERS: { readonly [name: string]: PreTokenizer | undefined } = {
  __proto__: null as never,
  qwen35: "qwen35",
  qwen2: "qwen2",
  "deepseek-r1-qwen": "qwen2",
  kormo: "qwen2",
  f2llmv2: "qwen2",
  megrez: "qwen2",
};

// Files of converters that did not know the pre-tokenizer say "default" or nothing. llama.cpp then splits as GPT-2 does
// and warns of bad text; what these architectures were trained with is known.
const PRE_TOKENIZER_OF: { readonly [architecture: string]: PreTokenizer | undefined } = {
  __proto__: null as never,
  qwen35: "qwen35",
  qwen35moe: "qwen35",
  qwen2: "qwen2",
  qwen2moe: "qwen2",
  qwen3: "qwen2",
  qwen3moe: "qwen2",
};

/** Reads the keys `tokenizer.*`. What is missing or odd is a UserError that names the file and the key. */
export function vocabularyFrom(file: MetadataSource): VocabularySource {
  const model = metadataString(file, "tokenizer.ggml.model");
  if (model !== "gpt2") throw unsupported(file, "tokenizer.ggml.model", model, "gpt2");
  const pre = preTokenizerFrom(file);

  const tokens = metadataStrings(file, "tokenizer.ggml.tokens");
  const types = metadataNumbers(file, "tokenizer.ggml.token_type");
  if (types.length !== tokens.length || tokens.length === 0) {
    throw new UserError({
      code: "file-damaged",
      problem: `${basename(file.path)} has ${tokens.length} tokens in tokenizer.ggml.tokens and ${types.length} types in tokenizer.ggml.token_type`,
      advice: "download it again or choose another file of this model",
      path: file.path,
    });
  }
  const idAt = (role: string) => idOfKey(file, `tokenizer.ggml.${role}_token_id`, tokens.length);

  const fimIds: { [role in FimRole]?: number } = {};
  for (const [role, keys] of Object.entries(FIM_KEYS) as [FimRole, readonly string[]][]) {
    const id = keys.map(idAt).find((found) => found !== undefined);
    if (id !== undefined) fimIds[role] = id;
  }
  const [bosId, eosId] = [idAt("bos"), idAt("eos")];
  const chatTemplate = metadataString(file, "tokenizer.chat_template", "");
  return {
    pre,
    tokens,
    types,
    merges: metadataStrings(file, "tokenizer.ggml.merges"),
    endIds: END_KEYS.map(idAt).filter((id) => id !== undefined),
    fimIds,
    ...(bosId !== undefined && { bosId }),
    ...(eosId !== undefined && { eosId }),
    addBos: metadataBoolean(file, "tokenizer.ggml.add_bos_token", false),
    ...(chatTemplate && { chatTemplate }),
  };
}

function preTokenizerFrom(file: MetadataSource): PreTokenizer {
  const architecture = metadataString(file, "general.architecture", "");
  const usual = PRE_TOKENIZER_OF[architecture];
  const name = metadataString(file, "tokenizer.ggml.pre", usual && "default");
  const pre = name === "default" ? usual : PRE_TOKENIZERS[name];
  if (!pre) throw unsupported(file, "tokenizer.ggml.pre", name, "qwen35 and qwen2");
  return pre;
}

/** The id that the key names. One outside of the vocabulary counts for nothing, as in llama.cpp: some converters write -1 for none. */
function idOfKey(file: MetadataSource, key: string, size: number): number | undefined {
  if (!file.metadata.has(key)) return undefined;
  const id = metadataNumber(file, key);
  return Number.isInteger(id) && id >= 0 && id < size ? id : undefined;
}

function unsupported(file: MetadataSource, key: string, found: string, supported: string): UserError {
  return new UserError({
    code: "model-unsupported",
    problem: `${basename(file.path)} has ${JSON.stringify(found)} in metadata key ${key}, and only ${supported} can be read`,
    advice: "choose a Qwen model",
    path: file.path,
  });
}
