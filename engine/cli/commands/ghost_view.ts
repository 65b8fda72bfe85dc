import { columnsOf, visible } from "./terminal.ts";

export interface GhostView {
  /** The file, with any line ends. */
  readonly text: string;
  /** Where the suggestion begins: from 1, columns in UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  readonly ghost: string;
  /** Lines of the file to show above and below. */
  readonly around: number;
  /** Columns of the terminal. */
  readonly width: number;
  /** "ansi" dims the ghost text, "marks" puts each line of it in ‹ ›. */
  readonly style: GhostStyle;
}

export type GhostStyle = "ansi" | "marks";

/** NO_COLOR (no-color.org) counts when it is set and not empty. */
export function ghostStyle(
  environment: { readonly NO_COLOR?: string | undefined },
  isTerminal: boolean,
): GhostStyle {
  return isTerminal && !environment.NO_COLOR ? "ansi" : "marks";
}

/**
 * The suggestion in its place, as lines without a line break at the end. Only lines of the file are numbered. Lines are
 * cut to the width; the cursor's line loses its beginning where the ghost text would not be seen otherwise.
 */
export function renderGhost(view: GhostView): string {
  const lines = view.text.split(/\r\n?|\n/);
  const row = view.line - 1;
  const first = Math.max(0, row - view.around);
  const last = Math.min(lines.length - 1, row + view.around);
  const digits = String(last + 1).length;
  const available = Math.max(1, view.width - digits - GUTTER.length);
  const out: string[] = [];
  const put = (number: string, cells: Cell[]) =>
    out.push(`${number.padStart(digits)}${GUTTER}${paint(cut(cells, available), view.style)}`.trimEnd());

  for (let index = first; index <= last; index++) {
    const number = String(index + 1);
    if (index !== row) {
      put(number, cellsOf([{ text: lines[index]!, ghost: false }], view.style));
      continue;
    }
    const ghostLines = view.ghost.split(/\r\n?|\n/);
    for (const [at, text] of ghostLines.entries()) {
      const head = at === 0 ? lines[row]!.slice(0, view.column - 1) : "";
      const rest = at === ghostLines.length - 1 ? lines[row]!.slice(view.column - 1) : "";
      const parts = [
        { text: head, ghost: false },
        { text, ghost: true },
        { text: rest, ghost: false },
      ];
      put(at === 0 ? number : "", cellsOf(parts, view.style));
    }
  }
  return out.join("\n");
}

const GUTTER = " │ ";
const TAB = 4; // columns
const DIM = "\x1b[2m";
const NOT_DIM = "\x1b[22m";

/** One character as the terminal shows it. */
interface Cell {
  readonly text: string;
  readonly columns: number;
  readonly ghost: boolean;
}

const ELLIPSIS: Cell = { text: "…", columns: 1, ghost: false };

function cellsOf(parts: readonly { text: string; ghost: boolean }[], style: GhostStyle): Cell[] {
  const cells: Cell[] = [];
  let column = 0;
  for (const { text, ghost } of parts) {
    const marked = ghost && style === "marks" && text !== "";
    // Marks take columns of their own; tabs stop where they would without them.
    if (marked) cells.push({ text: "‹", columns: 1, ghost });
    for (const character of text) {
      const shown = character === "\t" ? " ".repeat(TAB - (column % TAB)) : visible(character);
      const columns = character === "\t" ? shown.length : columnsOf(shown);
      cells.push({ text: shown, columns, ghost });
      column += columns;
    }
    if (marked) cells.push({ text: "›", columns: 1, ghost });
  }
  return cells;
}

/** Cuts a line to `available` columns, with an ellipsis where something is missing. */
function cut(cells: readonly Cell[], available: number): Cell[] {
  const ghostAt = cells.findIndex((cell) => cell.ghost);
  let shown = [...cells];
  // A third of the width stays for the text before the ghost text.
  if (
    ghostAt !== -1 &&
    columnsIn(cells) > available &&
    columnsIn(cells.slice(0, ghostAt)) * 3 > available * 2
  ) {
    let room = Math.floor(available / 3) - ELLIPSIS.columns;
    let start = ghostAt;
    while (start > 0 && cells[start - 1]!.columns <= room) room -= cells[--start]!.columns;
    shown = [ELLIPSIS, ...cells.slice(start)]; // not pushed: a line may have more characters than a call has arguments
  }
  if (columnsIn(shown) <= available) return shown;

  let room = available - ELLIPSIS.columns;
  const end = shown.findIndex((cell) => {
    room -= cell.columns;
    return room < 0;
  });
  return [...shown.slice(0, end), ELLIPSIS];
}

function paint(cells: readonly Cell[], style: GhostStyle): string {
  if (style === "marks") return cells.map((cell) => cell.text).join("");
  let line = "";
  let dim = false;
  for (const cell of cells) {
    if (cell.ghost !== dim) line += cell.ghost ? DIM : NOT_DIM;
    dim = cell.ghost;
    line += cell.text;
  }
  return dim ? line + NOT_DIM : line;
}

function columnsIn(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.columns, 0);
}
