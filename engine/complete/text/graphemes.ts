const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const FIRST_JOINING = 0x300; // below, only \r\n are one character together
const WINDOW = 128; // UTF-16 units each way: longer than any emoji, and than most stacks of accents

/** Whether a character, as people see it, contains the end of `before` and the start of `after`: `e` and an accent, \r\n, half an emoji. */
export function isOneCharacter(before: string, after: string): boolean {
  if (before === "" || after === "") return false;
  const last = before.charCodeAt(before.length - 1);
  const first = after.charCodeAt(0);
  if (last < FIRST_JOINING && first < FIRST_JOINING) return last === 13 && first === 10;
  let start = before.length - 1;
  const earliest = Math.max(0, before.length - WINDOW);
  while (start > earliest && before.charCodeAt(start) >= FIRST_JOINING) start--;
  const head = before.slice(start);
  const characters = segmenter.segment(head + after.slice(0, WINDOW));
  return characters.containing(head.length)!.index !== head.length;
}
