import * as vscode from "vscode";
import {
  type DocumentView,
  isLineTooLong,
  type LinePlace,
  windowAround,
} from "../../engine/complete/index.ts";

// What is read here costs the host's thread the length of what is read, not of the document. The editor's extension host
// keeps a document as lines, and adds up their lengths for an offset: from the first line that has changed since it last
// did. So offsets above the cursor are known after a keystroke, and `positionAt`, which adds up all lines, is not used.

// Lines of a few characters cost more than their characters; these fill a prompt too. The start moves in steps, as the
// window's does.
const LINES_BEFORE = 8192;
const LINES_STEP = 2048;
const LINES_AFTER = 4096;
const MAX_CHARACTERS = 1 << 20; // of a document that is read whole: longer ones are data
const FIRST_LINES = 1024;

export interface TextAround extends Pick<DocumentView, "text" | "start"> {
  readonly linePlace: LinePlace;
}

/** The text around a position, as far as a suggestion may look; none where the line is too long for suggestions. */
export function textAround(document: vscode.TextDocument, position: vscode.Position): TextAround {
  const { line, character } = position;
  const linePlace = { line, character, lineLength: document.lineAt(line).range.end.character };
  const cursor = document.offsetAt(position);
  if (isLineTooLong(linePlace)) return { text: "", start: cursor, linePlace };
  const { start, end } = windowAround(cursor);
  const first = Math.max(0, Math.floor((line - LINES_BEFORE) / LINES_STEP) * LINES_STEP);
  const last = Math.min(document.lineCount - 1, line + LINES_AFTER);
  const from = positionIn(document, start, first, line);
  const to = positionIn(document, end, line, last);
  return { text: document.getText(new vscode.Range(from, to)), start: document.offsetAt(from), linePlace };
}

/** The position of an offset in the lines from `low` to `high`; of one before or after them, where they begin or end. */
function positionIn(
  document: vscode.TextDocument,
  offset: number,
  low: number,
  high: number,
): vscode.Position {
  let [first, last] = [low, high];
  while (first < last) {
    const middle = Math.ceil((first + last) / 2);
    if (document.offsetAt(new vscode.Position(middle, 0)) <= offset) first = middle;
    else last = middle - 1;
  }
  return new vscode.Position(first, Math.max(0, offset - document.offsetAt(new vscode.Position(first, 0))));
}

/** The lines from `first` to `last`, or their first `limit` characters. */
export function textOfLines(
  document: vscode.TextDocument,
  first: number,
  last: number,
  limit: number,
): string {
  let line = first;
  let left = limit;
  for (; line < last && left > 0; line++) left -= lengthOf(document, line) + 1;
  return document
    .getText(new vscode.Range(first, 0, line, Math.min(lengthOf(document, line), limit)))
    .slice(0, limit);
}

const lengthOf = (document: vscode.TextDocument, line: number): number =>
  document.lineAt(line).range.end.character;

/** Whether a document is short enough to be read whole. */
export function isShort(document: vscode.TextDocument): boolean {
  const last = document.lineCount - 1;
  // Its first lines tell that a document is long, and only their lengths are added up then.
  for (let line = FIRST_LINES; line < last; line *= 2)
    if (document.offsetAt(new vscode.Position(line, 0)) > MAX_CHARACTERS) return false;
  return document.offsetAt(new vscode.Position(last, Number.MAX_SAFE_INTEGER)) <= MAX_CHARACTERS;
}

const texts = new WeakMap<vscode.TextDocument, { readonly version: number; readonly text: string }>();

/** The whole text of a short document, joined from its lines once a version; undefined where it is long. */
export function wholeTextOf(document: vscode.TextDocument): string | undefined {
  if (!isShort(document)) return undefined;
  const known = texts.get(document);
  if (known?.version === document.version) return known.text;
  const text = document.getText();
  texts.set(document, { version: document.version, text });
  return text;
}
