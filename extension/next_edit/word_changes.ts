import { commonEnds, lineDiff } from "../../engine/complete/index.ts";

/** A stretch of the old text, by offsets in it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What an edit does to a text, by words within lines that pair up, else by lines. */
export interface WordChanges {
  /** What goes. */
  readonly removed: readonly Stretch[];
  /** What stays, with more around it or inside. */
  readonly grown: readonly Stretch[];
  /** What comes, and in which line of the old text, or behind which. */
  readonly fresh: readonly { readonly line: number; readonly text: string }[];
}

const LONGEST_PAIR = 400; // characters of a line that is compared by words
const WHOLE = 80; // characters of a line that is said with all its changes
const ALIKE = 0.5; // of the words of the shorter of two lines that pair up

export function wordChanges(old: string, fresh: string): WordChanges {
  const changes = {
    removed: [] as Stretch[],
    grown: [] as Stretch[],
    fresh: [] as { line: number; text: string }[],
  };
  const rows = lineDiff(old.split("\n"), fresh.split("\n"));
  let offset = 0;
  let line = 0;
  for (let at = 0; at < rows.length; ) {
    const gone = signed(rows, at, "-");
    const added = signed(rows, at + gone.length, "+");
    at += gone.length + added.length;
    gone.forEach((text, index) => {
      const partner = added[index];
      if (partner !== undefined && areAlike(text, partner, gone.length === 1 && added.length === 1))
        changeWords({ text, partner, offset, line }, changes);
      else {
        addStretch(
          changes.removed,
          offset + text.length - text.trimStart().length,
          offset + text.trimEnd().length,
        );
        if (partner !== undefined) addText(changes.fresh, line, partner);
      }
      offset += text.length + 1;
      line++;
    });
    for (const text of added.slice(gone.length))
      addText(changes.fresh, Math.max(0, line - 1), `⏎ ${text.trim()}`);
    if (at < rows.length) {
      offset += rows[at]!.line.length + 1;
      line++;
      at++;
    }
  }
  return changes;
}

type Rows = ReturnType<typeof lineDiff>;

/** The lines from a row on that have a sign. */
function signed(rows: Rows, from: number, sign: "-" | "+"): string[] {
  let to = from;
  while (rows[to]?.sign === sign) to++;
  return rows.slice(from, to).map(({ line }) => line);
}

const wordsOf = (line: string): string[] => line.match(/[\p{L}\p{M}\p{N}_$]+|\s+|./gsu) ?? [];

/** Whether a line became the other one, rather than that one goes and one comes. */
function areAlike(old: string, fresh: string, areAlone: boolean): boolean {
  if (old.length > LONGEST_PAIR || fresh.length > LONGEST_PAIR) return false;
  if (areAlone && isKept(old, fresh)) return true;
  const says = (words: string[]) => words.filter((word) => word.trim() !== "");
  const [a, b] = [says(wordsOf(old)), says(wordsOf(fresh))];
  const same = lineDiff(a, b).filter(({ sign }) => sign === " ").length;
  return same >= ALIKE * Math.min(a.length, b.length);
}

function changeWords(
  { text, partner, offset, line }: { text: string; partner: string; offset: number; line: number },
  changes: { removed: Stretch[]; grown: Stretch[]; fresh: { line: number; text: string }[] },
): void {
  const rows = lineDiff(wordsOf(text), wordsOf(partner));
  /** What comes, by places in the new line. */
  const comes: Stretch[] = [];
  let from = offset;
  let to = 0;
  for (let at = 0; at < rows.length; ) {
    const gone = signed(rows, at, "-");
    const added = signed(rows, at + gone.length, "+");
    at += gone.length + added.length;
    const [old, fresh] = [gone.join(""), added.join("")];
    if (old !== "") addStretch(isKept(old, fresh) ? changes.grown : changes.removed, from, from + old.length);
    if (fresh.trim() !== "") comes.push({ start: to, end: to + fresh.length });
    from += old.length;
    to += fresh.length;
    if (at < rows.length) {
      const same = rows[at++]!.line.length;
      from += same;
      to += same;
    }
  }
  if (comes.length > 0) addText(changes.fresh, line, textOf(partner, comes));
}

/** One change by itself; several in the whole new line, or in as much of it as holds them. */
function textOf(line: string, comes: readonly Stretch[]): string {
  const [start, end] = [comes[0]!.start, comes.at(-1)!.end];
  if (comes.length === 1) return line.slice(start, end);
  if (line.trim().length <= WHOLE) return line;
  const [before, after] = [line.slice(0, start).trim(), line.slice(end).trim()];
  return `${before && "… "}${line.slice(start, end).trim()}${after && " …"}`;
}

function addStretch(stretches: Stretch[], start: number, end: number): void {
  if (end > start) stretches.push({ start, end });
}

/** Of one line all that comes is one text. */
function addText(texts: { line: number; text: string }[], line: number, text: string): void {
  const last = texts.at(-1);
  if (text.trim() === "") return;
  if (last?.line === line) texts[texts.length - 1] = { line, text: `${last.text} ${text.trim()}` };
  else texts.push({ line, text: text.trim() });
}

/** Whether all of the old text stays, with more around it or inside. */
function isKept(old: string, fresh: string): boolean {
  const [head, tail] = commonEnds(old, fresh);
  return head + tail === old.length;
}
