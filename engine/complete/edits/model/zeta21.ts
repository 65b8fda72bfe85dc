import type { PastEdit } from "../hunks.ts";
import { lastThatFit, relatedText, toldOf } from "./fit.ts";
import type { EditAnswer, EditContext, EditFormat, EditPrompt } from "./formats.ts";
import { unifiedDiff } from "./past_text.ts";
import { cursorIn, insertedAt, piecesOf, upToMark, withoutMark } from "./pieces.ts";
import { answerTo, type Region, regionAt } from "./region.ts";
import { aboutTokens, plain } from "./window.ts";
import { blockCuts, markedBlocks } from "./zeta_blocks.ts";

const SUFFIX = "<[fim-suffix]>";
const PREFIX = "<[fim-prefix]>";
const MIDDLE = "<[fim-middle]>";
const FILE = "<filename>";
const CURSOR = "<|user_cursor|>";
const END = "<[end▁of▁sentence]>";
const BLOCK = "<|marker_";
const MARKS = [SUFFIX, PREFIX, MIDDLE, FILE, CURSOR, END, BLOCK];
const TOKENS = [SUFFIX, PREFIX, MIDDLE, FILE];
const BLOCK_MARK = /<\|marker_(\d+)\|>/;
const PROMPT_TOKENS = Math.floor(4096 * 0.9);

function prompt(context: EditContext): ReturnType<EditFormat["prompt"]> {
  const region = regionAt(context, MARKS);
  if (typeof region === "string") return region;
  const { window, before } = region;
  const { marked, cursorLine } = markedRegion(region);
  const head = SUFFIX + suffixOf(region) + PREFIX;
  const top = `${FILE}${context.path}\n${before.map((row) => `${row}\n`).join("")}`;
  const last = `${top}${marked}\n${MIDDLE}`;
  const told = toldOf(context.past, undefined, MARKS).map(eventOf);
  const { kept, left } = lastThatFit(told, PROMPT_TOKENS - aboutTokens(head) - aboutTokens(last));
  const related = relatedText(context.files, FILE, MARKS, left);
  const edits = kept.length === 0 ? "" : `${FILE}edit_history\n${kept.join("")}\n`;
  const front = head + (related === "" ? "" : `${related}\n`);
  return {
    ...piecesOf(front + edits + last, TOKENS, [
      front.length,
      front.length + edits.length + top.length + cursorLine,
    ]),
    ...answerTo(context, window, (text) => markedBlocks(text, blockCuts(text))),
    stops: [END],
  };
}

/** What follows the region: it begins with the line end of the region's last line, and ends with one. */
function suffixOf({ lines, after, isAtBottom }: Region): string {
  const rest = after.map((row) => `\n${row}`).join("") + (isAtBottom && lines.endsLine ? "\n" : "");
  return rest.endsWith("\n") ? rest : `${rest}\n`;
}

/** The region with marks and the cursor's, and where in it the cursor's line begins. */
function markedRegion({ lines, window }: Region): { marked: string; cursorLine: number } {
  const at = cursorIn(lines, window);
  let isPlaced = false;
  const marked = markedBlocks(window.text, blockCuts(window.text), (block, start) => {
    if (isPlaced || at < start || at > start + block.length) return block;
    isPlaced = true;
    return insertedAt(block, at - start, CURSOR);
  });
  return { marked, cursorLine: Math.max(0, marked.indexOf(CURSOR) - lines.column) };
}

function eventOf(edit: PastEdit): string {
  const { path, renamedFrom, accepted } = edit;
  const paths = `--- a/${renamedFrom ?? path}\n+++ b/${path}\n`;
  const diff = renamedFrom === undefined ? unifiedDiff(edit) : "";
  return `${accepted ? "// User accepted prediction:\n" : ""}${paths}${diff}`;
}

/** Blocks between two marks: what they replace is between the same marks of the prompt. The same mark twice changes nothing. */
function read(written: string, isEnded: boolean, { window }: EditPrompt): EditAnswer | "broken" {
  const { text, mark } = upToMark(plain(written), [END], isEnded);
  const isOver = isEnded || mark !== undefined;
  const { text: unmarked, at } = withoutMark(text, CURSOR);
  const parts = upToMark(unmarked, [CURSOR], isOver).text.split(BLOCK_MARK);
  const [lead = "", ...rest] = parts;
  const numbers = rest.filter((_, index) => index % 2 === 0).map(Number);
  const blocks = rest.filter((_, index) => index % 2 === 1);
  const old = window.text;
  const cuts = blockCuts(old);
  if (numbers.length === 0) {
    const begun = lead.trimStart();
    const mayBegin = BLOCK.startsWith(begun) || /^<\|marker_\d{0,3}\|?$/.test(begun);
    return isOver || !mayBegin ? "broken" : { text: "", isWhole: false };
  }
  const answer = lead.trim() === "" ? assembled(old, cuts, numbers, blocks, isOver) : "broken";
  if (answer === "broken" || answer.unwritten === undefined || at === undefined) return answer;
  const [, ...before] = unmarked.slice(0, at).split(BLOCK_MARK);
  const inBlocks = before.filter((_, index) => index % 2 === 1).join("").length;
  return { ...answer, cursor: answer.unwritten + inBlocks };
}

function assembled(
  old: string,
  cuts: readonly number[],
  numbers: readonly number[],
  blocks: readonly string[],
  isOver: boolean,
): EditAnswer | "broken" {
  const first = numbers[0]!;
  const last = numbers.at(-1)!;
  const start = cuts[first - 1];
  const end = cuts[last - 1];
  if (start === undefined || end === undefined) return "broken";
  const tail = blocks.at(-1)!;
  if (numbers.length === 2 && first === last)
    return blocks[0] === "" && (!isOver || tail.trim() === "") ? { text: old, isWhole: isOver } : "broken";
  if (numbers.some((number, index) => number !== first + index)) return "broken";
  const head = old.slice(0, start);
  if (!isOver) {
    // After the last mark of all nothing comes but the end; a mark may have begun.
    const soFar = upToMark(blocks.join(""), [BLOCK], false).text;
    return { text: head + withoutOpenMark(soFar), isWhole: false, unwritten: start };
  }
  if (numbers.length < 2 || tail.trim() !== "") return "broken";
  const fresh = blocks.slice(0, -1).join("");
  return { text: head + fresh + old.slice(end), isWhole: true, unwritten: start };
}

/** Without a mark whose number is still being written. */
const withoutOpenMark = (text: string): string => text.replace(/<\|marker_\d*\|?$/, "");

export const zeta21: EditFormat = { id: "zeta-2.1", marks: MARKS, prompt, read };
