import type { Proposal } from "../../engine/complete/index.ts";

/**
 * What the editor can show as ghost text: an insertion at the cursor. Several lines only at a line's end, since the editor would
 * move the rest of the line below them.
 * @param restOfLine of the cursor's line
 */
export function insertionAt(
  { start, old, fresh }: Pick<Proposal, "start" | "old" | "fresh">,
  cursor: number,
  restOfLine: string,
): string | undefined {
  const head = cursor - start;
  const tail = old.length - head;
  if (head < 0 || tail < 0 || fresh.length <= old.length) return undefined;
  if (!fresh.startsWith(old.slice(0, head)) || !fresh.endsWith(old.slice(head))) return undefined;
  const text = fresh.slice(head, fresh.length - tail);
  return text.includes("\n") && restOfLine.trim() !== "" ? undefined : text;
}
