import { autoClosed, type CursorText, isSameBefore, TAIL, typedHead } from "./text/index.ts";

/** A suggestion that the user dismissed, and its place. */
interface Dismissed {
  readonly cursorText: CursorText;
  readonly text: string;
}

const PLACES = 250;

/**
 * Where the user has pressed Escape: at the suggestion's place and wherever its head is typed, nothing shows by itself
 * until the text there is another. Edits elsewhere do not count as another text.
 */
export function createDismissals() {
  let places: Dismissed[] = []; // the newest last

  const isAt = (cursorText: CursorText) => (dismissed: Dismissed) => isDismissedAt(dismissed, cursorText);

  return {
    add({ cursorText, text }: Dismissed): void {
      places.push({ cursorText, text });
      if (places.length > PLACES) places.shift();
    },

    has: (cursorText: CursorText): boolean => places.some(isAt(cursorText)),

    /** The user has asked for a suggestion there. */
    lift(cursorText: CursorText): void {
      places = places.filter((place) => !isAt(cursorText)(place));
    },

    forget(uri: string): void {
      places = places.filter((place) => place.cursorText.uri !== uri);
    },
  };
}

export type Dismissals = ReturnType<typeof createDismissals>;

function isDismissedAt({ cursorText: was, text }: Dismissed, now: CursorText): boolean {
  if (was.uri !== now.uri) return false;
  const closers = autoClosed(was.after, now.after);
  if (closers === undefined) return false;
  const after = now.after.slice(closers.length);
  const typed = typedHead(text, now.before, (before) => isSamePlace(was, before, after));
  return typed !== undefined && typed < text.length;
}

function isSamePlace(was: CursorText, before: string, after: string): boolean {
  if (isSameBefore(was.before, before)) return true;
  // With less text above than tells a place from others, all of it must be the same.
  if (was.before.length < TAIL || !before.endsWith(was.before.slice(-TAIL))) return false;
  // The same lines may occur twice in one text; else something has been edited elsewhere.
  return was.after === after || was.before + was.after !== before + after;
}
