import { cleanCharacters, cutAtControlToken, cutRepetition } from "../../filters/index.ts";
import {
  copiesLine,
  isBlank,
  isStructural,
  lineTokens,
  pairBrackets,
  saysMuch,
  tokensOf,
} from "../../text/index.ts";
import type { Edit } from "../history.ts";
import type { PastEdit } from "../hunks.ts";
import type { Proposed } from "../refusals.ts";
import type { SilenceId } from "../silences.ts";
import { isSameButWhiteSpace } from "../words.ts";
import type { AnswerHunk } from "./answer_hunks.ts";
import { lineDiff } from "./line_diff.ts";
import { pastLines } from "./past_text.ts";
import { hasSecret } from "./refused.ts";
import type { Lines, Window } from "./window.ts";

/** A hunk of an answer, and what is known of the place. */
export interface ModelEdit {
  readonly hunk: AnswerHunk;
  /** The same as a change of the document. */
  readonly place: Proposed;
  readonly lines: Lines;
  readonly window: Window;
  /** The window before the edit that the user is at. */
  readonly earlier: string;
  readonly marks: readonly string[];
  /** What was edited in this document in larger pieces, and word by word. */
  readonly past: readonly PastEdit[];
  readonly edits: readonly Edit[];
  readonly nowMs: number;
  readonly languageId: string;
}

interface EditFilter {
  readonly id: SilenceId;
  readonly drops: (edit: ModelEdit) => boolean;
}

/** Why a hunk of a model's answer is not proposed, in the order in which they are asked. */
const FILTERS: readonly EditFilter[] = [
  { id: "white-space", drops: ({ place: { old, fresh } }) => isSameButWhiteSpace(old, fresh) },
  { id: "model-text", drops: hasNoText },
  {
    id: "model-secret",
    drops: ({ place, hunk }) => hasSecret(place.fresh) || hasSecret(hunk.fresh.join("\n")),
  },
  { id: "model-tail", drops: endsEarly },
  { id: "model-reversal", drops: (edit) => takesBack(edit) || deletesTyped(edit) },
  { id: "model-repeats", drops: (edit) => repeatsNeighbours(edit) || loops(edit) },
  { id: "model-too-large", drops: isTooLarge },
  { id: "model-brackets", drops: breaksBrackets },
];

export const filterOfEdit = (edit: ModelEdit): SilenceId | undefined =>
  FILTERS.find(({ drops }) => drops(edit))?.id;

const oldRows = ({ window, hunk: { from, to } }: ModelEdit): readonly string[] => window.rows.slice(from, to);

/** The window with this hunk alone. */
const madeRows = ({ window, hunk: { from, to, fresh } }: ModelEdit): string[] => [
  ...window.rows.slice(0, from),
  ...fresh,
  ...window.rows.slice(to),
];

/** Marks of a format, control tokens, characters that do not show: what the old lines have may come again. */
function hasNoText(edit: ModelEdit): boolean {
  const { hunk, lines, window, marks, languageId } = edit;
  const fresh = hunk.fresh.join("\n");
  if (marks.some((mark) => fresh.includes(mark))) return true;
  const old = oldRows(edit).join("\n");
  const above = lines.rows.slice(0, window.first + hunk.from);
  const place = { above, head: "", rest: "", below: lines.rows.slice(window.first + hunk.to) };
  const isNew = (clean: (text: string) => string) => clean(fresh) !== fresh && clean(old) === old;
  return (
    isNew((text) => cleanCharacters(text, place, { languageId })) ||
    isNew((text) => cutAtControlToken(text, place, { languageId }))
  );
}

/** The answer ends before the window does, so what is missing there was not meant to go. */
function endsEarly({ hunk, window, lines }: ModelEdit): boolean {
  if (!hunk.isAtEnd) return false;
  const last = window.rows.slice(hunk.from, hunk.to).findLast((row) => !isBlank(row));
  if (last === undefined || hunk.fresh.includes(last)) return false;
  // The document's last line has no neighbour that the answer could have gone on to.
  const isDocumentEnd = window.last === lines.rows.length;
  return !isDocumentEnd || hunk.fresh.length < hunk.to - hunk.from;
}

/** Whether the window becomes what it was, or an edit's lines become those that it replaced. */
function takesBack(edit: ModelEdit): boolean {
  const { earlier, window } = edit;
  if (earlier !== window.text && madeRows(edit).join("\n") === earlier) return true;
  const { gone, added } = changedLines(oldRows(edit), edit.hunk.fresh);
  return edit.past.some((past) => {
    const { old, fresh } = pastLines(past, 0);
    const then = changedLines(old, fresh);
    return isIn(gone, then.added) && isIn(added, then.gone) && gone.length + added.length > 0;
  });
}

function changedLines(old: readonly string[], fresh: readonly string[]) {
  const rows = lineDiff(old, fresh);
  const of = (sign: "-" | "+") =>
    rows.filter((row) => row.sign === sign && !isBlank(row.line)).map(({ line }) => line.trim());
  return { gone: of("-"), added: of("+") };
}

/** All of them, and of an edit that adds and removes lines not only what it adds, or removes. */
const isIn = (lines: readonly string[], others: readonly string[]): boolean =>
  (lines.length > 0 || others.length === 0) && lines.every((line) => others.includes(line));

const JUST_TYPED_MS = 30_000;

/** Whether tokens that the user has typed a moment ago would go. */
function deletesTyped({ place, edits, nowMs }: ModelEdit): boolean {
  return edits.some(({ start, end, after, stands, atMs }) => {
    const isTouched = stands && start < place.end && end > place.start && nowMs - atMs <= JUST_TYPED_MS;
    if (!isTouched || isSameButWhiteSpace(after, "")) return false;
    const part = after.slice(Math.max(0, place.start - start), after.length - Math.max(0, end - place.end));
    return !comesAgain(part, place.fresh);
  });
}

/** Whether a text's tokens are in another one, in their order; the last one may go on there. */
function comesAgain(text: string, fresh: string): boolean {
  const others = tokensOf(fresh);
  let at = 0;
  const wanted = tokensOf(text);
  return wanted.every((token, index) => {
    const isLast = index === wanted.length - 1;
    const found = others.findIndex(
      (other, place) =>
        place >= at && (other.text === token.text || (isLast && other.text.startsWith(token.text))),
    );
    at = found + 1;
    return found !== -1;
  });
}

/** Whether lines that it adds are those just above or below it already. */
function repeatsNeighbours({ hunk, lines, window }: ModelEdit): boolean {
  const { from, to, fresh } = hunk;
  const old = new Set(window.rows.slice(from, to).map((row) => lineTokens(row).join(" ")));
  const isNew = (row: string) => !old.has(lineTokens(row).join(" "));
  const written = fresh.filter((row) => !isBlank(row));
  const below = lines.rows.slice(window.first + to).filter((row) => !isBlank(row));
  const above = lines.rows.slice(0, window.first + from).filter((row) => !isBlank(row));
  for (let count = Math.min(written.length, MOST_COMPARED); count > 0; count--) {
    const tail = written.slice(-count);
    const head = written.slice(0, count);
    if (copies(tail, below.slice(0, count)) && tail.some(isNew)) return true;
    if (copies(head, above.slice(-count)) && head.some(isNew)) return true;
  }
  return false;
}

const MOST_COMPARED = 12; // lines: what is longer is too large

const copies = (lines: readonly string[], others: readonly string[]): boolean =>
  lines.length === others.length &&
  saysMuch(lines) &&
  !lines.every(isStructural) &&
  lines.every((line, index) => copiesLine(line, others[index]!) && copiesLine(others[index]!, line));

function loops(edit: ModelEdit): boolean {
  const { fresh, from } = edit.hunk;
  const place = { above: edit.window.rows.slice(0, from), head: "", rest: "", below: [] };
  const cut = (rows: readonly string[]) => cutRepetition(rows.join("\n"), place) !== rows.join("\n");
  return cut(fresh) && !cut(oldRows(edit));
}

const MOST_LINES = 12;
const MOST_DELETED = 0.4; // of the window's lines

function isTooLarge(edit: ModelEdit): boolean {
  const rows = lineDiff(oldRows(edit), edit.hunk.fresh);
  const gone = rows.filter(({ sign }) => sign === "-").length;
  const added = rows.filter(({ sign }) => sign === "+").length;
  const deleted = Math.max(0, gone - added) / edit.window.rows.length;
  return Math.max(gone, added) > MOST_LINES || (gone - added > 1 && deleted > MOST_DELETED);
}

/** Whether more brackets are without their partner than before, each kind by itself: a closer of another one hides none. */
function breaksBrackets(edit: ModelEdit): boolean {
  const alone = (rows: readonly string[]) =>
    ALL_BUT_ONE_KIND.reduce((sum, others) => {
      const { open, surplus } = pairBrackets(rows.join("\n").replace(others, " "));
      return sum + open.length + surplus.length;
    }, 0);
  return alone(madeRows(edit)) > alone(edit.window.rows);
}

const ALL_BUT_ONE_KIND = [/[[\]{}]/g, /[(){}]/g, /[()[\]]/g];
