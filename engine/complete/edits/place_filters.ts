import { meets } from "./changes.ts";
import type { FollowedDocument } from "./history.ts";
import type { Refusals } from "./refusals.ts";
import type { RepeatPlace } from "./repeat.ts";
import type { SilenceId } from "./silences.ts";
import { isSameButWhiteSpace } from "./words.ts";

interface Around {
  readonly document: FollowedDocument;
  readonly refusals: Pick<Refusals, "has" | "isStopped">;
}

interface PlaceFilter {
  readonly id: SilenceId;
  readonly drops: (place: RepeatPlace, around: Around) => boolean;
}

/** Why a proposal is not shown, in the order in which they are asked. */
const FILTERS: readonly PlaceFilter[] = [
  { id: "white-space", drops: ({ old, fresh }) => isSameButWhiteSpace(old, fresh) },
  // The text has changed since the place was found.
  {
    id: "changed-since",
    drops: ({ start, end, old }, { document }) => document.text.slice(start, end) !== old,
  },
  { id: "undone", drops: (place, { document }) => document.undone.some((one) => meets(one, place)) },
  { id: "dismissed", drops: (place, { document, refusals }) => refusals.has(document.file.uri, place) },
  { id: "stopped", drops: (place, { refusals }) => refusals.isStopped(place) },
];

export const filterOf = (place: RepeatPlace, around: Around): SilenceId | undefined =>
  FILTERS.find(({ drops }) => drops(place, around))?.id;
