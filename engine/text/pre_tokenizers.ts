import { isWhiteSpace, SETS } from "./characters.ts";
import { pieceEnd, type ScannerRules } from "./pieces.ts";

// Pre-tokenizers cut a text into the pieces that merges stay within. Those of one regular expression that begins with
// contractions are scanned (pieces.ts), since most of the models that run have them. The others cut in passes.

/** Cuts by each expression in turn: what it matches are pieces, and so are the gaps; the next one cuts each of them again. */
type Passes = readonly RegExp[];

const { L, N, P, S } = SETS;
const pass = (source: string): RegExp => new RegExp(source, "gv");

// Written as llama.cpp has them (llama-vocab.cpp), its classes of characters as sets.
const GPT2 = pass(`'s|'t|'re|'ve|'m|'ll|'d| ?${L}+| ?${N}+| ?[^${S}${L}${N}]+|${S}+(?![^${S}])`);
const LINE_BREAK = pass("[\\r\\n]");
// Ranges as they were trained: from U+0800, which is more than Chinese.
const CHINESE_AND_KOREAN = pass(`[[\\u0800-\\u9fa5\\uac00-\\ud7ff]--${S}]+`);
// Letters with cases, and Cherokee: the set of the tokenizer's own file.
const CASED = [
  String.raw`A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af`,
  String.raw`\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5`,
  String.raw`\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba`,
  String.raw`\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45`,
  String.raw`\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe`,
  String.raw`\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102`,
  String.raw`\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139`,
  String.raw`\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3`,
  String.raw`\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06`,
  String.raw`\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}`,
  String.raw`\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}`,
].join("");
const UPPER = `[${L}--[a-z]]`;
const LOWER = `[${L}--[A-Z]]`;
const LEAD = `[^\\r\\n${L}${N}]?`;

const RULES = {
  qwen2: { marks: false, digits: 1, breaks: true },
  qwen35: { marks: true, digits: 1, breaks: true },
  llama3: { marks: false, digits: 3, breaks: true },
  "seed-coder": { marks: false, digits: 1, breaks: false },
  "gpt-2": [GPT2],
  starcoder: [pass(N), GPT2],
  "deepseek-coder": [LINE_BREAK, pass(`${S}?${L}+`), pass(`${S}?${P}+`), CHINESE_AND_KOREAN, pass(N)],
  "deepseek-llm": [
    LINE_BREAK,
    pass(`${S}?[${CASED}]+`),
    pass(String.raw`${S}?[!-\/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3001\u3002]+`),
    pass(`${S}+$`),
    CHINESE_AND_KOREAN,
    pass(`${N}+`),
  ],
  tekken: [
    pass(
      `${LEAD}${UPPER}*${LOWER}+|${LEAD}${UPPER}+${LOWER}*|${N}| ?[^${S}${L}${N}]+[\\r\\n\\/]*|${S}*[\\r\\n]+|${S}+(?![^${S}])|${S}+`,
    ),
  ],
  default: [pass(String.raw`[${P}$+<=>\^~\|]+`), GPT2, pass(`${N}+`), pass("[0-9][0-9][0-9]")],
} as const satisfies Readonly<Record<string, ScannerRules | Passes>>;

/** How a text is cut into pieces. */
export type PreTokenizer = keyof typeof RULES;

export interface PreTokenizerName {
  readonly pre: PreTokenizer;
  /** A piece that is a token is that token, whatever the merges make of it. */
  readonly ignoreMerges?: true;
  /** Prompts begin with the token for it, unless the file says otherwise. */
  readonly addBos?: true;
}

const LLAMA3: PreTokenizerName = { pre: "llama3", ignoreMerges: true, addBos: true };
const named = (pre: PreTokenizer, names: string): [string, PreTokenizerName][] =>
  names.split(" ").map((name) => [name, { pre }]);

/** By the names of `tokenizer.ggml.pre`, as llama.cpp reads them. */
export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizerName> = new Map([
  ...named("qwen2", "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open"),
  ...named("qwen35", "qwen35"),
  ...["llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"].map(
    (name): [string, PreTokenizerName] => [name, LLAMA3],
  ),
  ...named("llama3", "dbrx smaug-bpe"),
  ...named("seed-coder", "seed-coder"),
  ...named(
    "gpt-2",
    "gpt-2 phi-2 mellum gigachat a.x-4.0 modern-bert mpt olmo jais trillion granite-docling exaone4",
  ),
  ...named("starcoder", "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2"),
  ...named("deepseek-coder", "deepseek-coder"),
  ...named("deepseek-llm", "deepseek-llm"),
  ["tekken", { pre: "tekken", ignoreMerges: true, addBos: true }],
  ...named("default", "default"),
]);

/** Where the pieces of one text end, in UTF-16 units; to be asked from its start, each time at the end before. */
export type PieceEnds = (start: number) => number;

/** Cuts a text; what it makes of the characters before the last two pieces does not depend on what follows them. */
export function piecesOf(text: string, pre: PreTokenizer): PieceEnds {
  const rules: ScannerRules | Passes = RULES[pre];
  if ("digits" in rules) return (start) => pieceEnd(text, start, rules);
  const ends = endsByPasses(text, rules);
  let next = 0;
  return () => ends[next++]!;
}

function endsByPasses(text: string, passes: Passes): number[] {
  let ends = [text.length];
  for (const pattern of passes) {
    const finer: number[] = [];
    let start = 0;
    for (const end of ends) {
      cutFragment(text.slice(start, end), start, pattern, finer);
      start = end;
    }
    ends = finer;
  }
  return ends;
}

function cutFragment(fragment: string, start: number, pattern: RegExp, ends: number[]): void {
  pattern.lastIndex = 0;
  let cut = 0;
  for (let found = pattern.exec(fragment); found; found = pattern.exec(fragment)) {
    if (found.index > cut) ends.push(start + found.index);
    cut = pattern.lastIndex;
    ends.push(start + cut);
    if (cut === fragment.length) break;
  }
  pattern.lastIndex = 0;
  if (cut < fragment.length) ends.push(start + fragment.length);
}

/** Length of the part of a text whose pieces no further typing can change, and are those of the part alone. */
export function settledLength(text: string, pre: PreTokenizer): number {
  const endOf = piecesOf(text, pre);
  const isScanned = "digits" in RULES[pre];
  let settled = 0;
  let before = 0; // start of the piece before
  for (let start = 0; start < text.length; ) {
    const end = endOf(start);
    // The last piece may change, and white space, which its successor cuts.
    if (!isWhiteSpace(text, start, end)) {
      if (end < text.length) settled = isScanned || staysCut(text, end, pre) ? end : settled;
      // In passes white space before the last piece depends on what ends there.
      else if (isScanned) settled = isCutRun(text, before, start) ? before : start;
    }
    before = start;
    start = end;
  }
  return settled;
}

/** Whether passes cut there too where the text ends there, or continues. */
function staysCut(text: string, end: number, pre: PreTokenizer): boolean {
  if (isWhiteSpace(text, end - 1, end)) return false;
  // Behind other characters its white space may belong to what is before it.
  if (pre === "deepseek-llm") return /[!-~]/.test(text[end - 1]!);
  // Where tekken cuts before a capital letter depends on the letters after it.
  return pre !== "tekken" || isWhiteSpace(text, end, end + 1);
}

/**
 * Whether the white space before a piece would be one piece without it; a scanned run ends after its last line break, and
 * stays so.
 */
function isCutRun(text: string, before: number, start: number): boolean {
  return before > 0 && isWhiteSpace(text, before - 1, start) && !"\r\n".includes(text[before - 1]!);
}
