import type { FollowedDocument } from "./history.ts";
import type { SilenceId } from "./silences.ts";
import { isSameButWhiteSpace } from "./words.ts";

const FRESH_MS = 10_000; // a longer pause, and the user is at something else

/**
 * Why the last change of a document is none to go on from; undefined where it may be.
 * @param nowMs undefined: the user asks, however long ago it was
 */
export function whyQuiet(
  { last, edits }: FollowedDocument,
  cursor: number,
  nowMs: number | undefined,
): SilenceId | undefined {
  if (!last) return "no-edit";
  if (last.reason === "undo" || last.reason === "redo") return "undone";
  if (last.reason === "bulk" || last.reason === "reload") return "bulk";
  if (nowMs !== undefined && nowMs - last.atMs > FRESH_MS) return "stale";
  const newest = edits.at(-1);
  if (!newest) return undefined;
  // Deleted from its end: the new word is still to be written.
  if (newest.stands && newest.end === cursor && isHead(newest.after, newest.before)) return "unfinished";
  const takesBack = edits.some((older) => older.before === newest.after && older.after === newest.before);
  return takesBack ? "reversal" : undefined;
}

const isHead = (head: string, text: string): boolean =>
  text.startsWith(head) && !isSameButWhiteSpace(head, text);
