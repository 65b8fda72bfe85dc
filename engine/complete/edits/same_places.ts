import type { NameFacts, Pieces } from "../text/index.ts";
import { isCommon, isDistinctive, isName } from "./distinctive.ts";
import { type Example, LINE_START } from "./examples.ts";
import { isSameScope, type Meaning } from "./meaning.ts";
import { type Found, placesOf, surroundingsOf, wordsOf } from "./places.ts";

/** Why there is nothing to repeat. */
export type NoRepeat =
  /** The user has replaced nothing. */
  | "no-replacement"
  /** The user would have to do it once more by hand. */
  | "made-once"
  /** The old text means something else at each place. */
  | "too-common"
  /** The old text stands nowhere else where it means the same. */
  | "nowhere";

const OFTEN = 3; // times that a replacement was made: the user is going through the file
const SHARED_MOST = 3;
const MIN_SHARED = 3; // tokens that examples have on both sides together

type SamePlace = (place: Found) => boolean;

/** Which of the `others` mean the same as the examples, or why that cannot be known yet. */
export function* sameAs(
  examples: readonly Example[],
  others: readonly Found[],
  meaning: Meaning,
  text: string,
  isRefused: SamePlace,
): Pieces<readonly Found[] | NoRepeat> {
  const [{ old, fresh }] = examples as [Example];
  // A number that gives way to another one is meant for its place.
  if (!/\p{L}/u.test(old + fresh)) return "too-common";
  if (examples.length === 1 && meaning.isBlind) return "made-once";
  const same = meantAlike(examples, others, meaning);
  if (same.length === 0) return "nowhere";
  const last = Math.max(...examples.map(({ start }) => start));
  // The user has come by these, and has left them as they are.
  const passed = yield* filtered(same, (place) => place.start < last && !isRefused(place));
  const facts = examples.map(meaning.facts);
  const declares = facts.find((one) => one.declares && !one.isImport) !== undefined;
  const isNew = yield* bringsNewWord(examples, text);
  const speaksFor = reachOf(examples, facts[0]!, { declares, isNew, passed: passed.length > 0 });
  if (speaksFor === "none") return "made-once";
  if (speaksFor === "all" && ((declares && isNew) || passed.length === 0)) return same;
  let isBeside = sameBeside(examples, text, SHARED_MOST);
  let alike = isBeside ? yield* filtered(same, isBeside) : [];
  if (isBeside && alike.length === 0 && facts[0]?.role === "member" && process.env.HOLES !== "0") {
    // What a call is given differs from place to place.
    isBeside = sameBeside(examples, text, 1);
    alike = isBeside ? yield* filtered(same, isBeside) : [];
  }
  if (isBeside && !alike.some((place) => passed.includes(place))) return alike.length > 0 ? alike : "nowhere";
  // Made so often, it goes on from where the user is, whatever was left above; but not where some were passed by between them, and
  // not of a short name, which is as often another one there.
  const first = Math.min(...examples.map(({ start }) => start));
  const picks = passed.some(({ start }) => start > first);
  // The name goes on to exist: the user takes another one here.
  const stays = process.env.STAYS !== "0" && passed.some((place) => isDeclared(meaning.facts(place)));
  if (examples.length < OFTEN || picks || stays || !wordsOf(old).some(isDistinctive)) return "too-common";
  const below = (speaksFor === "all" ? same : alike).filter(({ start }) => start > last);
  return below.length > 0 ? below : "too-common";
}

const isDeclared = ({ declares, isImport }: NameFacts): boolean => declares && !isImport;

const LOOKED_AT = 16; // of a piece

function* filtered<T>(all: readonly T[], isKept: (one: T) => boolean): Pieces<T[]> {
  const kept: T[] = [];
  for (const [index, one] of all.entries()) {
    if (isKept(one)) kept.push(one);
    if (index % LOOKED_AT === LOOKED_AT - 1) yield;
  }
  return kept;
}

/** Which places the examples speak for: all, those with the same neighbours, or none. Measured on commits (test/bench/repeat). */
type Reach = "none" | "beside" | "all";

interface Known {
  /** One of the examples is the name's declaration. */
  readonly declares: boolean;
  /** The new text has a word that the file did not have. */
  readonly isNew: boolean;
  /** The user has come by places that mean the same. */
  readonly passed: boolean;
}

function reachOf(examples: readonly Example[], facts: Pick<NameFacts, "kind" | "role">, known: Known): Reach {
  const [{ old, fresh, isWidened }] = examples as [Example];
  if (examples.length === 1) return reachAtOnce(examples[0]!, facts, known);
  if (isWidened || facts.kind === "comment" || facts.kind === "markup") return "beside";
  const renames = isRename(examples[0]!);
  if (!renames && !wordsOf(old).some(isDistinctive)) return "beside";
  // The same words with other marks: brackets that a formatter may want.
  if (wordsOf(old).join(" ") === wordsOf(fresh).join(" ")) return "beside";
  return examples.length > 2 || !renames || known.isNew || sharesPart(old, fresh) ? "all" : "beside";
}

/** A replacement that was made once speaks for others where it is the renaming of a name, as far as can be told. */
function reachAtOnce(
  example: Example,
  { kind, role }: Pick<NameFacts, "kind" | "role">,
  { declares, isNew, passed }: Known,
): Reach {
  const { old, fresh, left, right } = example;
  if (
    process.env.ONCE !== "0" &&
    role === "member" &&
    kind === "code" &&
    isNew &&
    !passed &&
    isDistinctive(old) &&
    isName(old) &&
    !isName(fresh)
  )
    return "beside";
  if (!isRename(example) || !isNew) return "none";
  const isLike = sharesPart(old, fresh);
  if (role === "variable") return declares && (isLike || !passed) ? "all" : "none";
  if (!isLike || !isDistinctive(old) || passed) return "none";
  // Of a string, all of it.
  if (kind === "string") return /^['"`]$/.test(left[0] ?? "") && left[0] === right[0] ? "all" : "none";
  return kind === "code" ? "all" : "none";
}

const isRename = ({ old, fresh, isWidened }: Example): boolean =>
  !isWidened && isName(old) && isName(fresh) && !isCommon(old);

/** The places whose kind of text, kind of name and declaration is that of an example. */
export function meantAlike(
  examples: readonly Example[],
  others: readonly Found[],
  meaning: Meaning,
): Found[] {
  const shown = examples.map((one) => ({ facts: meaning.facts(one), scope: meaning.scopeOf(one) }));
  const [first] = shown;
  const [{ old }] = examples as [Example];
  // Once it was made for names of two declarations, it is made for names of any.
  const isBound =
    meaning.knows &&
    shown.every(({ facts }) => facts.role === "variable") &&
    shown.every(({ scope }) => isSameScope(scope, first?.scope));
  return others.filter((place) => {
    const { kind, role } = meaning.facts(place);
    return (
      shown.some(({ facts }) => facts.kind === kind && (facts.role === role || isCommon(old))) &&
      (!isBound || isSameScope(first?.scope, meaning.scopeOf(place)))
    );
  });
}

/** Whether two names have a part in common: `recordBytes`, `bytesHeld`. */
export function sharesPart(a: string, b: string): boolean {
  const known = partsOf(a);
  return partsOf(b).some((part) => known.includes(part));
}

/** The words that a name is made of. */
export const partsOf = (name: string): string[] =>
  name
    .split(/(?<=\p{Ll})(?=\p{Lu})|[^\p{L}]+/u)
    .filter((part) => part.length > 2)
    .map((part) => part.toLowerCase());

/** Whether the new text has a word that the file did not have: a new name for the same thing. */
function* bringsNewWord(examples: readonly Example[], text: string): Pieces<boolean> {
  const [{ old, fresh }] = examples as [Example];
  const words = wordsOf(fresh);
  for (const word of words.filter((one) => !wordsOf(old).includes(one))) {
    const inExamples = examples.length * words.filter((one) => one === word).length;
    if ((yield* placesOf(text, word)).length <= inExamples) return true;
  }
  return false;
}

/** Where what stands beside the old text is what stood beside it each time; undefined where that says nothing. */
function sameBeside(examples: readonly Example[], text: string, most: number): SamePlace | undefined {
  const shared = (sides: readonly (readonly string[])[]) => {
    const [first = [], ...rest] = sides;
    let length = 0;
    while (length < first.length && rest.every((side) => side[length] === first[length])) length++;
    return first.slice(0, length);
  };
  const left = shared(examples.map((one) => one.left));
  const right = shared(examples.map((one) => one.right)).slice(0, most);
  if (left.length + right.length < MIN_SHARED) return undefined;
  const [{ old, fresh, isWidened }] = examples as [Example];
  // What was inserted or deleted has neighbours in its own text.
  const own = isWidened ? wordsOf(old).filter((word) => wordsOf(fresh).includes(word)) : [];
  const names = [...left, ...right, ...own].filter((token) => isName(token) && !isCommon(token));
  if (isWidened ? !isTelling(examples, [...left, ...right, ...own], names) : names.length === 0)
    return undefined;
  return (place) => {
    const beside = surroundingsOf(text, place);
    return (
      left.every((token, index) => (beside.left[index]?.text ?? LINE_START) === token) &&
      right.every((token, index) => beside.right[index]?.text === token)
    );
  };
}

/** Whether what stands beside an insertion each time says where else it belongs. */
function isTelling(
  examples: readonly Example[],
  tokens: readonly string[],
  names: readonly string[],
): boolean {
  if (names.some(isDistinctive)) return true;
  const words = new Set(tokens.filter(isName)).size;
  const most = tokens.length;
  return (words > 1 && most >= 4) || (words > 0 && most >= 5 && examples.length >= OFTEN);
}
