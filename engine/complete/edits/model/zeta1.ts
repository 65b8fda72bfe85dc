import type { PastEdit } from "../hunks.ts";
import { lastThatFit, toldOf } from "./fit.ts";
import type { EditAnswer, EditContext, EditFormat, EditPrompt } from "./formats.ts";
import { unifiedDiff } from "./past_text.ts";
import { cursorIn, insertedAt, piecesOf, upToMark, withoutMark } from "./pieces.ts";
import { ANSWER_TOKENS, answerTo, type Region, regionAt } from "./region.ts";
import { aboutTokens, plain } from "./window.ts";

const START = "<|editable_region_start|>";
const END = "<|editable_region_end|>";
const CURSOR = "<|user_cursor_is_here|>";
const TOP = "<|start_of_file|>";
const MARKS = [START, END, CURSOR, TOP];
const FENCE = "```";
const PROMPT_TOKENS = 4096;

const INSTRUCTION =
  "You are a code completion assistant and your task is to analyze user edits and then rewrite an excerpt that the user " +
  "provides, suggesting the appropriate edits within the excerpt, taking into account the cursor location.";
const HEAD = `### Instruction:\n${INSTRUCTION}\n\n### User Edits:\n\n`;

function prompt(context: EditContext): ReturnType<EditFormat["prompt"]> {
  const region = regionAt(context, MARKS);
  if (typeof region === "string") return region;
  const { window } = region;
  const { excerpt, cursorLine } = excerptOf(context.path, region);
  const lead = "\n\n### User Excerpt:\n\n";
  const last = `${lead}${excerpt}\n\n### Response:\n`;
  const room = PROMPT_TOKENS - ANSWER_TOKENS - aboutTokens(HEAD) - aboutTokens(last);
  const { kept } = lastThatFit(toldOf(context.past, undefined, MARKS).map(eventOf), room);
  const front = HEAD + kept.slice(0, -1).join("\n\n");
  const edits = HEAD + kept.join("\n\n");
  return {
    ...piecesOf(edits + last, [], [front.length, edits.length + lead.length + cursorLine]),
    ...answerTo(context, window, (text) => `${START}\n${text}\n${END}`),
    stops: [END],
  };
}

/** The excerpt, and where in it the cursor's line begins. */
function excerptOf(path: string, { lines, window, before, after, isAtTop }: Region) {
  const head = `${FENCE}${path}\n${isAtTop ? `${TOP}\n` : ""}${before.map((row) => `${row}\n`).join("")}${START}\n`;
  const at = cursorIn(lines, window);
  const body = insertedAt(window.text, at, CURSOR);
  const tail = `\n${END}${after.map((row) => `\n${row}`).join("")}\n${FENCE}`;
  return { excerpt: head + body + tail, cursorLine: head.length + at - lines.column };
}

const eventOf = (edit: PastEdit): string =>
  edit.renamedFrom === undefined
    ? `User edited ${edit.path}:\n${FENCE}diff\n${unifiedDiff(edit)}\n${FENCE}`
    : `User renamed ${edit.renamedFrom} to ${edit.path}\n\n`;

/** From the start mark, or from the first character where there is none, to the end mark; a line end beside a mark is the format's. */
function read(written: string, isEnded: boolean, _: EditPrompt): EditAnswer | "broken" {
  const { text, mark } = upToMark(plain(written), [END], isEnded);
  const isWhole = isEnded || mark !== undefined;
  const lead = text.trimStart();
  const nothing = { text: "", isWhole: false };
  if (!isWhole && START.startsWith(lead)) return nothing;
  const body = lead.startsWith(START) ? lead.slice(START.length).replace(/^\n/, "") : text;
  if (body.includes(START)) return "broken";
  const { text: unmarked, at } = withoutMark(body, CURSOR);
  const fresh = upToMark(unmarked, [CURSOR, START], isWhole).text;
  return {
    text: mark === undefined ? fresh : fresh.replace(/\n$/, ""),
    isWhole,
    ...(at !== undefined && { cursor: at }),
  };
}

export const zeta1: EditFormat = { id: "zeta-1", marks: MARKS, prompt, read };
