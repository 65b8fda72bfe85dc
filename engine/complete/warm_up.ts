import type { Clock } from "../contract/index.ts";
import { rehearseFilters } from "./filters/index.ts";
import { exclusionOf } from "./policy/index.ts";
import type { Pieces } from "./text/index.ts";

const BEGINS_MS = 500; // after the start, which has enough to do
const PAUSE_MS = 20; // between two pieces: keys go first

/** What else the first key would pay for: V8 compiles functions and expressions when they first run. It changes nothing. */
function* rehearsal(): Pieces<void> {
  exclusionOf({ uri: "file:///rehearsal.ts", path: "rehearsal.ts", languageId: "typescript" }, []);
  yield;
  yield* rehearseFilters();
}

/** Rehearses the work of a first suggestion, a piece at a time. @returns what ends it */
export function warmUp(clock: Clock): () => void {
  const pieces = rehearsal();
  let timer: unknown;
  const next = (): void => {
    if (!pieces.next().done) timer = clock.setTimeout(next, PAUSE_MS);
  };
  timer = clock.setTimeout(next, BEGINS_MS);
  return () => clock.clearTimeout(timer);
}
