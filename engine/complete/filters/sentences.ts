import type { Pieces } from "../text/index.ts";

/** What a line looks like that may be a sentence. */
export interface Words {
  readonly count: number;
  /** Words side by side, none of them a keyword of a language. */
  readonly pairs: number;
  /** Characters that are neither of words nor of sentences. */
  readonly signs: number;
  /** Begins as sentences do. */
  readonly isCapital: boolean;
  /** Has a mark where sentences have one: after a word, before white space or the end. */
  readonly isPunctuated: boolean;
  /** Has a contraction, or one of the small words that sentences are held together with. */
  readonly small: number;
  /** Speaks to its reader, or of its writer. */
  readonly isPersonal: boolean;
  /** Has what no sentence has, and few words that hold one together: a call, a name such as `itemCount`, a list of parameters. */
  readonly isCode: boolean;
  /** Has a full-width mark, which no language has in its code. */
  readonly hasWideMark: boolean;
  /** Has a long run of letters of a script that writes without spaces. */
  readonly isRun: boolean;
}

const WORD = /\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}+)*/gu;

// Words that come beside others in code.
const KEYWORDS = new Set(
  `abstract and as assert async auto await begin bool boolean break by case catch char class const constexpr continue
  crate declare def default defer del delete do done double dyn elif else elsif end enum except explicit export extends
  extern final finally float fn for foreach friend from func function get global go goto group if impl implements import in
  include infer inline instanceof int interface internal into is join keyof lambda let long match mod module move mut
  namespace native new nil none nonlocal not null of on operator or orderby override package partial pass permits private
  protected pub public raise readonly record ref register require return satisfies sealed select self set short signed
  static string struct super switch synchronized template then this throw throws trait transient try type typedef typename
  typeof union unless unsafe unsigned until use using val var virtual void volatile when where while with yield`
    .trim()
    .split(/\s+/),
);

// The commonest words of the languages that models answer in, less what names and keywords are made of.
const SMALL =
  /^(?:the|an|of|to|it|its|that|these|those|are|was|were|be|been|has|have|had|will|would|can|could|should|may|might|you|your|we|our|they|there|here|which|what|how|but|so|also|please|just|because|about|der|das|ein|eine|einen|und|ist|sind|nicht|mit|für|auf|wie|hier|wird|werden|kann|les|une|des|est|sont|pour|dans|avec|sur|voici|cette|el|los|las|una|es|son|para|con|por|este|esta|aquí|il|lo|gli|che|di|per|questo|ecco|não|uma|os|na|você|это|вот|что|для|как|не|ниже|код)$/i;
const PERSONAL =
  /^(?:I|I['’](?:m|ll|ve|d)|me|my|you|your|you['’](?:re|ve|ll|d)|we|let['’]s|sorry|please|ich|Sie|Ihnen|Ihr|Ihre|Ihren|du|je|j['’]ai|vous|votre|vos|usted|tu|você|вы|ваш|вам)$/;
const CONTRACTION = /^\p{L}+['’](?:s|m|t|re|ve|ll|d)$/u;
// `itemCount`, `item_count`.
const NAME = /(?<!\p{L})\p{Ll}{2,}\p{Lu}\p{Ll}|\p{L}_\p{L}|(?:^|\s)_\p{L}/u;
const HUMP = /\p{Ll}\p{Lu}\p{Ll}/gu;
const CALL = /[\p{L}\p{N}_>]\(/u;
const WIDE_MARK = /\p{L}[，。！？：；、]/u;
const RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{8}/u;
const CAPITAL = /^(?:\p{Lu}\p{Ll}|I(?:['’]|$)|\p{Lu}$|\p{Lo})/u;
const PUNCTUATED = /[\p{L}\p{N})"'”][.,!?:…](?:\s|$)/u;

/** Has V8 compile each of these, which takes some of them a millisecond or two: for the first search, and again for the second. */
export function* rehearseSentences(): Pieces<void> {
  for (const one of [
    WORD,
    SMALL,
    PERSONAL,
    CONTRACTION,
    NAME,
    HUMP,
    CALL,
    WIDE_MARK,
    RUN,
    CAPITAL,
    PUNCTUATED,
  ]) {
    for (let search = 0; search < 2; search++) {
      "the total of itemCount".search(one);
      yield;
    }
  }
}

export function wordsOf(line: string): Words {
  const bare = line.replace(/`[^`]*`/g, "").replace(/^(?:(?:[-*•]|\d+[.)])\s+|[¡¿"“«(]+)/, "");
  const words = [...bare.matchAll(WORD)];
  let pairs = 0;
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (!next || KEYWORDS.has(word[0]) || KEYWORDS.has(next[0])) continue;
    if (/^ +$/.test(bare.slice(word.index + word[0].length, next.index))) pairs++;
  }
  const first = words[0]?.[0] ?? "";
  const small = words.filter(([word]) => SMALL.test(word) || CONTRACTION.test(word)).length;
  return {
    count: words.length,
    pairs,
    signs:
      bare.replace(WORD, "").replace(/[\s,.:;!?¡¿()"'’“”„«»—–，。！？：；、（）《》「」-]/g, "").length +
      (bare.match(/[;{}]$|\w\(|\(\)|::|->|\w\.\w/g)?.length ?? 0),
    isCapital: words[0]?.index === 0 && CAPITAL.test(first),
    isPunctuated: PUNCTUATED.test(bare),
    small,
    isCode:
      small === 0 ? hasNames(bare) || CALL.test(bare) || isListOfNames(bare) : small === 1 && CALL.test(bare),
    isPersonal: words.some(([word]) => PERSONAL.test(word)),
    hasWideMark: WIDE_MARK.test(bare),
    isRun: RUN.test(bare),
  };
}

/** One name such as `ItemList` may be a product's, as in "JavaScript has". */
const hasNames = (line: string): boolean => NAME.test(line) || (line.match(HUMP)?.length ?? 0) > 1;

/** Whether it is a list of names, as constants are, or of pairs of a type and a name, as parameters are. */
function isListOfNames(line: string): boolean {
  const list = line.trim().replace(/^\(|[,);{]+$/g, "");
  if (!line.includes(",") || /[.!?:…]$/.test(list)) return false;
  const parts = list.split(",").map((part) => part.trim().split(/\s+/));
  return (
    parts.every(({ length }) => length === 1) || parts.every((part) => part.length > 1 && isParameter(part))
  );
}

const isParameter = (words: readonly string[]): boolean =>
  words.length <= 4 && words.filter((word) => !KEYWORDS.has(word)).length <= 2;

/** Whether a line can hardly be code of any language that is no language of sentences. */
export function readsAsSentence({
  count,
  signs,
  isCapital,
  isCode,
  isPunctuated,
  small,
  hasWideMark,
}: Words): boolean {
  if (signs > 0 || isCode) return false;
  return hasWideMark || (isCapital && count >= 3 && (small > 0 || isPunctuated));
}

/** Whether it is a whole sentence with its marks: also where words side by side are code. */
export function readsAsFullSentence(words: Words): boolean {
  const { count, hasWideMark, isPunctuated, small } = words;
  return readsAsSentence(words) && (hasWideMark || (count >= 4 && isPunctuated && small > 0));
}

/** Whether it is what one says to the other in a chat: also where code may read as sentences do. */
export function readsAsAddress(words: Words): boolean {
  const { count, isPersonal, isPunctuated, small } = words;
  return readsAsSentence(words) && isPersonal && count >= 4 && (isPunctuated || small >= 2);
}
