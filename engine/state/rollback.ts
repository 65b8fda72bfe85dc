import { maxRows } from "../model/index.ts";

/** How a rejected draft is undone (DESIGN.md, "Rollback"). */
export type RollbackName = "tape" | "planes" | "replay";

/** Where the recurrent state stands: in `slot`, but for the last `replay` rows, which the tape has. */
export interface Standing {
  readonly slot: number;
  readonly replay: number;
}

/**
 * One way to undo the rows of a pass that are not to stand. Attention needs none: nothing reads keys and values past the
 * position; nor does the convolution, whose history is the tape by position.
 */
export interface Rollback {
  readonly name: RollbackName;
  /** What a delta net leaves of its state in a pass of the row path (`STORES` in gated_delta_net.wgsl). */
  readonly stores: number;
  /** State slots that it needs, the one of the current state among them. */
  readonly slots: number;
  /** Longest draft that it can undo. */
  readonly draftLimit: number;
  /** Whether the state is saved before a draft is verified, to be run again from there. */
  readonly checkpoint: boolean;
  /**
   * Where the state stands when `kept` rows of a pass of `rows` do, 1 ≤ kept ≤ rows; undefined: it is nowhere, restore the
   * checkpoint and run the kept rows again. The GPU finds the same by itself (accept.wgsl).
   */
  standing(rows: number, kept: number): Standing | undefined;
}

const longest = maxRows - 1;

/**
 * The state is written after a pass's first row, which always stands; what is accepted after it is replayed from the
 * tape by the next pass, in registers.
 */
const tape: Rollback = {
  name: "tape",
  stores: 0,
  slots: 1,
  draftLimit: longest,
  checkpoint: false,
  standing: (_rows, kept) => ({ slot: 0, replay: kept - 1 }),
};

/** The state is written after each of the last `planes` rows; undoing rows is choosing an older one. */
const planes = (count: number): Rollback => ({
  name: "planes",
  stores: count,
  slots: count,
  draftLimit: count - 1,
  checkpoint: false,
  standing: (rows, kept) =>
    rows - kept < Math.min(rows, count) ? { slot: rows - kept, replay: 0 } : undefined,
});

/** The state is written after the last row and copied before the first: the baseline that the other two are measured by. */
const replay: Rollback = {
  name: "replay",
  stores: 1,
  slots: 2,
  draftLimit: longest,
  checkpoint: true,
  standing: (rows, kept) => (kept === rows ? { slot: 0, replay: 0 } : undefined),
};

/** Planes that are kept unless told otherwise: the MTP chain drafts three tokens as a rule. */
export const defaultPlanes = 4;

export function createRollback(name: RollbackName, planeCount = defaultPlanes): Rollback {
  if (name === "tape") return tape;
  if (name === "replay") return replay;
  return planes(Math.min(maxRows, Math.max(2, planeCount)));
}
