import { type DocumentChange, meets, moved } from "./changes.ts";

/** A place and what was proposed there. */
export interface Proposed {
  readonly start: number;
  readonly end: number;
  readonly old: string;
  readonly fresh: string;
}

const REMEMBERED = 64; // places of all documents
const STOPS_AFTER = 2; // refusals of one replacement in a row: the user does not want it

/** Places where a replacement was refused or undone: it is not proposed there again. They follow the document's changes. */
export function createRefusals() {
  let places: (Proposed & { readonly uri: string })[] = [];
  /** In a row, by replacement. */
  const rows = new Map<string, number>();
  const keyOf = ({ old, fresh }: Pick<Proposed, "old" | "fresh">) => `${old}\0${fresh}`;

  return {
    add(uri: string, place: Proposed): void {
      places = [...places, { ...place, uri }].slice(-REMEMBERED);
      const key = keyOf(place);
      const row = (rows.get(key) ?? 0) + 1;
      rows.delete(key);
      rows.set(key, row);
      if (rows.size > REMEMBERED) rows.delete(rows.keys().next().value!);
    },
    /** The user has made it after all, by hand or by taking it. */
    made: (replacement: Pick<Proposed, "old" | "fresh">): boolean => rows.delete(keyOf(replacement)),
    /** What a change reaches into is another text: it may be proposed again. */
    changed(uri: string, change: DocumentChange): void {
      places = places.flatMap((one) => (one.uri === uri ? (moved(one, change) ?? []) : one));
    },
    has: (uri: string, place: Proposed): boolean =>
      places.some((one) => one.uri === uri && keyOf(one) === keyOf(place) && meets(one, place)),
    /** It was refused so often that it is proposed nowhere. */
    isStopped: (replacement: Pick<Proposed, "old" | "fresh">): boolean =>
      (rows.get(keyOf(replacement)) ?? 0) >= STOPS_AFTER,
    renamed(uri: string, to: string): void {
      places = places.map((one) => (one.uri === uri ? { ...one, uri: to } : one));
    },
    forget(uri: string): void {
      places = places.filter((one) => one.uri !== uri);
    },
  };
}

export type Refusals = ReturnType<typeof createRefusals>;
