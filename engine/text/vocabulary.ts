import { basename } from "node:path";
import { quoted, UserError } from "../errors/index.ts";
import {
  type MetadataSource,
  metadataBoolean,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
  modelName,
} from "../gguf/index.ts";
import { PRE_TOKENIZERS, type PreTokenizer, type PreTokenizerName } from "./pre_tokenizers.ts";

/** The values of `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a tokenizer is made of (NETWORK.md 7.1). Ids lie in [0, tokens.length). */
export interface VocabularySource {
  /** Byte-level BPE (the default), or SentencePiece, which has no pre-tokenizer and no merges. */
  readonly kind?: "gpt2" | "llama";
  readonly pre: PreTokenizer;
  /** By id; ordinary tokens in the GPT-2 byte alphabet, or with U+2581 for a space; special ones as they are. */
  readonly tokens: readonly string[];
  /** By id; values of TOKEN_TYPE. */
  readonly types: ArrayLike<number>;
  /** By rank; "left right". */
  readonly merges: readonly string[];
  /** A piece that is a token is that token, whatever the merges make of it. */
  readonly ignoreMerges?: boolean;
  /** SentencePiece: by id. */
  readonly scores?: ArrayLike<number>;
  /** SentencePiece: whether a text begins with a space that it does not have. */
  readonly addSpacePrefix?: boolean;
  /** End of sequence, of turn and of message, where the file names them. */
  readonly endIds: readonly number[];
  /** Ids that the file names; the rest of the layout's tokens are found by their texts. */
  readonly fimIds: { readonly [role in FimRole]?: number };
  /** The model's name: some models share a vocabulary, and differ in how they fill in. */
  readonly name?: string;
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
  qwen3next: "qwen2",
};

/** Reads the keys `tokenizer.*`. What is missing or odd is a UserError that names the file and the key. */
export function vocabularyFrom(file: MetadataSource): VocabularySource {
  const kind = metadataString(file, "tokenizer.ggml.model");
  if (kind !== "gpt2" && kind !== "llama")
    throw unsupported(file, "tokenizer.ggml.model", kind, "gpt2 and llama");
  const isBytes = kind === "gpt2";
  const { pre, ignoreMerges, addBos = false } = isBytes ? preTokenizerFrom(file) : SENTENCEPIECE;

  const tokens = metadataStrings(file, "tokenizer.ggml.tokens");
  // Without types, as some converters write files, special tokens are those that are known by their texts.
  const types = metadataNumbers(
    file,
    "tokenizer.ggml.token_type",
    tokens.map(() => TOKEN_TYPE.normal),
  );
  if (types.length !== tokens.length || tokens.length === 0) {
    throw new UserError({
      code: "file-damaged",
      problem: `${basename(file.path)} has ${tokens.length} tokens in tokenizer.ggml.tokens and ${types.length} types in tokenizer.ggml.token_type`,
      advice: "download it again or choose another file of this model",
      path: file.path,
    });
  }
  const idsAt = (role: string) => idsOfKey(file, `tokenizer.ggml.${role}_token_id`, tokens.length);
  const idAt = (role: string): number | undefined => idsAt(role)[0];

  const fimIds: { [role in FimRole]?: number } = {};
  for (const [role, keys] of Object.entries(FIM_KEYS) as [FimRole, readonly string[]][]) {
    const id = keys.map(idAt).find((found) => found !== undefined);
    if (id !== undefined) fimIds[role] = id;
  }
  // What SentencePiece's files leave out are the first ids.
  const usual = (id: number) => (isBytes || id >= tokens.length ? undefined : id);
  const [bosId, eosId] = [idAt("bos") ?? usual(1), idAt("eos") ?? usual(2)];
  const listed = idsOfKey(file, "tokenizer.ggml.eos_token_ids", tokens.length); // Ollama's key
  const chatTemplate = metadataString(file, "tokenizer.chat_template", "");
  const name = `${modelName(file)} ${metadataString(file, "general.basename", "")}`;
  return {
    kind,
    pre,
    tokens,
    types,
    merges: isBytes ? metadataStrings(file, "tokenizer.ggml.merges") : [],
    ...(ignoreMerges && { ignoreMerges }),
    ...(!isBytes && {
      scores: scoresFrom(file, tokens.length),
      addSpacePrefix: metadataBoolean(file, "tokenizer.ggml.add_space_prefix", true),
    }),
    endIds: [...new Set([eosId, ...["eos", "eot", "eom"].flatMap(idsAt), ...listed])].filter(
      (id) => id !== undefined,
    ),
    fimIds,
    name,
    ...(bosId !== undefined && { bosId }),
    ...(eosId !== undefined && { eosId }),
    addBos: metadataBoolean(file, "tokenizer.ggml.add_bos_token", addBos),
    ...(chatTemplate && { chatTemplate }),
  };
}

const SENTENCEPIECE = { pre: "default", ignoreMerges: undefined, addBos: true } as const;

function preTokenizerFrom(file: MetadataSource): PreTokenizerName {
  const name = metadataString(file, "tokenizer.ggml.pre", "") || "default";
  const usual = PRE_TOKENIZER_OF[metadataString(file, "general.architecture", "")];
  const found = name === "default" && usual ? { pre: usual } : PRE_TOKENIZERS.get(name);
  if (!found) throw unsupported(file, "tokenizer.ggml.pre", name, [...PRE_TOKENIZERS.keys()].join(", "));
  return found;
}

function scoresFrom(file: MetadataSource, size: number): ArrayLike<number> {
  const scores = metadataNumbers(file, "tokenizer.ggml.scores");
  if (scores.length === size && Array.from(scores).every(Number.isFinite)) return scores;
  throw new UserError({
    code: "file-damaged",
    problem: `${basename(file.path)} has ${scores.length} scores for ${size} tokens in tokenizer.ggml.scores, or one that is no number`,
    advice: "download it again or choose another file of this model",
    path: file.path,
  });
}

/**
 * The ids that the key names, one or several. Those outside of the vocabulary count for nothing, as in llama.cpp: some
 * converters write -1 for none.
 */
function idsOfKey(file: MetadataSource, key: string, size: number): number[] {
  const value = file.metadata.get(key);
  if (value === undefined || typeof value === "bigint") return [];
  const ids = ArrayBuffer.isView(value)
    ? Array.from(metadataNumbers(file, key))
    : [metadataNumber(file, key)];
  return ids.filter((id) => Number.isInteger(id) && id >= 0 && id < size);
}

function unsupported(file: MetadataSource, key: string, found: string, supported: string): UserError {
  return new UserError({
    code: "model-unsupported",
    problem: `${basename(file.path)} has ${quoted(found)} in metadata key ${key}, and only ${supported} can be read`,
    advice: "choose another model, or another file of it",
    path: file.path,
  });
}
