import { basename } from "node:path";
import { UserError } from "../errors.ts";
import {
  type MetadataSource,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
} from "../gguf/index.ts";
import type { PreTokenizer } from "./pieces.ts";

/** The values of `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a tokenizer is made of (model.md 7.1). Ids lie in [0, tokens.length). */
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
  /** Jinja source. */
  readonly chatTemplate?: string;
}

export type FimRole = keyof typeof FIM_KEYS;

// llama.cpp's names for the keys.
const FIM_KEYS = {
  prefix: "pre",
  suffix: "suf",
  middle: "mid",
  pad: "pad",
  repository: "rep",
  separator: "sep",
};
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

/** Reads the keys `tokenizer.*`. What is missing or odd is a UserError that names the file and the key. */
export function vocabularyFrom(file: MetadataSource): VocabularySource {
  const model = metadataString(file, "tokenizer.ggml.model");
  if (model !== "gpt2") throw unsupported(file, "tokenizer.ggml.model", model, "gpt2");
  const name = metadataString(file, "tokenizer.ggml.pre");
  const pre = PRE_TOKENIZERS[name];
  if (!pre) throw unsupported(file, "tokenizer.ggml.pre", name, "qwen35 and qwen2");

  const tokens = metadataStrings(file, "tokenizer.ggml.tokens");
  const types = metadataNumbers(file, "tokenizer.ggml.token_type");
  if (types.length !== tokens.length || tokens.length === 0) {
    throw new UserError(
      `${basename(file.path)} has ${tokens.length} tokens in tokenizer.ggml.tokens and ${types.length} types in tokenizer.ggml.token_type: download it again or choose another file of this model.`,
    );
  }
  const idAt = (role: string) => idOfKey(file, `tokenizer.ggml.${role}_token_id`, tokens.length);

  const fimIds: { [role in FimRole]?: number } = {};
  for (const [role, key] of Object.entries(FIM_KEYS) as [FimRole, string][]) {
    const id = idAt(`fim_${key}`);
    if (id !== undefined) fimIds[role] = id;
  }
  const chatTemplate = metadataString(file, "tokenizer.chat_template", "");
  return {
    pre,
    tokens,
    types,
    merges: metadataStrings(file, "tokenizer.ggml.merges"),
    endIds: END_KEYS.map(idAt).filter((id) => id !== undefined),
    fimIds,
    ...(chatTemplate && { chatTemplate }),
  };
}

function idOfKey(file: MetadataSource, key: string, size: number): number | undefined {
  if (!file.metadata.has(key)) return undefined;
  const id = metadataNumber(file, key);
  if (Number.isInteger(id) && id >= 0 && id < size) return id;
  throw new UserError(
    `${basename(file.path)} has ${id} in metadata key ${key}, but its vocabulary has ${size} tokens: choose another file of this model.`,
  );
}

function unsupported(file: MetadataSource, key: string, found: string, supported: string): UserError {
  return new UserError(
    `${basename(file.path)} has ${JSON.stringify(found)} in metadata key ${key}, and only ${supported} can be read: choose a Qwen model.`,
  );
}
