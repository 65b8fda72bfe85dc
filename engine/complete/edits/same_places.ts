import { type NameFacts, type Pieces, tokensOf } from "../text/index.ts";
import { mayAwait, putsAwait } from "./awaits.ts";
import { areOtherCalls, isCalledAlike } from "./calls.ts";
import { isCommon, isDistinctive, isName } from "./distinctive.ts";
import { besideOf, type Example, LINE_END, sharedBy } from "./examples.ts";
import { isSameScope, type Meaning } from "./meaning.ts";
import { type Found, placesOf, wordsOf } from "./places.ts";

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
const OFTEN_CALLED = 4; // … with another call: most files keep some of the old ones
const MIN_SHARED = 3; // tokens that examples have on both sides together
const LONG = 3; // tokens
const MIN_SHARED_WIDENED = 5; // … with those of an insertion or a deletion itself

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
  const facts = examples.map(meaning.facts);
  // A member is told from a name by its dot alone.
  const isCall = areOtherCalls(examples, facts) && (meaning.knows || facts[0]!.role === "member");
  yield;
  if (examples.length === 1 && meaning.isBlind && !isCall) return "made-once";
  const awaits = putsAwait(old, fresh);
  const same = yield* filtered(meantAlike(examples, others, meaning), (place) => {
    const { declares, scopes } = meaning.facts(place);
    // A declaration is no call; and where both names are declared, it is not of another name for the same.
    return !(declares && (isCall || meaning.areBothDeclared)) && !(awaits && !mayAwait(text, scopes));
  });
  if (same.length === 0) return "nowhere";
  const last = lastOf(examples);
  // The user has come by these, and has left them as they are.
  const passed = yield* filtered(same, (place) => place.start < last && !isRefused(place));
  const declaration = examples[facts.findIndex((one) => one.declares && !one.isImport)];
  const declares = declaration !== undefined;
  const isNew = yield* bringsNewWord(examples, text);
  const known = { declares, isNew, isCall, isOther: meaning.areBothDeclared, passed: passed.length > 0 };
  yield;
  const speaksFor = reachOf(examples, facts[0]!, known);
  if (speaksFor === "none") return "made-once";
  // What else has the name is what was declared, unless the user came by some places on the way down from there.
  const newest = examples.reduce((a, b) => (b.edit.id > a.edit.id ? b : a));
  const keepsSome =
    facts[0]?.role === "variable" &&
    newest !== declaration &&
    passed.some(({ start }) => declares && start > declaration.start);
  const isRenamed = declares && isNew && !keepsSome;
  if (speaksFor === "all" && (isRenamed || passed.length === 0)) return same;
  return yield* alikeBeside({ examples, same, passed, isCall, speaksForAll: speaksFor === "all" }, text);
}

/** Examples, the places that mean the same, and those of them that the user came by. */
interface Shown {
  readonly examples: readonly Example[];
  readonly same: readonly Found[];
  readonly passed: readonly Found[];
  readonly isCall: boolean;
  readonly speaksForAll: boolean;
}

/** The places beside which there is what is beside the examples; else those below, once it was made often. */
function* alikeBeside(shown: Shown, text: string): Pieces<readonly Found[] | NoRepeat> {
  const { examples, same, passed, isCall } = shown;
  const called = isCall ? yield* filtered(same, isCalledAlike(examples, text)) : [];
  if (called.length > 0 && passed.length === 0) return called;
  const isAlike = sameBeside(examples, text);
  const beside = isAlike && (yield* filtered(same, isAlike));
  if (beside && beside.length > 0 && !beside.some((place) => passed.includes(place))) return beside;
  const last = lastOf(examples);
  const below = (places: readonly Found[] = []) => places.filter(({ start }) => start > last);
  let goingOn: readonly Found[] = [];
  if (called.length > 0 && examples.length >= OFTEN_CALLED) goingOn = below(called);
  else if (beside?.length !== 0 && goesOn(shown)) goingOn = below(shown.speaksForAll ? same : beside);
  if (goingOn.length > 0) return goingOn;
  return beside?.length === 0 ? "nowhere" : "too-common";
}

/**
 * Made so often, it goes on from where the user is, whatever was left above; but not where some were passed by between them, and
 * not of a short name, which is as often another one there.
 */
function goesOn({ examples, passed }: Shown): boolean {
  const [{ old, fresh }] = examples as [Example];
  const first = Math.min(...examples.map(({ start }) => start));
  const picks = passed.some(({ start }) => start > first);
  return (
    examples.length >= (isName(fresh) ? OFTEN_NAMED : OFTEN) && !picks && wordsOf(old).some(isDistinctive)
  );
}

/** How far down the user has come by hand: where a proposal took them, they have not seen what lies between. */
function lastOf(examples: readonly Example[]): number {
  const typed = examples.filter(({ edit }) => edit.reason === "typed");
  return Math.max(...(typed.length > 0 ? typed : examples).map(({ start }) => start));
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
  /** Both names are declared: what is called, or read, is something else now. */
  readonly isOther: boolean;
  /** A call gives way to that of something else. */
  readonly isCall: boolean;
  /** The user has come by places that mean the same. */
  readonly passed: boolean;
}

function reachOf(examples: readonly Example[], facts: Pick<NameFacts, "kind" | "role">, known: Known): Reach {
  const [{ old, fresh, isWidened }] = examples as [Example];
  if (examples.length === 1) return reachAtOnce(examples[0]!, facts, known);
  if (known.isOther || isWidened || facts.kind === "comment" || facts.kind === "markup") return "beside";
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
  { declares, isNew, isCall, passed }: Known,
): Reach {
  const { old, fresh } = example;
  if (isCall) return passed ? "none" : "beside";
  if (!isRename(example)) return kind === "code" && !passed ? reachOfText(example, role, isNew) : "none";
  if (!isNew) return "none";
  const isLike = sharesPart(old, fresh);
  if (role === "variable") return declares && (isLike || !passed) ? "all" : "none";
  const isMeant =
    isLike && isDistinctive(old) && !passed && (kind === "code" || isWholeString(kind, example));
  return isMeant ? "all" : "none";
}

/** … of more than a name, or by more than one. */
function reachOfText({ old, fresh, isWidened }: Example, role: NameFacts["role"], isNew: boolean): Reach {
  if (isWidened) return "none";
  // A member, where it stands beside the same.
  if (role === "member" && isName(old))
    return isNew && isDistinctive(old) && !isName(fresh) ? "beside" : "none";
  // So long a text means the same wherever it stands, and the new one names it: `Number.POSITIVE_INFINITY` and `Infinity`.
  const isLong = tokensOf(old).length >= LONG && wordsOf(old).some(isDistinctive);
  return isLong && sharesPart(old, fresh) ? "all" : "none";
}

const isWholeString = (kind: NameFacts["kind"], { left, right }: Example): boolean =>
  kind === "string" && /^['"`]$/.test(left[0] ?? "") && left[0] === right[0];

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
export function* bringsNewWord(examples: readonly Example[], text: string): Pieces<boolean> {
  const [{ old, fresh }] = examples as [Example];
  const words = wordsOf(fresh);
  for (const word of words.filter((one) => !wordsOf(old).includes(one))) {
    const inExamples = examples.length * words.filter((one) => one === word).length;
    if ((yield* placesOf(text, word)).length <= inExamples) return true;
  }
  return false;
}

/**
 * Where what stands beside the old text is what stood beside it each time; undefined where that says nothing.
 */
function sameBeside(examples: readonly Example[], text: string): SamePlace | undefined {
  const [{ old, isWidened }] = examples as [Example];
  const left = sharedBy(examples.map((one) => one.left));
  const right = sharedBy(examples.map((one) => one.right));
  // What was inserted or deleted has neighbours in its own text; and what is deleted is as telling.
  const own = isWidened ? tokensOf(old).map((token) => token.text) : [];
  const least = isWidened ? MIN_SHARED_WIDENED : MIN_SHARED;
  const withoutEnds = [left, right].map((side) =>
    side.filter((token, index) => token !== LINE_END || (isWidened && index === 0 && side === left)),
  );
  const count = (sides: readonly (readonly string[])[]) => sides.flat().length + own.length;
  const [l, r] = (count(withoutEnds) >= least ? withoutEnds : [left, right]) as [string[], string[]];
  if (count([l, r]) < least) return undefined;
  const tokens = [...l, ...r, ...own];
  const names = tokens.filter((token) => isName(token) && !isCommon(token));
  if (isWidened ? !isTelling(examples, tokens, names) : names.length === 0) return undefined;
  return (place) => {
    const beside = besideOf(text, place);
    return (
      l.every((token, index) => beside.left[index] === token) &&
      r.every((token, index) => beside.right[index] === token)
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
