import {
  inSlices,
  lineStartOf,
  type NameFacts,
  type NameReader,
  type Pace,
  type Pieces,
} from "../text/index.ts";
import { isDistinctive, isName } from "./distinctive.ts";
import { type Example, examplesOf } from "./examples.ts";
import type { FollowedDocument } from "./history.ts";
import { factsOf, type Meaning, meaningIn } from "./meaning.ts";
import { type Found, placesOf, wordsOf } from "./places.ts";
import { isSame, othersOf, type RepeatPlace } from "./repeat.ts";
import { bringsNewWord, meantAlike, partsOf, sharesPart } from "./same_places.ts";

/** A document that is open in the editor. */
export interface OpenText extends Pick<FollowedDocument, "text" | "edits"> {
  readonly uri: string;
  readonly languageId: string;
}

export interface ElsewhereQuestion {
  /** The one with the focus first, then by how lately each was changed. */
  readonly documents: readonly OpenText[];
  readonly names?: NameReader | undefined;
  readonly cursor: number;
  readonly isRefused: (uri: string, place: RepeatPlace) => boolean;
}

/** Where the replacement goes on: the places of one document, from its top. */
export interface Elsewhere {
  readonly uri: string;
  readonly places: readonly RepeatPlace[];
}

// Beyond these nothing is looked for: what was edited long ago is seldom what this edit is about.
const MAX_DOCUMENTS = 8;
const MAX_CHARACTERS = 1 << 18; // of all documents together

/**
 * The user's last replacement in other open documents, once it was made everywhere in one of them: of a name that others import
 * from there, or of a member with a telling name.
 * @param signal aborted when a document changes
 * @returns undefined where it was aborted, or where there is none
 */
export const elsewhereOf = (
  question: ElsewhereQuestion,
  signal?: AbortSignal,
  pace?: Pace,
): Promise<Elsewhere | undefined> => inSlices(elsewhereInPieces(question), signal, pace);

export function* elsewhereInPieces(question: ElsewhereQuestion): Pieces<Elsewhere | undefined> {
  const documents = bounded(question.documents);
  const [here] = documents;
  const newest = here?.edits.filter((edit) => edit.stands).at(-1);
  if (!here || !newest) return undefined;
  for (const example of examplesOf(here.text, newest)) {
    const { old, fresh, isWidened } = example;
    if (isWidened || !isName(old) || !isName(fresh) || !isDistinctive(old)) continue;
    const kin = documents.filter(({ languageId }) => familyOf(languageId) === familyOf(here.languageId));
    const found = yield* placesElsewhere(example, kin, question);
    if (found) return found;
  }
  return undefined;
}

function bounded(documents: readonly OpenText[]): OpenText[] {
  let left = MAX_CHARACTERS;
  return documents.slice(0, MAX_DOCUMENTS).filter(({ text }) => {
    left -= text.length;
    return left >= 0;
  });
}

const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["javascript", "typescript"],
  ["javascriptreact", "typescript"],
  ["typescriptreact", "typescript"],
  ["c", "cpp"],
]);

const familyOf = (languageId: string): string => FAMILIES.get(languageId) ?? languageId;

function* placesElsewhere(
  example: Example,
  documents: readonly OpenText[],
  { names, cursor, isRefused }: ElsewhereQuestion,
): Pieces<Elsewhere | undefined> {
  /** What the old name was where it is no more. */
  const finished: Role[] = [];
  const open: OpenText[] = [];
  for (const document of documents) {
    const role = yield* roleWhereFinished(example, document, names);
    if (role) finished.push(role);
    else open.push(document);
  }
  const role = finished.find((one) => one.isTold) ?? (finished.length > 1 ? finished[0] : undefined);
  if (!role) return undefined;
  for (const { uri, ...document } of open) {
    const { text } = document;
    const found = yield* placesOfRole(example, role, document, names);
    const places = found
      .map(({ start, end }) => ({ start, end, old: text.slice(start, end), fresh: example.fresh }))
      .filter((place) => !isRefused(uri, place));
    if (places.length === 0) continue;
    const isHere = uri === documents[0]!.uri;
    const below = isHere ? places.filter(({ start }) => start >= cursor) : [];
    return { uri, places: [...below, ...places.filter((place) => !below.includes(place))] };
  }
  return undefined;
}

interface Role {
  readonly role: "variable" | "member";
  /** What was done in this document is enough to speak for others. */
  readonly isTold: boolean;
}

/** What the old name was in a document where the replacement was made wherever it means the same; undefined where it was not. */
function* roleWhereFinished(
  example: Example,
  { text, edits, languageId }: OpenText,
  names: NameReader | undefined,
): Pieces<Role | undefined> {
  const examples: Example[] = [];
  for (const edit of edits) {
    if (edit.after.includes(example.fresh))
      examples.push(...examplesOf(text, edit).filter((one) => isSame(one, example)));
    yield;
  }
  if (examples.length === 0) return undefined;
  const others = yield* othersOf(text, examples);
  using known = names && (yield* names.readNames(languageId, text));
  if (!known) return undefined;
  const meaning = yield* meaningIn(text, languageId, known, { examples, others });
  if (meantAlike(examples, others, meaning).length > 0) return undefined;
  const role = roleOf(examples, meaning, text, languageId);
  // A member that this file had before is something else, which others have as well.
  const isNew = role?.role !== "member" || (yield* bringsNewWord(examples, text));
  return isNew ? role : undefined;
}

function roleOf(
  examples: readonly Example[],
  meaning: Meaning,
  text: string,
  languageId: string,
): Role | undefined {
  const [{ old, fresh }] = examples as [Example];
  const facts = examples.map(meaning.facts);
  const [{ role }] = facts as [NameFacts];
  const isOneKind = facts.every((one) => one.kind === "code" && one.role === role);
  if (!isOneKind || role === undefined || role === "shorthand") return undefined;
  // Members of the same name belong to other things, unless the name says which, and it is declared here.
  if (role === "member") {
    const isDeclared = examples.some(({ left }) => left[0] !== "." && left[0] !== ">");
    const isTold = isDeclared && sharesPart(old, fresh);
    return partsOf(old).length > 1 ? { role, isTold } : undefined;
  }
  // A name of this file's own, of a function's or a block's means something else in other files.
  const isOfFile = facts.every((one, index) => {
    const { scopes } = one;
    return one.declares ? scopes.length === 1 : meaning.scopeOf(examples[index]!) !== undefined;
  });
  const declared = facts.findIndex((one) => one.declares);
  if (!isOfFile || declared === -1) return undefined;
  // What imports it may as well take another one instead: two files have to, or the one that has it.
  const isTold = !facts[declared]!.isImport && isExported(examples[declared]!, text, languageId);
  return { role, isTold };
}

/** Whether other files can have a name that is declared at a place. */
function isExported({ start, fresh }: Example, text: string, languageId: string): boolean {
  if (familyOf(languageId) !== "typescript") return true;
  const line = text.slice(lineStartOf(text, start), start);
  if (/\bexport\b/.test(line)) return true;
  return [...text.matchAll(/\bexport(?: type)? \{[^}]*\}/g)].some(([list]) => wordsOf(list).includes(fresh));
}

const IMPORTS_BY_NAME: ReadonlySet<string> = new Set(["typescript", "python", "rust"]);

/** Where a document has the name that was replaced elsewhere. */
function* placesOfRole(
  { old, fresh }: Example,
  { role }: Role,
  { text, languageId }: Omit<OpenText, "uri">,
  names: NameReader | undefined,
): Pieces<Found[]> {
  const all = yield* placesOf(text, old);
  if (all.length === 0) return [];
  using known = names && (yield* names.readNames(languageId, text));
  if (!known) return [];
  const olds = yield* factsOf(all, known);
  const isOfRole = (facts: NameFacts) => facts.kind === "code" && facts.role === role;
  const alike = [...olds, ...(yield* factsOf(yield* placesOf(text, fresh), known))].filter(isOfRole);
  if (alike.some(({ declares, isImport }) => declares && !isImport)) return []; // its own
  const isImported = alike.some(({ isImport }) => isImport);
  if (role === "variable" && !isImported && IMPORTS_BY_NAME.has(familyOf(languageId))) return [];
  return all.filter((_, index) => isOfRole(olds[index]!));
}
