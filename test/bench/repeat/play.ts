import { syntaxFromFiles } from "../../../engine/cli/commands/index.ts";
import { applyChange, type DocumentChange, moved } from "../../../engine/complete/edits/changes.ts";
import { isName } from "../../../engine/complete/edits/distinctive.ts";
import { elsewhereInPieces } from "../../../engine/complete/edits/elsewhere.ts";
import { createEditHistory } from "../../../engine/complete/edits/history.ts";
import { filterOf } from "../../../engine/complete/edits/place_filters.ts";
import { placesOf } from "../../../engine/complete/edits/places.ts";
import { createRefusals } from "../../../engine/complete/edits/refusals.ts";
import { type RepeatPlace, repeatInPieces } from "../../../engine/complete/edits/repeat.ts";
import { languageIdOf } from "../../../engine/complete/index.ts";
import { atOnce, isWord, tokensOf } from "../../../engine/complete/text/index.ts";
import {
  type Change,
  type ChangedFile,
  changesOf,
  type FileOfCommit,
  MAX_CHANGE,
  MAX_FILE,
} from "./changes.ts";

export interface Counts {
  files: number;
  groups: number;
  /** Places that were changed the same way as one before them. */
  repeats: number;
  /** … as at least two before them. */
  laterRepeats: number;
  /** … where one name gave way to another. */
  nameRepeats: number;
  namesFound: number;
  found: number;
  /** Of those found, the nearest below the cursor, or else from the top. */
  inOrder: number;
  proposals: number;
  right: number;
  /** Places that the commit changed in another way. */
  otherwise: number;
  /** Of a larger change of the commit, which has the new text and no longer the old one. */
  part: number;
  wrong: number;
  /** Proposals in other files, and those of them that the commit made; those of a larger change of it; those that it left alone. */
  elsewhere: number;
  elsewhereRight: number;
  elsewherePart: number;
  elsewhereWrong: number;
}

export const noCounts = (): Counts => ({
  files: 0,
  groups: 0,
  repeats: 0,
  laterRepeats: 0,
  nameRepeats: 0,
  namesFound: 0,
  found: 0,
  inOrder: 0,
  proposals: 0,
  right: 0,
  otherwise: 0,
  part: 0,
  wrong: 0,
  elsewhere: 0,
  elsewhereRight: 0,
  elsewherePart: 0,
  elsewhereWrong: 0,
});

/** @param why of a place that was missed: what was said instead, or that others were proposed */
export type Log = (
  kind: "wrong" | "missed" | "right" | "otherwise",
  file: ChangedFile,
  what: string,
  why?: string,
) => void;

// Characters between two changes that may come to the same: `.assert` behind `t` in `t.ok`, and `assert.` before `ok`.
const NEAR = MAX_CHANGE;

const syntax = syntaxFromFiles((message) => console.error(message));

/**
 * Plays one file. Each change is made by hand unless it is proposed: series after series, each from the top, a line in one go.
 * What is proposed and right is taken, else it is refused.
 * @returns undefined where nothing in it was changed the same way twice
 */
export async function play(file: ChangedFile, log?: Log): Promise<Counts | undefined> {
  if (file.before.length > MAX_FILE || file.after.length > MAX_FILE) return undefined;
  const changes = changesOf(file);
  const groups = groupsOf(changes);
  if (groups.size === 0) return undefined;
  const languageId = languageIdOf(file.path, file.before);
  for (const id of [languageId, "typescript", "javascript"]) await syntax.ready(id);
  const counts = { ...noCounts(), files: 1, groups: groups.size };
  for (const [group, size] of groups) {
    counts.repeats += size - 1;
    if (isRename(group)) counts.nameRepeats += size - 1;
    counts.laterRepeats += size - 2;
  }
  playChanges(file, languageId, changes, groups, counts, log);
  return counts;
}

function isRename(group: string): boolean {
  const [, old = "", fresh = ""] = group.split("\0");
  return isName(old) && isName(fresh);
}

/** Groups of more than one change with a word in it, and how many changes each has. */
function groupsOf(changes: readonly Change[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { group, removed, inserted } of changes) {
    if (group === "" || group.includes("\n") || removed > MAX_CHANGE || inserted.length > MAX_CHANGE)
      continue;
    const [, old = "", fresh = ""] = group.split("\0");
    if (tokensOf(`${old} ${fresh}`).some(({ text }) => isWord(text)))
      sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  return new Map([...sizes].filter(([, size]) => size > 1));
}

function playChanges(
  file: ChangedFile,
  languageId: string,
  changes: readonly Change[],
  groups: ReadonlyMap<string, number>,
  counts: Counts,
  log: Log | undefined,
): void {
  let nowMs = 0;
  const history = createEditHistory({ clock: { now: () => nowMs }, isExcluded: () => false });
  const refusals = createRefusals();
  history.open({ uri: "f", path: file.path, languageId }, file.before);
  let pending: readonly Change[] = changes;
  const seen = new Set<string>();
  let cursor = 0;
  /** Places that a larger change of the commit will come to. */
  let parts: { start: number; end: number }[] = [];
  const text = () => history.get("f")!.text;

  function make(change: Change, reason: "typed" | "accepted"): void {
    history.changed("f", [change], reason);
    const [, old = "", fresh = ""] = change.group.split("\0");
    refusals.made({ old, fresh });
    refusals.changed("f", change);
    parts = parts.flatMap((one) => moved(one, change) ?? []);
    const shift = change.inserted.length - change.removed;
    pending = pending
      .filter((one) => one !== change)
      .map((one) => (one.offset > change.offset ? { ...one, offset: one.offset + shift } : one));
    cursor = change.offset + change.inserted.length;
    seen.add(change.group);
    nowMs += 3000;
  }

  /** A change with what else its commit changed in its line, itself last; what is repeated there may be proposed. */
  function makeLine(change: Change): void {
    const before = text();
    const start = before.lastIndexOf("\n", change.offset - 1) + 1;
    const end = `${before}\n`.indexOf("\n", change.offset + change.removed);
    const others = pending.filter(
      (one) => one.offset >= start && one.offset + one.removed <= end && one.group !== change.group,
    );
    let at = change.offset;
    for (const one of [...others].reverse()) {
      make(pending.find(({ offset, group }) => offset === one.offset && group === one.group)!, "typed");
      if (one.offset < at) at += one.inserted.length - one.removed;
    }
    make(pending.find(({ offset, group }) => offset === at && group === change.group)!, "typed");
  }

  const isPart = (place: RepeatPlace) =>
    parts.some(({ start, end }) => start < place.end && end > place.start);

  let why = "";
  function proposed(): RepeatPlace | undefined {
    const document = history.get("f")!;
    const answer = atOnce(
      repeatInPieces({
        document,
        languageId,
        names: syntax,
        cursor,
        isRefused: (place) => refusals.has("f", place) || isPart(place),
      }),
    );
    why = typeof answer === "string" ? answer : "other places";
    if (typeof answer === "string") return undefined;
    return answer.places.find((one) => !isPart(one) && !filterOf(one, { document, refusals }));
  }

  function judge(place: RepeatPlace): void {
    counts.proposals++;
    const { start, end, fresh } = place;
    const asChange: DocumentChange = { offset: start, removed: end - start, inserted: fresh };
    const result = applyChange(text(), asChange);
    const near = pending.filter(
      (one) => one.offset <= end + NEAR && one.offset + one.removed >= start - NEAR,
    );
    const agreed = near.find((one) => applyChange(text(), one) === result);
    const other = near.find((one) => one.offset < end && one.offset + one.removed > start);
    log?.(agreed ? "right" : other ? "otherwise" : "wrong", file, told(text(), place));
    if (agreed) take(agreed);
    else if (other && isPartOf(place, other)) {
      counts.part++;
      parts.push({ start, end });
    } else {
      counts[other ? "otherwise" : "wrong"]++;
      refusals.add("f", place);
    }
  }

  function take(change: Change): void {
    counts.right++;
    const inGroup = pending.filter(({ group }) => group === change.group);
    if (groups.has(change.group) && seen.has(change.group)) {
      counts.found++;
      if (isRename(change.group)) counts.namesFound++;
      if (change === (inGroup.find((one) => one.offset >= cursor) ?? inGroup[0])) counts.inOrder++;
    }
    make(change, "accepted");
  }

  /** What is proposed in other files is judged, each place once, and not made. */
  function askElsewhere(): void {
    const [, old = "", fresh = ""] = series.split("\0");
    if (!isName(old) || !isName(fresh) || asked.has(series)) return;
    const others = file.others(old).filter(({ before }) => before.length <= MAX_FILE);
    const documents = [
      { ...history.get("f")!, uri: "f", languageId },
      ...others.map(({ path, before }) => ({
        uri: path,
        text: before,
        edits: [],
        languageId: languageIdOf(path, before),
      })),
    ];
    const isRefused = (uri: string, place: RepeatPlace) => asked.has(`${uri} ${place.start}`);
    for (;;) {
      const answer = atOnce(elsewhereInPieces({ documents, names: syntax, cursor, isRefused }));
      if (!answer || answer.uri === "f") return;
      asked.add(series);
      const one = others.find(({ path }) => path === answer.uri)!;
      const made = changesOf(one);
      for (const place of answer.places) {
        asked.add(`${answer.uri} ${place.start}`);
        judgeElsewhere(place, one, made);
      }
    }
  }

  function judgeElsewhere(place: RepeatPlace, one: FileOfCommit, made: readonly Change[]): void {
    const { start, end, fresh } = place;
    const result = applyChange(one.before, { offset: start, removed: end - start, inserted: fresh });
    const near = made.filter(({ offset, removed }) => offset <= end && offset + removed >= start);
    counts.elsewhere++;
    const isMade = near.some((change) => applyChange(one.before, change) === result);
    if (isMade) counts.elsewhereRight++;
    else if (near.some((change) => isPartOf(place, change))) counts.elsewherePart++;
    else if (near.length === 0) counts.elsewhereWrong++;
    log?.(
      isMade ? "right" : near.length > 0 ? "otherwise" : "wrong",
      file,
      `in ${one.path}: ${told(one.before, place)}`,
    );
  }

  const asked = new Set<string>();
  let series = "";
  while (pending.length > 0) {
    const next = pending.find((one) => continues(series, one)) ?? pending[0]!;
    if (next.group !== "" || !continues(series, next)) series = next.group;
    if (groups.has(next.group) && seen.has(next.group))
      log?.("missed", file, `${next.group.replaceAll("\0", "|")} in: ${lineAt(text(), next)}`, why);
    makeLine(next);
    for (let place = proposed(); place; place = proposed()) judge(place);
    if (why !== "other places") askElsewhere();
  }
}

const told = (text: string, { start, end, old, fresh }: RepeatPlace): string =>
  `${JSON.stringify(old)} → ${JSON.stringify(fresh)} in: ${lineAt(text, { offset: start, removed: end - start })}`;

/** The line of a place, which is between « and ». */
function lineAt(text: string, { offset, removed }: Pick<DocumentChange, "offset" | "removed">): string {
  const [start, end] = [text.lastIndexOf("\n", offset - 1) + 1, `${text}\n`.indexOf("\n", offset + removed)];
  const [before, after] = [text.slice(start, offset), text.slice(offset + removed, end)];
  return `${before.trimStart().slice(-60)}«${text.slice(offset, offset + removed)}»${after.slice(0, 60)}`.replaceAll(
    "\n",
    "\\n",
  );
}

/** Of the series, or written anew with the same replacement in it. */
function continues(series: string, change: Change): boolean {
  const [, old = "", fresh = ""] = series.split("\0");
  return (
    series !== "" &&
    (change.group === series ||
      (change.group === "" &&
        old !== "" &&
        isPartOf({ old, fresh }, change) &&
        change.replaces.includes(old)))
  );
}

/** Whether a larger change makes the same replacement among others. */
function isPartOf({ old, fresh }: Pick<RepeatPlace, "old" | "fresh">, { inserted }: Change): boolean {
  return (fresh === "" || countOf(inserted, fresh) > 0) && countOf(inserted, old) <= countOf(fresh, old);
}

const countOf = (text: string, part: string): number => atOnce(placesOf(text, part)).length;
