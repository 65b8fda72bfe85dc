import { lexisOf } from "../../engine/complete/index.ts";
import { withoutText } from "./lexical.ts";
import type { Selected } from "./selected.ts";

/** Languages of words, where nothing tells a rewritten text from an answer in words. */
const OF_WORDS =
  /^(?:plaintext|markdown|mdx|latex|tex|bibtex|restructuredtext|asciidoc|typst|git-commit|git-rebase|scminput|search-result|log|csv)$/;

/** Languages where text needs no quotes. */
const OF_BARE_TEXT =
  /^(?:yaml|dockercompose|ini|properties|dotenv|html|xml|xsl|vue|svelte|astro|handlebars|razor|pug|haml|jinja.*|php|makefile|dockerfile|shellscript|bat|gherkin|feature)$/;

// Words that programs of many languages have in common; all others are compared with those of the file.
const KEYWORDS = new Set(
  (
    "abstract and as assert async await begin break bool boolean byte case catch char class const continue def default " +
    "defer del delete do done double elif else elsif end endif ensure enum esac except export extends extern false fi " +
    "final finally float fn for foreach from fun func function get global go goto if impl implements import in " +
    "include inline instanceof int interface internal is lambda let local long loop match mod module move mut mutable " +
    "namespace native new nil none not null object of operator or override package pass private protected pub public " +
    "raise readonly ref rescue return sealed select self set short signed sizeof static str string struct super " +
    "switch template then this throw throws trait true try type typedef typename typeof undefined union unless " +
    "unsafe unsigned until use using val var virtual void volatile when where while with yield"
  ).split(" "),
);

// Keywords that sentences are made of as well.
const NEUTRAL = new Set(
  "and as do else for from get go if in is let match new not object of or package pass set then this use until when where while with".split(
    " ",
  ),
);

/** Languages with operators that are words: `a if b is not None else c`. */
const OF_WORD_OPERATORS =
  /^(?:python|starlark|ruby|lua|sql|perl6?|vb|elixir|haskell|elm|coffeescript|nim|julia|shellscript|fsharp|ocaml)$/;
/** Languages where an argument follows a name with a blank in between. */
const OF_JUXTAPOSITION =
  /^(?:shellscript|fish|powershell|bat|sql|haskell|elm|ocaml|fsharp|coffeescript|makefile|dockerfile|tcl)$/;
/** Languages whose statements end as sentences do. */
const OF_FULL_STOPS = /^(?:erlang|prolog|cobol|abap)$/;

const WORD = /[\p{L}_][\p{L}\p{N}_’']*/gu;
// Words with nothing but blanks in between: a program seldom has three, and those are known.
const RUN = /[\p{L}_][\p{L}\p{N}_’']*(?:[ \t]+[\p{L}_][\p{L}\p{N}_’']*){2,}/gu;

const wordsOf = (text: string): string[] => text.match(WORD) ?? [];

interface Vocabulary {
  readonly languageId: string;
  /** Whether a word is neither a keyword nor in the code of the file. */
  readonly unknown: (word: string) => boolean;
}

/** Whether a line of code, without its strings and comments, reads as a sentence: of words that are unknown here. */
function isSentence(line: string, { languageId, unknown }: Vocabulary): boolean {
  const words = wordsOf(line);
  if (!words.some(unknown)) return false;
  if (words.some((word) => /[^\p{ASCII}]/u.test(word) && unknown(word))) return true;
  const stop = OF_FULL_STOPS.test(languageId) ? /[!?…]\s*$/ : /[.!?…]\s*$/;
  if (/\p{L}.*[\p{L}"][.]\s*$/u.test(line) && stop.test(line)) return true;
  if (isWordsOnly(line) && /\p{L},?[ \t]+\p{L}/u.test(line) && stop.test(line)) return true;
  return (line.match(RUN) ?? []).some((run) => {
    const inRun = wordsOf(run);
    const strange = inRun.filter(unknown).length;
    if (inRun.length === 3) return strange === 3 && !OF_JUXTAPOSITION.test(languageId);
    if (OF_WORD_OPERATORS.test(languageId)) return strange * 2 > inRun.length;
    const ofCode = inRun.filter((word) => !unknown(word) && !NEUTRAL.has(word)).length;
    return strange >= 2 && strange > ofCode;
  });
}

/** Whether a line has words and the punctuation of sentences alone. `else:` is such a line, and `Sure:`. */
const isWordsOnly = (line: string): boolean =>
  /^[\p{L}\s"’',.:!?…]*$/u.test(line) && !/[.:]\p{L}/u.test(line);

function vocabularyOf({ before, text, after, languageId }: Selected): Vocabulary {
  const known = new Set(wordsOf(withoutText(before + text + after, languageId)));
  return { languageId, unknown: (word) => !known.has(word) && !KEYWORDS.has(word) };
}

/** The lines of an answer that are neither blank nor in the selection, without strings and comments. */
function freshLines(answer: string, { text, languageId }: Selected): string[] {
  const known = new Set(text.split("\n").map((line) => line.trim()));
  const whole = answer.split("\n");
  return withoutText(answer, languageId)
    .split("\n")
    .filter((line, index) => line.trim() !== "" && !known.has(whole[index]!.trim()));
}

/** Whether an answer without a fence is certainly code of the selection's kind: when in doubt it is not. */
export function isCertainlyCode(answer: string, selected: Selected): boolean {
  const { text, languageId } = selected;
  if (OF_WORDS.test(languageId) || answer.includes("```") || answer.includes("~~~")) return false;
  // Markdown's code within a line, unless a string of these quotes is selected.
  if (/^`[^`]*`$/.test(answer.trim()) && !text.trim().startsWith("`")) return false;
  const vocabulary = vocabularyOf(selected);
  const inWords = (line: string) =>
    isSentence(line, vocabulary) || (isWordsOnly(line) && wordsOf(line).some(vocabulary.unknown));
  if (freshLines(answer, selected).some(inWords)) return false;
  const [code, selection] = [withoutText(answer, languageId), withoutText(text, languageId)];
  const own = new Set(wordsOf(selection));
  if (!wordsOf(code).some((word) => own.has(word))) return false;
  return PAIRS.every((pair) => balance(code, pair) === balance(selection, pair));
}

/** A kind of bracket of which the code leaves more open, or closes more, than the selection does; where brackets are code. */
export function unbalancedBracket(code: string, { text, languageId }: Selected): string | undefined {
  if (OF_WORDS.test(languageId) || OF_BARE_TEXT.test(languageId) || !lexisOf(languageId)) return undefined;
  const [now, then] = [withoutText(code, languageId), withoutText(text, languageId)];
  return PAIRS.find((pair) => balance(now, pair) !== balance(then, pair))?.[0];
}

/** Whether fenced text is an answer in words all the same, where the selection is code: no line of it is anything else. */
export function isOnlyWords(fenced: string, selected: Selected): boolean {
  const { text, languageId } = selected;
  if (OF_WORDS.test(languageId) || OF_BARE_TEXT.test(languageId)) return false;
  // A part of a comment, or of a text in markup, reads as sentences itself.
  const keywordsAlone = { languageId, unknown: (word: string) => !KEYWORDS.has(word) };
  const selection = withoutText(text, languageId).split("\n");
  if (selection.some((line) => isSentence(line, keywordsAlone))) return false;
  const vocabulary = vocabularyOf(selected);
  const lines = freshLines(fenced, selected);
  return (
    lines.some((line) => isSentence(line, vocabulary)) &&
    lines.every((line) => isSentence(line, vocabulary) || isWordsOnly(line))
  );
}

const PAIRS = ["()", "[]", "{}"];

/** How many more of `pair`'s openers than closers there are. */
const balance = (code: string, [opener, closer]: string): number =>
  code.split(opener!).length - code.split(closer!).length;
