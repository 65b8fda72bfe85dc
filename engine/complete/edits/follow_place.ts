import { type DocumentChange, moved } from "./changes.ts";
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
