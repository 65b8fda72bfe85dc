import type { Clock } from "../contract/index.ts";
import { rehearseRepeat } from "./edits/index.ts";
import { rehearseFilters } from "./filters/index.ts";
import { exclusionOf, readBuiltInExcludes } from "./policy/index.ts";
import { rehearseQuestion } from "./rehearse_question.ts";
import type { Pieces } from "./text/index.ts";

const BEGINS_MS = 500; // after the start, which has enough to do, and after a question
const PAUSE_MS = 20; // between two pieces: keys go first

/** What else the first key would pay for: V8 compiles functions and expressions when they first run. It changes nothing. */
function* rehearsal(clock: Clock): Pieces<{ dispose(): void }> {
  exclusionOf({ uri: "file:///rehearsal.ts", path: "rehearsal.ts", languageId: "typescript" }, []);
  yield;
  yield* rehearseFilters();
  yield* rehearseRepeat();
  yield;
  return yield* rehearseQuestion(clock);
}

export interface WarmUp {
  /** A suggestion is asked for: what is left waits until none is asked for for half a second. */
  postpone(): void;
  dispose(): void;
}

/**
 * Reads the rules for secrets, which any file needs, and then rehearses the work of a first suggestion and a first next edit, a
 * piece at a time.
 */
export function warmUp(clock: Clock): WarmUp {
  const rules = readBuiltInExcludes();
  const pieces = rehearsal(clock);
  let timer: unknown;
  let isRehearsal = false; // and the rules are read
  const read = (): void => {
    isRehearsal = rules.next().done ?? false;
    timer = isRehearsal ? clock.setTimeout(next, BEGINS_MS) : clock.setTimeout(read, 0);
  };
  /** Of the last piece, which has turns of its own. */
  let pipeline: { dispose(): void } | undefined;
  const next = (): void => {
    const piece = pieces.next();
    if (piece.done) pipeline = piece.value;
    timer = piece.done ? undefined : clock.setTimeout(next, PAUSE_MS);
  };
  timer = clock.setTimeout(read, 0);
  const dispose = () => {
    clock.clearTimeout(timer);
    pipeline?.dispose();
  };
  return {
    postpone() {
      if (!isRehearsal || timer === undefined) return; // all is done
      dispose();
      timer = clock.setTimeout(next, BEGINS_MS);
    },
    dispose,
  };
}
