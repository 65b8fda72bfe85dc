import type { TokenIds } from "./token_ids.ts";
import type { FimRole } from "./vocabulary.ts";

/** One way to lay out a prompt that fills in the middle, by the texts of the vocabulary's tokens. */
export interface FimSpelling {
  /** The models that were trained with it. */
  readonly models: string;
  /** What comes first in the prompt. */
  readonly first: "prefix" | "suffix";
  readonly texts: { readonly [role in "prefix" | "suffix"]: string } & {
    /** Absent where the middle follows the prefix without a token. */
    readonly middle?: string;
    readonly pad?: string;
    /** Before the project's name. */
    readonly repository?: string;
    /** Before each file's name; without it a prompt has no other files. */
    readonly separator?: string;
  };
  /** Further tokens that end a middle. */
  readonly ends?: readonly string[];
  /** Where vocabularies do not tell models apart: the name must agree, as `general.name` or `general.basename` has it. */
  readonly name?: RegExp;
}

const STARCODER = {
  prefix: "<fim_prefix>",
  suffix: "<fim_suffix>",
  middle: "<fim_middle>",
  pad: "<fim_pad>",
};
const STARCODER_ENDS = ["<filename>", "<reponame>", "<file_sep>", "<repo_name>"];

/**
 * The ways that are known, from the models' own pages; the first whose tokens a vocabulary has is taken. README.md has
 * them as a table.
 */
export const FIM_SPELLINGS: readonly FimSpelling[] = [
  {
    models: "Qwen2.5-Coder, Qwen3-Coder, Qwen3.5, Granite 4",
    first: "prefix",
    texts: {
      prefix: "<|fim_prefix|>",
      suffix: "<|fim_suffix|>",
      middle: "<|fim_middle|>",
      pad: "<|fim_pad|>",
      repository: "<|repo_name|>",
      separator: "<|file_sep|>",
    },
    ends: ["<|fim_repo|>"],
  },
  {
    models: "Seed-Coder",
    first: "suffix",
    texts: { prefix: "<[fim-prefix]>", suffix: "<[fim-suffix]>", middle: "<[fim-middle]>" },
  },
  {
    models: "Mellum",
    first: "suffix",
    texts: { ...STARCODER, separator: "<filename>" },
    ends: STARCODER_ENDS,
    name: /mellum/i,
  },
  { models: "StarCoder, Granite Code, Yi-Coder", first: "prefix", texts: STARCODER, ends: STARCODER_ENDS },
  {
    models: "StarCoder, in files with hyphens",
    first: "prefix",
    texts: { prefix: "<fim-prefix>", suffix: "<fim-suffix>", middle: "<fim-middle>", pad: "<fim-pad>" },
    ends: ["<fim-repo>", ...STARCODER_ENDS],
  },
  {
    models: "DeepSeek-Coder",
    first: "prefix",
    texts: { prefix: "<｜fim▁begin｜>", suffix: "<｜fim▁hole｜>", middle: "<｜fim▁end｜>" },
  },
  {
    models: "CodeLlama",
    first: "prefix",
    texts: { prefix: "▁<PRE>", suffix: "▁<SUF>", middle: "▁<MID>" },
    ends: ["▁<EOT>"],
  },
  {
    models: "CodeLlama, in files without the spaces",
    first: "prefix",
    texts: { prefix: "<PRE>", suffix: "<SUF>", middle: "<MID>" },
    ends: ["<EOT>", "_<EOT>"],
  },
  { models: "Codestral", first: "suffix", texts: { prefix: "[PREFIX]", suffix: "[SUFFIX]" } },
];

/** Ids of the tokens that lay out a fill-in-the-middle prompt. */
export type FimTokens = { readonly [role in "prefix" | "suffix"]: number } & {
  readonly [role in FimRole]?: number;
} & {
  /** The suffix comes before the prefix. */
  readonly suffixFirst?: true;
};

/** What a vocabulary has for filling in. */
export interface FoundFim {
  /** Undefined where the model knows no fill in the middle. */
  readonly tokens: FimTokens | undefined;
  /** Control tokens of the layout, found or named by the file. */
  readonly ids: readonly number[];
  /** Those of them that end a middle. */
  readonly endIds: readonly number[];
}

const ROLES = ["prefix", "suffix", "middle", "pad", "repository", "separator"] as const;

/**
 * Finds how a vocabulary fills in the middle.
 * @param own ids that the file names: they win over the texts
 * @param ids the vocabulary's texts to ids
 */
export function findFim(own: { readonly [role in FimRole]?: number }, ids: TokenIds, name: string): FoundFim {
  const fits = ({ texts, name: names }: FimSpelling): boolean =>
    (names?.test(name) ?? true) &&
    [texts.prefix, texts.suffix, texts.middle ?? texts.prefix].every((text) => ids.has(text));
  const spelling = FIM_SPELLINGS.find(fits);
  const partly =
    spelling ?? FIM_SPELLINGS.find(({ texts }) => Object.values(texts).some((text) => ids.has(text)));
  const found: { [role in FimRole]?: number } = {};
  for (const role of ROLES) {
    const id = own[role] ?? ids.get(partly?.texts[role] ?? "");
    if (id !== undefined) found[role] = id;
  }
  const { prefix, suffix, middle, pad, repository, separator } = found;
  const isWhole = middle !== undefined || (spelling !== undefined && spelling.texts.middle === undefined);
  const ends = [pad, repository, separator, ...(partly?.ends ?? []).map((text) => ids.get(text))];
  return {
    tokens:
      prefix !== undefined && suffix !== undefined && isWhole
        ? { ...found, prefix, suffix, ...(spelling?.first === "suffix" && { suffixFirst: true }) }
        : undefined,
    ids: Object.values(found),
    endIds: ends.filter((id) => id !== undefined),
  };
}
