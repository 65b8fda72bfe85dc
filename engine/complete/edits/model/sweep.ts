import type { PastEdit } from "../hunks.ts";
import { isSameButWhiteSpace } from "../words.ts";
import { lastThatFit, relatedText, toldOf } from "./fit.ts";
import type { EditContext, EditFormat, EditPrompt } from "./formats.ts";
import { pastLines } from "./past_text.ts";
import {
  cursorIn,
  insertedAt,
  isTooLong,
  piecesOf,
  tokenCap,
  upToMark,
  withoutMark,
  withReplacement,
} from "./pieces.ts";
import { refusalOf } from "./refused.ts";
import {
  aboutTokens,
  beforeHunks,
  fixedWindow,
  type Lines,
  linesIn,
  mappedBack,
  openHunkOf,
  plain,
  readLines,
  type Window,
} from "./window.ts";

const FILE = "<|file_sep|>";
const END = "<|endoftext|>";
const CURSOR = "<|cursor|>";

/** In what the two layouts of Sweep's models differ. */
interface Layout {
  readonly id: "sweep-1" | "sweep-2";
  /** Lines of the window beside the cursor's. */
  readonly above: number;
  readonly below: number;
  /** Of an answer. */
  readonly maxTokens: number;
  /** Lines beside an edit that are told with it. */
  readonly context: number;
  /** The cursor is marked, and lines have numbers. */
  readonly numbered: boolean;
  /** The document as it was before its edits comes first. */
  readonly tellsFile: boolean;
  /** The lines above the cursor's are said in the prompt. */
  readonly saysHead: boolean;
  readonly tell: (edit: PastEdit) => string;
  /** Between two edits that are told. */
  readonly joint: string;
}

const SHOWN_LINES = 40; // of each side of an edit
const LONG = { from: 1000, to: 600 }; // characters of a line that is told

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= SHOWN_LINES
    ? lines
    : [...lines.slice(0, SHOWN_LINES / 2), "...", ...lines.slice(1 - SHOWN_LINES / 2)];
const cutLong = (line: string): string => (line.length > LONG.from ? line.slice(0, LONG.to) : line);
const outerLinesOff = (text: string): string => text.replace(/^\n+|\n+$/g, "");

/** The layout of the model card of 0.5B and 1.5B: an edit is a file `PATH.diff` of its own. */
const FIRST: Layout = {
  id: "sweep-1",
  above: 10,
  below: 10,
  maxTokens: 512,
  context: 3,
  numbered: false,
  tellsFile: false,
  saysHead: false,
  joint: "",
  tell(edit) {
    const { path, renamedFrom } = edit;
    const { above, old, fresh, below } = pastLines(edit, this.context);
    const side = (lines: readonly string[], name: string | undefined) =>
      name === undefined ? shortened([...above, ...lines, ...below]) : [`path: ${name}`];
    const sides = [
      "original:",
      ...side(old, renamedFrom),
      "updated:",
      ...side(fresh, renamedFrom === undefined ? undefined : path),
    ];
    return `${FILE}${path}.diff\n${sides.join("\n")}\n`;
  },
};

/**
 * The layout of v2-7B: an edit has line numbers, and the file before its edits comes first. Its authors ask a second time about another
 * block where the first answer changes nothing. What picks that block, and where the cursor is in it, is not documented, so it is left out.
 */
const SECOND: Layout = {
  id: "sweep-2",
  above: 10,
  below: 10,
  maxTokens: 1024,
  context: 1,
  numbered: true,
  tellsFile: true,
  saysHead: true,
  joint: "\n",
  tell(edit) {
    const { above, old, fresh, below, number } = pastLines(edit, this.context);
    const side = (lines: readonly string[]) =>
      outerLinesOff([...above, ...lines, ...below].map(cutLong).join("\n"));
    const last = number + above.length + fresh.length + below.length - 1;
    return `${FILE}${edit.path}:${number}:${last}\noriginal:\n${side(old)}\nupdated:\n${side(fresh)}`;
  },
};

const CONTEXT_TOKENS = 8192; // that the models were trained for

function promptOf(layout: Layout, context: EditContext): ReturnType<EditFormat["prompt"]> {
  const { path, text, cursor, hunks, past, files } = context;
  const { id, maxTokens, numbered } = layout;
  const marks = marksOf(layout);
  const lines = readLines(text, cursor);
  const window = fixedWindow(lines, layout.above, layout.below, context.lastWindow);
  const open = openHunkOf(hunks, window);
  const earlier = mappedBack(text, window, open);
  const file = layout.tellsFile ? fileBefore(context, lines.line) : "";
  const refused = refusalOf([path, earlier, window.text, file], marks);
  if (refused) return refused;
  if (isTooLong(window, maxTokens)) return "model-window";

  const said = layout.saysHead ? saidHead(lines, window, earlier, open?.start) : "";
  const { last, beforeCurrent, beforeCursor } = blocks({ context, lines, window, earlier, said, numbered });
  const head = layout.tellsFile ? `${FILE}${path}\n${file}\n` : "";
  const room = CONTEXT_TOKENS - maxTokens - aboutTokens(head) - aboutTokens(last);
  if (room < 0) return "model-window";
  const isWanted = (edit: PastEdit) => id === "sweep-1" || saysSomething(edit);
  const told = toldOf(past, open, marks, isWanted).map((edit) => layout.tell(edit));
  const { kept, left } = lastThatFit(told, room);
  const edits = kept.join(layout.joint) + layout.joint;
  const front = relatedText(files, FILE, marks, left) + head + edits;
  const steadyAt = [0, beforeCurrent, beforeCursor].map((at) => front.length + at);
  const rest = (whole: string) => (said === "" && id === "sweep-1" ? "\n" : "") + whole.slice(said.length);
  const expected = withReplacement(window.text, context.replaced);
  return {
    ...piecesOf(front + last, [FILE], steadyAt),
    window,
    earlier,
    said,
    original: `${rest(window.text)}\n`,
    ...(expected?.startsWith(said) && { expected: `${rest(expected)}\n` }),
    stops: [FILE, END],
    maxTokens: tokenCap(window.text, maxTokens),
  };
}

const marksOf = ({ numbered }: Pick<Layout, "numbered">): string[] =>
  numbered ? [FILE, END, CURSOR] : [FILE, END];

interface Blocks extends Pick<EditPrompt, "window" | "earlier" | "said"> {
  readonly context: EditContext;
  readonly lines: Lines;
  readonly numbered: boolean;
}

/** The window as it was, as it is, and where the new one is to be written; with offsets of what changes from key to key. */
function blocks({ context, lines, window, earlier, said, numbered }: Blocks) {
  const at = numbered ? `:${window.first + 1}:${window.last}` : "";
  const name = (of: string) => `${FILE}${of}/${context.path}${at}\n`;
  const cursor = cursorIn(lines, window);
  let old = earlier;
  let current = numbered ? insertedAt(window.text, cursor, CURSOR) : window.text;
  if (numbered && old.endsWith("\n") && current.endsWith("\n")) {
    old = old.slice(0, -1);
    current = current.slice(0, -1);
  }
  const before = `${name("original")}${old}\n`;
  const there = before + name("current");
  const ending = numbered ? `${name("updated")}${said}` : name("updated").slice(0, -1);
  return {
    last: `${there}${current}\n${ending}`,
    beforeCurrent: before.length,
    beforeCursor: there.length + cursor - lines.column,
  };
}

/** The lines above the cursor's; of a window that has grown there only the first one, and blank ones behind it. */
function saidHead(
  { line, starts }: Lines,
  { first, rows }: Window,
  earlier: string,
  openStart: number | undefined,
): string {
  const above = rows.slice(0, line - first);
  const hasGrown =
    openStart !== undefined && openStart < starts[line]! && linesIn(earlier).length < rows.length;
  if (!hasGrown) return above.map((row) => `${row}\n`).join("");
  const next = above.findIndex((row, index) => index > 0 && row.trim() !== "");
  return above
    .slice(0, next === -1 ? above.length : next)
    .map((row) => `${row}\n`)
    .join("");
}

const WHOLE_FILE = 300; // lines
const AROUND = 150; // lines above the cursor, and below; from a multiple of 50, so that the prompt's head stays as the cursor moves
const STEP = 50;

/** The document before its edits, or lines of it around the cursor's. */
function fileBefore({ text, hunks }: EditContext, line: number): string {
  const rows = linesIn(beforeHunks(text, hunks));
  if (rows.length > 1 && rows.at(-1) === "") rows.pop();
  const first = rows.length > WHOLE_FILE ? Math.max(0, Math.floor((line - AROUND) / STEP) * STEP) : 0;
  return rows
    .slice(first, first + WHOLE_FILE + STEP)
    .map(cutLong)
    .join("\n");
}

function saysSomething({ renamedFrom, before, after }: PastEdit): boolean {
  return renamedFrom === undefined && !(isSameButWhiteSpace(before, "") && isSameButWhiteSpace(after, ""));
}

const NO_LINE_END = /\n?\\ No newline at end of file\n?$/; // of diffs, which the models were trained on

function read({ numbered }: Layout, written: string, isEnded: boolean, { said, window }: EditPrompt) {
  const { text, mark } = upToMark(plain(written), marksOf({ numbered }).slice(0, 2), isEnded);
  const isWhole = isEnded || mark !== undefined;
  const { text: body, at } = numbered ? withoutMark(text, CURSOR) : { text, at: undefined };
  // The line end after the path is the format's; where the prompt has it, the model may say one more.
  const isText = numbered && (said !== "" || window.text.startsWith("\n"));
  const fresh = isText ? body : body.replace(/^\n/, "");
  const before = said.length + fresh.length - body.length;
  return {
    text: said + fresh.replace(NO_LINE_END, ""),
    isWhole,
    unwritten: said.length,
    ...(at !== undefined && { cursor: before + at }),
  };
}

const formatOf = (layout: Layout): EditFormat => ({
  id: layout.id,
  marks: marksOf(layout),
  prompt: (context) => promptOf(layout, context),
  read: (written, isEnded, prompt) => read(layout, written, isEnded, prompt),
});

export const sweep1 = formatOf(FIRST);
export const sweep2 = formatOf(SECOND);
