import { inSlices, lineStartOf, type NameReader, type Pace, type Pieces, tokensOf } from "../text/index.ts";
import { commonEnds } from "./changes.ts";
import { type Example, examplesOf } from "./examples.ts";
import type { Edit, FollowedDocument } from "./history.ts";
import { type Meaning, meaningIn } from "./meaning.ts";
import { type Found, placesOf, standsAlready } from "./places.ts";
import { type Replacement, replacementsOf } from "./replacements.ts";
import { type NoRepeat, sameAs } from "./same_places.ts";

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

export interface RepeatQuestion {
  readonly document: Pick<FollowedDocument, "text" | "edits">;
  readonly languageId: string;
  readonly names?: NameReader | undefined;
  readonly cursor: number;
  /** Places where it was refused: that the user came by them says nothing more. */
  readonly isRefused?: (place: RepeatPlace) => boolean;
}

const LOOKED_AT = 3; // the newest edits: an older one was left
const LOOKED_AT_PLACES = 16; // of a piece

/**
 * The user's last replacement, where its old text still stands and means the same. No model is asked.
 * @param signal aborted when the document changes: then what was found is of no use
 * @returns undefined where it was aborted
 */
export const repeatOf = (
  question: RepeatQuestion,
  signal?: AbortSignal,
  pace?: Pace,
): Promise<Repeat | NoRepeat | undefined> => inSlices(repeatInPieces(question), signal, pace);

export function* repeatInPieces({
  document,
  languageId,
  names,
  ...rest
}: RepeatQuestion): Pieces<Repeat | NoRepeat> {
  const { text, edits } = document; // as they are now: it may be changed before this is over
  const all = yield* allExamples(text, edits);
  const newest = edits
    .filter((edit) => edit.stands)
    .slice(-LOOKED_AT)
    .reverse();
  let why: NoRepeat = "no-replacement"; // of the newest edit
  const candidates: Candidate[] = [];
  for (const example of newest.flatMap((edit) => all.get(edit) ?? [])) {
    const examples = [...all.values()].flat().filter((one) => isSame(one, example));
    const others = yield* othersOf(text, examples);
    if (others.length > 0) candidates.push({ example, examples, others });
    else if (candidates.length === 0) why = "nowhere";
  }
  if (candidates.length === 0) return why;
  using known = names && (yield* names.readNames(languageId, text));
  for (const candidate of candidates) {
    const meaning = yield* meaningIn(text, languageId, known, candidate);
    const found = yield* repeatExample(candidate, meaning, { document: { text, edits }, ...rest });
    if (typeof found !== "string") return { edit: candidate.example.edit, ...found };
    if (why === "no-replacement") why = found;
  }
  return why;
}

/** A replacement of a recent edit, all that are the same, and where else its old text stands. */
interface Candidate {
  readonly example: Example;
  readonly examples: readonly Example[];
  readonly others: readonly Found[];
}

export const isSame = (a: Replacement, b: Replacement): boolean => a.old === b.old && a.fresh === b.fresh;

function* allExamples(text: string, edits: readonly Edit[]): Pieces<Map<Edit, Example[]>> {
  const all = new Map<Edit, Example[]>();
  for (const edit of edits) {
    all.set(edit, examplesOf(text, edit));
    yield;
  }
  return all;
}

/** Where the old text of some examples still stands. */
export function* othersOf(text: string, examples: readonly Example[]): Pieces<Found[]> {
  const [{ old, fresh }] = examples as [Example];
  return (yield* placesOf(text, old)).filter(
    (place) =>
      !examples.some(({ start, end }) => place.start < end && place.end > start) &&
      !standsAlready(text, place, old, fresh),
  );
}

/** Where more of a line was changed, its name may well be that of something else now. */
function isOnlyEditOfItsLine(
  { start, end, edit }: Example,
  { text, edits }: RepeatQuestion["document"],
): boolean {
  const lineStart = lineStartOf(text, start);
  const lineEnd = `${text}\n`.indexOf("\n", end);
  const others = edits.filter(
    (one) => one !== edit && one.stands && one.start <= lineEnd && one.end >= lineStart,
  );
  return others.length === 0 && replacementsOf(edit, edit.origin ?? edit.before).length === 1;
}

function* repeatExample(
  { example, examples, others }: Candidate,
  meaning: Meaning,
  { document, cursor, isRefused }: Pick<RepeatQuestion, "document" | "cursor" | "isRefused">,
): Pieces<Omit<Repeat, "edit"> | NoRepeat> {
  const { text } = document;
  if (examples.length === 1 && !isOnlyEditOfItsLine(example, document)) return "made-once";
  const asPlace = ({ start, end }: Found) =>
    narrowed({ start, end, old: text.slice(start, end), fresh: example.fresh });
  const passedBy = (place: Found) => isRefused?.(asPlace(place)) ?? false;
  const same = yield* sameAs(examples, others, meaning, text, passedBy);
  if (typeof same === "string") return same;
  const places: RepeatPlace[] = [];
  for (const [index, place] of same.entries()) {
    places.push(asPlace(place));
    if (index % LOOKED_AT_PLACES === 0) yield;
  }
  return { made: examples.length, places: fromCursor(places, cursor) };
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
