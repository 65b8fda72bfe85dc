import { exactly, type Place } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { isMarkupLanguage, isProseLanguage, isTemplateLanguage } from "./languages.ts";
import { literalAt } from "./literals.ts";

// Spelled out as text, control tokens are a model's error: as tokens they never reach the filters. No code has the
// shapes `<|name|>`, `<｜name｜>` and `<[a-name]>`. Other spellings come from the model's vocabulary, and those below are
// what families of models write even where it is not theirs.
const SHAPES = String.raw`<\|[\w.:/@▁-]{1,48}\|>|<｜[^｜\n]{1,48}｜>|<\[[a-z]+[-▁][\w▁-]*\]>`;
const FAMILIES = `
  <fim_prefix> <fim_suffix> <fim_middle> <fim_pad> <fim-prefix> <fim-suffix> <fim-middle> <fim-pad> <PRE> <SUF> <MID> <EOT>
  [PREFIX] [SUFFIX] [MIDDLE] [INST] [/INST] [TOOL_CALLS] [TOOL_RESULTS] [AVAILABLE_TOOLS] [SYSTEM_PROMPT] [/SYSTEM_PROMPT]
  <think> </think> <tool_call> </tool_call> <tool_response> </tool_response> <start_of_turn> <end_of_turn>
  <file_sep> <repo_name> <reponame> <filename> <gh_stars> <issue_start> <issue_comment> <issue_closed> <commit_before>
  <commit_msg> <commit_after> <jupyter_start> <jupyter_text> <jupyter_code> <jupyter_output> <jupyter_script>
  <empty_output> <<SYS>> <</SYS>> <s> </s> <unk> <pad> <bos> <eos> <sop> <eop> [gMASK]`
  .trim()
  .split(/\s+/);

// An added token may be any text, also white space or a tag of HTML that a tokenizer keeps whole.
const MARKED =
  /^(?:<\/?(?![a-z][a-z0-9]*>)[^\s<>]{2,}>|<\/?(?:think|bos|eos|unk|pad|s)>|\[\/?[A-Z][A-Z_]{2,}\])$/;

interface Spellings {
  readonly whole: RegExp;
  readonly names: readonly string[];
}

const known = new WeakMap<readonly string[], Spellings>();
const NONE: readonly string[] = [];

function spellingsOf(hints: FilterHints): Spellings {
  const controlTexts = hints.controlTexts?.() ?? NONE;
  let spellings = known.get(controlTexts);
  if (!spellings) {
    const names = [...new Set([...FAMILIES, ...controlTexts.filter((text) => MARKED.test(text))])];
    names.sort((a, b) => b.length - a.length);
    const escaped = names.map(exactly);
    spellings = { names, whole: new RegExp(`${SHAPES}|${escaped.join("|")}`, "g") };
    known.set(controlTexts, spellings);
  }
  return spellings;
}

/** The text before a control token that is spelled out, or that the text's end has cut off; one that the author writes about stays. */
export function cutAtControlToken(text: string, place: Place, hints: FilterHints): string {
  if (!/[<[]/.test(text)) return text;
  const { whole, names } = spellingsOf(hints);
  for (const found of text.matchAll(whole)) {
    if (!isMeant({ token: found[0], start: found.index, text, place, hints }))
      return text.slice(0, found.index);
  }
  const start = unfinishedStart(text, place, hints, names);
  return start === -1 ? text : text.slice(0, start);
}

/** The text of a stream that still grows, without what may become a control token. */
export function withoutUnfinishedToken(text: string, hints: FilterHints): string {
  const from = Math.max(text.lastIndexOf("<"), text.lastIndexOf("["));
  if (from === -1) return text;
  const { names } = spellingsOf(hints);
  const isUnfinished = (start: number): boolean => {
    const end = text.slice(start);
    return (
      /^<(?:[|｜][^>\n]{0,50})?$/.test(end) || names.some((name) => name.startsWith(end) && name !== end)
    );
  };
  for (const start of [text.lastIndexOf("<", from - 1), from])
    if (start !== -1 && isUnfinished(start)) return text.slice(0, start);
  return text;
}

/** A spelled-out token and where it is. */
interface Spelled {
  readonly token: string;
  readonly start: number;
  readonly text: string;
  readonly place: Place;
  readonly hints: FilterHints;
}

/** Whether the author means these characters: a name in code, a tag, or a string or a comment about the token. */
function isMeant(spelled: Spelled): boolean {
  const { token, start, text, place, hints } = spelled;
  const literal = literalAt(text, start, place, hints);
  const { languageId = "" } = hints;
  const words = isProseLanguage(languageId) || isMarkupLanguage(languageId);
  if (isTag(spelled, words || languageId.endsWith("react") || literal !== undefined)) return true;
  if (isTemplateLanguage(languageId)) return isMentioned(token, place);
  if (literal?.kind === "string") return isWholeString(spelled, literal.end);
  if (literal || words) return isNamed(spelled);
  return isName(spelled);
}

/** A tag that people write, `<s>` or `<filename>`: opened among words, closed where it was opened. */
function isTag({ token, start, text, place }: Spelled, amongWords: boolean): boolean {
  const tag = /^<(\/?)([a-z]+)>$/.exec(token);
  if (!tag || tag[2] === "think") return false;
  if (tag[1] === "") return amongWords;
  const before = [...place.above.slice(-20), place.head + text.slice(0, start)].join("\n");
  return before.lastIndexOf(`<${tag[2]}>`) > before.lastIndexOf(token);
}

/**
 * A string that begins with the token, or that contains it in a file that has it elsewhere; and that ends. In a file that
 * has other tokens of its shape, a string may be one: `const END = '█'` below `const START = '<|im_start|>'`.
 */
function isWholeString({ token, start, text, place }: Spelled, end: number): boolean {
  const after = text.slice(start + token.length, end) + (end >= text.length ? place.rest : "");
  if (!/["'`]/.test(after)) return false;
  return (
    (/["'`]$/.test(text.slice(0, start)) && /["'`]/.test(text.slice(start + token.length, end))) ||
    isMentioned(token, place) ||
    (start === 0 && /["'`]$/.test(place.head) && /^<\|/.test(token) && isMentioned("|>", place))
  );
}

/** Words about the token: between quotes, or in the middle of a sentence of a file that has it elsewhere. */
function isNamed({ token, start, text, place }: Spelled): boolean {
  const before = (place.head + text.slice(0, start)).at(-1) ?? "";
  const after = (text.slice(start + token.length) + place.rest)[0] ?? "";
  if (/["'`]/.test(before) && before === after) return true;
  return (
    /^[\s("'`]?$/.test(before) && /[\s)"'`.,;:]/.test(after) && after !== "\n" && isMentioned(token, place)
  );
}

/** `List<EOT>`, `names[PREFIX]`: the code has this name too. */
function isName({ token, place }: Spelled): boolean {
  const name = /^[<[]([A-Za-z]\w*)[>\]]$/.exec(token)?.[1];
  return name !== undefined && hasName(name, place);
}

function hasName(name: string, place: Place): boolean {
  const pattern = new RegExp(`(?<![\\w<[/|])${name}(?![\\w|])`);
  return linesAround(place).some((line) => pattern.test(line));
}

const linesAround = ({ above, head, rest, below }: Place): string[] => [...above, head, rest, ...below];

const isMentioned = (token: string, place: Place): boolean =>
  linesAround(place).some((line) => line.includes(token));

// Languages in which `<|` is an operator.
const LEFT_PIPE =
  /^(?:fsharp|elm|haskell|purescript|idris|elixir|gleam|ocaml|reason|rescript|raku|coq|lean4?)$/;
const LEAST = 5; // characters of a name that tell it from code

/** Where a token begins that the end of the text has cut off, `<|endof`; -1 where none does. */
function unfinishedStart(text: string, place: Place, hints: FilterHints, names: readonly string[]): number {
  const { languageId = "" } = hints;
  const shape = /<(?:\|[\w.:/@▁-]{0,48}\|?|｜[^｜\n]{0,48}｜?)$/.exec(text);
  if (shape && !(LEFT_PIPE.test(languageId) && /^<\|\W?$/.test(shape[0]))) return shape.index;
  const start = Math.max(text.lastIndexOf("<"), text.lastIndexOf("["));
  if (start === -1) return -1;
  const end = text.slice(start);
  const name = names.find((candidate) => candidate.startsWith(end) && candidate !== end);
  if (name === undefined) return -1;
  const isMarkup = isMarkupLanguage(languageId) || languageId.endsWith("react");
  const closes = end.startsWith("</") && end.length >= 3 && !isMarkup;
  if (!closes && end.length < LEAST) return -1;
  if (/[_-]/.test(end) && end.startsWith("<")) return start;
  // `<think` may be the start of a tag, of a type, or of what is compared.
  const isBare = !isMarkup && /^[\s;})]?$/.test((place.head + text.slice(0, start)).at(-1) ?? "");
  const isCode = !isProseLanguage(languageId) && literalAt(text, start, place, hints) === undefined;
  return isCode && (isBare || closes) && !hasName(/[A-Za-z]\w*/.exec(end)?.[0] ?? "_", place) ? start : -1;
}
