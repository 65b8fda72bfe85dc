import type { Clock } from "../contract/index.ts";
import { rehearseFilters } from "./filters/index.ts";
import { exclusionOf, readBuiltInExcludes } from "./policy/index.ts";
import type { Pieces } from "./text/index.ts";

const BEGINS_MS = 500; // after the start, which has enough to do, and after a question
const PAUSE_MS = 20; // between two pieces: keys go first

/** What else the first key would pay for: V8 compiles functions and expressions when they first run. It changes nothing. */
function* rehearsal(): Pieces<void> {
  exclusionOf({ uri: "file:///rehearsal.ts", path: "rehearsal.ts", languageId: "typescript" }, []);
  yield;
  yield* rehearseFilters();
}

export interface WarmUp {
  /** A suggestion is asked for: what is left waits until none is asked for for half a second. */
  postpone(): void;
  dispose(): void;
}

/**
 * Reads the rules for secrets, which any file needs, and then rehearses the work of a first suggestion, a piece at a time.
 */
export function warmUp(clock: Clock): WarmUp {
  const rules = readBuiltInExcludes();
  const pieces = rehearsal();
  let timer: unknown;
  let isRehearsal = false; // and the rules are read
  const read = (): void => {
    isRehearsal = rules.next().done ?? false;
    timer = isRehearsal ? clock.setTimeout(next, BEGINS_MS) : clock.setTimeout(read, 0);
  };
  const next = (): void => {
    timer = pieces.next().done ? undefined : clock.setTimeout(next, PAUSE_MS);
  };
  timer = clock.setTimeout(read, 0);
  const dispose = () => clock.clearTimeout(timer);
  return {
    postpone() {
      if (!isRehearsal || timer === undefined) return; // all is done
      dispose();
      timer = clock.setTimeout(next, BEGINS_MS);
    },
    dispose,
  };
}
