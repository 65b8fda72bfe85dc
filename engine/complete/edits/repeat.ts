import {
  KNOWS_DECLARATIONS,
  lexisOf,
  type NameFacts,
  type NameReader,
  type Names,
  type Scope,
  scan,
  tokensOf,
} from "../text/index.ts";
import { commonEnds } from "./changes.ts";
import { isCommon, isDistinctive, isName } from "./distinctive.ts";
import type { Edit, FollowedDocument } from "./history.ts";
import { countOf, type Found, placesOf, standsAlready, surroundingsOf, wordsOf } from "./places.ts";
import { type Replacement, replacementsOf } from "./replacements.ts";

/** A place where the user's last replacement can be made again. */
export interface RepeatPlace extends Found {
  /** What stands there, and what would. */
  readonly old: string;
  readonly fresh: string;
}

export interface Repeat {
  /** Of the document's edits, the one that is repeated. */
  readonly edit: Edit;
  /** How often the user has made it, by hand or by taking it. */
  readonly made: number;
  /** Nearest below the cursor first, then from the top. */
  readonly places: readonly RepeatPlace[];
}

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

export interface RepeatQuestion {
  readonly document: Pick<FollowedDocument, "text" | "edits">;
  readonly languageId: string;
  readonly names?: NameReader | undefined;
  readonly cursor: number;
  /** Places where it was refused: that the user came by them says nothing more. */
  readonly isRefused?: (place: RepeatPlace) => boolean;
}

/** A replacement as the user made it, with what stands beside it. */
interface Example extends Replacement {
  readonly edit: Edit;
  /** It is an insertion or a deletion, with the tokens beside it. */
  readonly isWidened: boolean;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

const LOOKED_AT = 3; // the newest edits: an older one was left
const SHARED = 3; // tokens each way that examples are compared by
const MIN_SHARED = 3; // of them together
const MAX_OLD = 200; // characters

/** The user's last replacement, where its old text still stands and means the same. No model is asked. */
export function repeatOf(question: RepeatQuestion): Repeat | NoRepeat {
  const { document } = question;
  let why: NoRepeat = "no-replacement";
  const newest = document.edits
    .filter((edit) => edit.stands)
    .slice(-LOOKED_AT)
    .reverse();
  for (const edit of newest) {
    for (const example of examplesOf(document.text, edit)) {
      const found = repeatExample(example, question);
      if (typeof found !== "string") return { edit, ...found };
      if (why === "no-replacement") why = found; // of the newest edit
    }
  }
  return why;
}

/** Each part of an edit as an example: where one side is empty, with the tokens beside it. */
function examplesOf(text: string, edit: Edit): Example[] {
  const origins = [edit.before, ...(edit.origin === undefined ? [] : [edit.origin])];
  return origins
    .flatMap((before) => replacementsOf(edit, before))
    .flatMap((replacement) => widened(text, replacement) ?? [])
    .filter(
      ({ old, fresh }) =>
        old !== fresh &&
        isShort(old) &&
        isShort(fresh) &&
        isAsClosed(old, fresh) &&
        wordsOf(fresh).length > 0,
    )
    .map((one) => {
      const { left, right } = surroundingsOf(text, one);
      const texts = (tokens: typeof left) => tokens.slice(0, SHARED).map((token) => token.text);
      return { ...one, edit, left: texts(left), right: texts(right) };
    });
}

/** Where more of a line was changed, its name may well be that of something else now. */
function isOnlyEditOfItsLine(
  { start, end, edit }: Example,
  { text, edits }: RepeatQuestion["document"],
): boolean {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = `${text}\n`.indexOf("\n", end);
  const others = edits.filter(
    (one) => one !== edit && one.stands && one.start <= lineEnd && one.end >= lineStart,
  );
  return others.length === 0 && replacementsOf(edit, edit.origin ?? edit.before).length === 1;
}

/** What is inserted or deleted is known by its neighbours. Whole lines have none: they are no replacement. */
function widened(text: string, one: Replacement): (Replacement & Pick<Example, "isWidened">) | undefined {
  if (one.old !== "" && one.fresh !== "") return { ...one, isWidened: false };
  const {
    left: [left],
    right: [right],
  } = surroundingsOf(text, one);
  if (!left || !right) return undefined;
  const before = text.slice(left.start, one.start);
  const after = text.slice(one.end, right.end);
  return {
    old: before + one.old + after,
    fresh: before + one.fresh + after,
    start: left.start,
    end: right.end,
    isWidened: true,
  };
}

/** Whether the new text opens and closes as many brackets and quotes as the old one: else it is half an edit. */
function isAsClosed(old: string, fresh: string): boolean {
  const balance = (text: string, open: string, close: string) =>
    text.split(open).length - text.split(close).length;
  const isOdd = (text: string, quote: string) => text.split(quote).length % 2;
  return (
    ["()", "[]", "{}"].every(
      ([open, close]) => balance(old, open!, close!) === balance(fresh, open!, close!),
    ) && ['"', "`"].every((quote) => isOdd(old, quote) === isOdd(fresh, quote))
  );
}

/** Several lines are written for their place. */
const isShort = (text: string): boolean => text.length <= MAX_OLD && !text.includes("\n");

function repeatExample(example: Example, question: RepeatQuestion): Omit<Repeat, "edit"> | NoRepeat {
  const { document, languageId, cursor, isRefused } = question;
  const { text } = document;
  const { old, fresh } = example;
  const examples = document.edits
    .flatMap((edit) => examplesOf(text, edit))
    .filter((one) => one.old === old && one.fresh === fresh);
  const others = placesOf(text, old).filter(
    (place) =>
      !examples.some(({ start, end }) => place.start < end && place.end > start) &&
      !standsAlready(text, place, old, fresh),
  );
  if (others.length === 0) return "nowhere";
  const read = <T>(use: (names: Names | undefined) => T): T =>
    question.names?.readNames(languageId, text, use) ?? use(undefined);
  return read((names) => {
    const meaning = meaningIn(text, languageId, names, example);
    const asPlace = ({ start, end }: Found) => narrowed({ start, end, old: text.slice(start, end), fresh });
    const isAlone = examples.length > 1 || isOnlyEditOfItsLine(example, document);
    const passedBy = (place: Found) => isRefused?.(asPlace(place)) ?? false;
    const same = isAlone ? rule(examples, others, meaning, text, passedBy) : "made-once";
    if (typeof same === "string") return same;
    const places = same.map(asPlace);
    return { made: examples.length, places: fromCursor(places, cursor) };
  });
}

/** Without the tokens that stay, as long as something is there before and after. */
function narrowed(place: RepeatPlace): RepeatPlace {
  const old = tokensOf(place.old);
  const fresh = tokensOf(place.fresh);
  const [head, tail] = commonEnds(
    old.map((token) => token.text),
    fresh.map((token) => token.text),
  );
  const least = Math.min(old.length, fresh.length) - 1;
  const first = Math.min(head, least);
  const last = Math.min(tail, least - first);
  const [from, to] = [old[first]!.start, old[old.length - 1 - last]!.end];
  return {
    start: place.start + from,
    end: place.start + to,
    old: place.old.slice(from, to),
    fresh: place.fresh.slice(fresh[first]!.start, fresh[fresh.length - 1 - last]!.end),
  };
}

const fromCursor = (places: readonly RepeatPlace[], cursor: number): RepeatPlace[] => [
  ...places.filter(({ start }) => start >= cursor),
  ...places.filter(({ start }) => start < cursor),
];

/** What the names of a replacement mean at a place. */
interface Meaning {
  readonly facts: (place: Found) => Omit<NameFacts, "scopes">;
  /** Where the name is declared that stands at a place; undefined where this file does not declare it. */
  readonly scopeOf: (place: Found) => Scope | undefined;
  /** Whether declarations are known. */
  readonly knows: boolean;
  /** They would be, with the language's parser, which is not loaded or cannot read so long a text. */
  readonly isBlind: boolean;
}

function meaningIn(
  text: string,
  languageId: string,
  names: Names | undefined,
  { old, fresh }: Replacement,
): Meaning {
  if (!names) {
    const kindAt = kindsIn(text, languageId);
    return {
      facts: ({ start }) => ({ kind: kindAt(start), role: undefined, declares: false, isImport: false }),
      scopeOf: () => undefined,
      knows: false,
      isBlind: KNOWS_DECLARATIONS.has(languageId),
    };
  }
  const facts = ({ start, end }: Found) => names.at(start, end);
  let declared: Scope[] | undefined;
  // Both names count: where the new one is declared, the old one has been renamed, or would be caught.
  const scopes = () =>
    (declared ??= [old, fresh]
      .filter(isName)
      .flatMap((name) => placesOf(text, name))
      .map(facts)
      .flatMap((one) => (one.declares ? one.scopes.slice(0, 1) : [])));
  return {
    facts,
    scopeOf: (place) => {
      const known = scopes();
      return facts(place).scopes.find((scope) => known.some((it) => isSameScope(it, scope)));
    },
    knows: KNOWS_DECLARATIONS.has(languageId),
    isBlind: false,
  };
}

const isSameScope = (a: Scope | undefined, b: Scope | undefined): boolean =>
  a?.start === b?.start && a?.end === b?.end;

function kindsIn(text: string, languageId: string): (at: number) => NameFacts["kind"] {
  const lexis = lexisOf(languageId);
  if (!lexis) return () => "code";
  const { regions } = scan(lexis, text);
  return (at) => {
    const inside = regions.find(({ start, end }) => start <= at && at < end);
    if (!inside) return "code";
    return inside.kind === "string" ? "string" : "comment";
  };
}

type SamePlace = (place: Found) => boolean;

/** Which of the `others` mean the same as the examples, or why that cannot be known yet. */
function rule(
  examples: readonly Example[],
  others: readonly Found[],
  meaning: Meaning,
  text: string,
  isRefused: SamePlace,
): readonly Found[] | NoRepeat {
  const [{ old, fresh }] = examples as [Example];
  // A number that gives way to another one is meant for its place.
  if (!/\p{L}/u.test(old + fresh)) return "too-common";
  if (examples.length === 1 && meaning.isBlind) return "made-once";
  const same = meantAlike(examples, others, meaning);
  if (same.length === 0) return "nowhere";
  const last = Math.max(...examples.map(({ start }) => start));
  // The user has come by these, and has left them as they are.
  const passed = same.filter((place) => place.start < last && !isRefused(place));
  const facts = examples.map(meaning.facts);
  const declares = facts.find((one) => one.declares && !one.isImport) !== undefined;
  const isNew = bringsNewWord(examples, text);
  const speaksFor = reachOf(examples, facts[0]!, { declares, isNew, passed: passed.length > 0 });
  if (speaksFor === "none") return "made-once";
  if (speaksFor === "all" && ((declares && isNew) || passed.length === 0)) return same;
  const isBeside = sameBeside(examples, text);
  if (!isBeside || passed.some(isBeside)) return "too-common";
  const alike = same.filter(isBeside);
  return alike.length > 0 ? alike : "nowhere";
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
function meantAlike(examples: readonly Example[], others: readonly Found[], meaning: Meaning): Found[] {
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
function sharesPart(a: string, b: string): boolean {
  const parts = (name: string) =>
    name
      .split(/(?<=\p{Ll})(?=\p{Lu})|[^\p{L}]+/u)
      .filter((part) => part.length > 2)
      .map((part) => part.toLowerCase());
  const known = parts(a);
  return parts(b).some((part) => known.includes(part));
}

/** Whether the new text has a word that the file did not have: a new name for the same thing. */
function bringsNewWord(examples: readonly Example[], text: string): boolean {
  const [{ old, fresh }] = examples as [Example];
  const words = wordsOf(fresh).filter((word) => !wordsOf(old).includes(word));
  const inExamples = (word: string) => examples.length * countOf(fresh, word);
  return words.some((word) => countOf(text, word) <= inExamples(word));
}

/** Where what stands beside the old text is what stood beside it each time; undefined where that says nothing. */
function sameBeside(examples: readonly Example[], text: string): SamePlace | undefined {
  const shared = (sides: readonly (readonly string[])[]) => {
    const [first = [], ...rest] = sides;
    let length = 0;
    while (length < first.length && rest.every((side) => side[length] === first[length])) length++;
    return first.slice(0, length);
  };
  const left = shared(examples.map((one) => one.left));
  const right = shared(examples.map((one) => one.right));
  if (left.length + right.length < MIN_SHARED) return undefined;
  const [{ old, fresh, isWidened }] = examples as [Example];
  // What was inserted or deleted has neighbours in its own text.
  const own = isWidened ? wordsOf(old).filter((word) => wordsOf(fresh).includes(word)) : [];
  const names = [...left, ...right, ...own].filter((token) => isName(token) && !isCommon(token));
  if (isWidened ? !names.some(isDistinctive) : names.length === 0) return undefined;
  return (place) => {
    const beside = surroundingsOf(text, place);
    return (
      left.every((token, index) => beside.left[index]?.text === token) &&
      right.every((token, index) => beside.right[index]?.text === token)
    );
  };
}
