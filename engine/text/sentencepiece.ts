import { createMerger, type MergeRules, remembering } from "./merger.ts";
import type { Spelling } from "./spelling.ts";
import type { TokenIds } from "./token_ids.ts";
import { TOKEN_TYPE, type VocabularySource } from "./vocabulary.ts";

// The SentencePiece kind of Llama 2, CodeLlama and Codestral, as llama.cpp reads it: characters merge into whichever
// token has the highest score, and those of no token become the tokens of their bytes. Spaces are written as U+2581.

const BLANK = "\u2581";
const LONE_SURROGATES = /\p{Cs}/gu;
const utf8 = new TextEncoder();

/**
 * @param idOf vocabulary texts to ids
 * @param types by id; values of TOKEN_TYPE
 */
export function createSentencePiece(
  { tokens, scores = [], addSpacePrefix = true }: VocabularySource,
  idOf: TokenIds,
  types: ArrayLike<number>,
): Spelling {
  const symbols = createSymbols(tokens, types, idOf);
  const merge = createMerger(mergeRules(tokens, types, scores, symbols));
  const byteIds = byteTokens(idOf, tokens, types);
  const mergePiece = remembering((piece, out) => {
    const spelled = Array.from(piece.replace(LONE_SURROGATES, "\ufffd"), symbols.of);
    for (const symbol of merge(spelled, spelled.length)) {
      if (symbol < tokens.length) out.push(symbol);
      else for (const byte of utf8.encode(symbols.textOf(symbol))) out.push(...byteIds[byte]!);
    }
  });
  const isCut = !tokens.some((text, id) => isOrdinary(types[id]!) && /[^\u2581]\u2581/u.test(text));
  const pieces = isCut ? /\u2581*[^\u2581]+|\u2581+/gu : /[\s\S]+/gu;

  return {
    encode(text, out, { limit, begins }) {
      const escaped = ((begins && addSpacePrefix ? " " : "") + text).replaceAll(" ", BLANK);
      for (const [piece] of escaped.matchAll(pieces)) {
        if (out.length > limit) return;
        mergePiece(piece, out);
      }
    },
    // Merges stay within a piece, and more text only makes the last one longer.
    settledLength(text) {
      const last = [...text.replaceAll(" ", BLANK).matchAll(pieces)].at(-1);
      return last?.index ?? 0;
    },
    bytesOf: (text) => utf8.encode(text.replaceAll(BLANK, " ")),
  };
}

/** Tokens that text may become. Text that spells a control or byte token stays text. */
const isOrdinary = (type: number): boolean => type === TOKEN_TYPE.normal || type === TOKEN_TYPE.userDefined;

/** A symbol is the id of its text, or a number past the ids for a character that is no token. */
function createSymbols(tokens: readonly string[], types: ArrayLike<number>, idOf: TokenIds) {
  const extra = new Map<string, number>();
  const extraTexts: string[] = [];
  const tokenOf = (text: string): number | undefined => {
    const id = idOf.get(text);
    return id !== undefined && isOrdinary(types[id]!) ? id : undefined;
  };
  return {
    tokenOf,
    of(character: string): number {
      const known = tokenOf(character) ?? extra.get(character);
      if (known !== undefined) return known;
      extra.set(character, tokens.length + extraTexts.length);
      return tokens.length + extraTexts.push(character) - 1;
    },
    textOf: (symbol: number): string => tokens[symbol] ?? extraTexts[symbol - tokens.length]!,
  };
}

function mergeRules(
  tokens: readonly string[],
  types: ArrayLike<number>,
  scores: ArrayLike<number>,
  symbols: ReturnType<typeof createSymbols>,
): MergeRules {
  const ordinary = Array.from(tokens, (_, id) => id).filter((id) => isOrdinary(types[id]!));
  const distinct = [...new Set(ordinary.map((id) => scores[id] ?? 0))].sort((a, b) => b - a);
  const rankOfScore = new Map(distinct.map((score, rank) => [score, rank]));
  const pairs = new Map<number, number>(); // the pair's token, -1: none
  const tokenOf = (left: number, right: number): number => {
    const key = left * 2 ** 26 + right;
    const known = pairs.get(key);
    if (known !== undefined) return known;
    const id = symbols.tokenOf(symbols.textOf(left) + symbols.textOf(right)) ?? -1;
    if (pairs.size >= PAIRS) pairs.clear();
    pairs.set(key, id);
    return id;
  };
  const rank = (left: number, right: number): number => {
    const id = tokenOf(left, right);
    return id === -1 ? -1 : rankOfScore.get(scores[id] ?? 0)!;
  };
  return {
    rank,
    has: (wanted, left, right) => rank(left, right) === wanted,
    made: (_, l, r) => tokenOf(l, r),
  };
}

const PAIRS = 1 << 18; // remembered, some 10 MB; a pair costs a text to join and to look up

/** By byte: the token for it; without one the character that it is, or the unknown token. */
function byteTokens(
  idOf: TokenIds,
  tokens: readonly string[],
  types: ArrayLike<number>,
): readonly (readonly number[])[] {
  const unknown = tokens.findIndex((_, id) => types[id] === TOKEN_TYPE.unknown);
  return Array.from({ length: 256 }, (_, byte) => {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
    const id = idOf.get(name) ?? unknown;
    return id === -1 ? [] : [id];
  });
}
