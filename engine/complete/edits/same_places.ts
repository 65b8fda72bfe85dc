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
const OFTEN_NAMED = 5; // … with another name: after three, that was as often wrong as right
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
  const declaration = examples[facts.findIndex((one) => one.declares && !one.isImport)];
  const declares = declaration !== undefined;
  const isNew = yield* bringsNewWord(examples, text);
  const speaksFor = reachOf(examples, facts[0]!, { declares, isNew, passed: passed.length > 0 });
  if (speaksFor === "none") return "made-once";
  // What else has the name is what was declared, unless the user came by some places on the way down from there.
  const newest = examples.reduce((a, b) => (b.edit.id > a.edit.id ? b : a));
  const keepsSome =
    facts[0]?.role === "variable" &&
    newest !== declaration &&
    passed.some(({ start }) => declares && start > declaration.start);
  const isRenamed = declares && isNew && !keepsSome;
  if (speaksFor === "all" && (isRenamed || passed.length === 0)) return same;
  const beside = yield* alikeBeside(examples, same, text, facts[0]?.role === "member");
  if (beside && !beside.some((place) => passed.includes(place)))
    return beside.length > 0 ? beside : "nowhere";
  // Made so often, it goes on from where the user is, whatever was left above; but not where some were passed by between them, and
  // not of a short name, which is as often another one there.
  const first = Math.min(...examples.map(({ start }) => start));
  const picks = passed.some(({ start }) => start > first);
  const enough = isName(fresh) ? OFTEN_NAMED : OFTEN;
  if (examples.length < enough || picks || !wordsOf(old).some(isDistinctive)) return "too-common";
  const below = (speaksFor === "all" ? same : (beside ?? [])).filter(({ start }) => start > last);
  return below.length > 0 ? below : "too-common";
}

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
  // A member that gives way to more than a name: the calls of an interface that is another now.
  if (role === "member" && isName(old) && !isName(fresh))
    return kind === "code" && isNew && !passed && isDistinctive(old) ? "beside" : "none";
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

/** The places with the neighbours of the examples; undefined where these say nothing. What a call is given may differ each time. */
function* alikeBeside(
  examples: readonly Example[],
  same: readonly Found[],
  text: string,
  isMember: boolean,
): Pieces<readonly Found[] | undefined> {
  const isBeside = sameBeside(examples, text);
  const alike = isBeside && (yield* filtered(same, isBeside));
  if (!alike || alike.length > 0 || !isMember) return alike;
  const isCalledAlike = sameBeside(examples, text, 1);
  return isCalledAlike ? yield* filtered(same, isCalledAlike) : alike;
}

/**
 * Where what stands beside the old text is what stood beside it each time; undefined where that says nothing.
 * @param mostRight tokens behind it that are compared
 */
function sameBeside(examples: readonly Example[], text: string, mostRight = Infinity): SamePlace | undefined {
  const shared = (sides: readonly (readonly string[])[]) => {
    const [first = [], ...rest] = sides;
    let length = 0;
    while (length < first.length && rest.every((side) => side[length] === first[length])) length++;
    return first.slice(0, length);
  };
  const left = shared(examples.map((one) => one.left));
  const right = shared(examples.map((one) => one.right)).slice(0, mostRight);
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

/** Whether what stands beside an insertion each time says where else it belongs: by a telling name, or by many tokens. */
function isTelling(
  examples: readonly Example[],
  tokens: readonly string[],
  names: readonly string[],
): boolean {
  if (names.some(isDistinctive)) return true;
  const words = new Set(tokens.filter(isName)).size;
  return (words > 1 && tokens.length >= 4) || (words === 1 && tokens.length >= 5 && examples.length >= OFTEN);
}
