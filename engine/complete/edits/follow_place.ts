import { type DocumentChange, moved, smallest } from "./changes.ts";
import type { EditPlace } from "./sources.ts";
import { isInsideWord } from "./words.ts";

/** What a change made of a proposal; `typed`: all of it, by hand. */
export type FollowedPlace =
  | { readonly kind: "beside"; readonly place: EditPlace }
  | { readonly kind: "agrees"; readonly place: EditPlace }
  | { readonly kind: "typed" }
  | { readonly kind: "otherwise" };

/** @param text the document's, after the change */
export function followPlace(place: EditPlace, change: DocumentChange, text: string): FollowedPlace {
  const { offset, removed, inserted } = change;
  const outside = moved(place, change);
  const isBeside = offset <= place.end && offset + removed >= place.start;
  const isJoined = (at: EditPlace) =>
    isBeside && (isInsideWord(text, at.start) || isInsideWord(text, at.end) || at.start === at.end);
  if (outside && !isJoined(outside)) return { kind: "beside", place: outside };
  const start = Math.min(place.start, offset);
  const end = Math.max(place.end, offset + removed) + inserted.length - removed;
  const there = text.slice(start, end);
  if (there === place.fresh) return { kind: "typed" };
  const within = offset >= place.start && offset + removed <= place.end;
  return within && agrees(there, place)
    ? { kind: "agrees", place: { ...place, start, end } }
    : { kind: "otherwise" };
}

/** Whether what stands at a place is on the way from the old text to the new one. */
function agrees(there: string, { old, fresh }: EditPlace): boolean {
  if (old.startsWith(there) || fresh.startsWith(there)) return true;
  // Typed in front of the old text, or of what is left of it.
  for (let typed = Math.min(there.length, fresh.length); typed > 0; typed--)
    if (there.startsWith(fresh.slice(0, typed)) && old.endsWith(there.slice(typed))) return true;
  return false;
}

/** Where the cursor is after a change, as far as can be told before the editor says so. */
export function cursorAfter(cursor: number, { offset, removed, inserted }: DocumentChange): number {
  if (cursor < offset) return cursor;
  return offset + inserted.length + Math.max(0, cursor - offset - removed);
}

/** Where a jump goes: to a word that is replaced; to the place where text is only inserted; of lines, to the first change. */
export function landingOf({ start, end, old, fresh }: EditPlace): number {
  const change = smallest(old, { offset: 0, removed: end - start, inserted: fresh });
  return change.removed === 0 || old.includes("\n") ? start + change.offset : start;
}
