import { maxRows } from "../model/index.ts";

/** How a rejected draft is undone (NETWORK.md 5.2). */
export type RollbackName = "tape" | "planes" | "replay";

/** Where the recurrent state is: in `slot`, without the last `replay` rows, which must be replayed from the tape. */
export interface StateLocation {
  readonly slot: number;
  readonly replay: number;
}

/**
 * One way to roll back the rejected rows of a pass. Attention needs none: nothing reads keys and values past the position.
 * Nor does the convolution, whose history is the tape by position.
 */
export interface Rollback {
  readonly name: RollbackName;
  /** Which states a delta net stores in a pass of the row path (`STORES` in gated_delta_net.wgsl). */
  readonly stores: number;
  /** State slots that it needs, the one of the current state among them. */
  readonly slots: number;
  /** Longest draft that it can undo. */
  readonly draftLimit: number;
  /** Whether the state is saved before a draft is verified, so that kept rows can be re-run from there. */
  readonly checkpoint: boolean;
  /**
   * Where the state is after `kept` accepted rows of a pass of `rows`, 1 ≤ kept ≤ rows. Undefined: no slot holds that state;
   * restore the checkpoint and re-run the kept rows. The GPU computes the same by itself (accept.wgsl).
   */
  standing(rows: number, kept: number): StateLocation | undefined;
}

const longest = maxRows - 1;

/**
 * Each pass stores the state after its first row, which is never rejected. The next pass replays the accepted rows after it
 * from the tape, in registers.
 */
const tape: Rollback = {
  name: "tape",
  stores: 0,
  slots: 1,
  draftLimit: longest,
  checkpoint: false,
  standing: (_rows, kept) => ({ slot: 0, replay: kept - 1 }),
};

/** Each pass stores the state after each of its last `planes` rows; rolling back selects an older one. */
const planes = (count: number): Rollback => ({
  name: "planes",
  stores: count,
  slots: count,
  draftLimit: count - 1,
  checkpoint: false,
  standing: (rows, kept) =>
    rows - kept < Math.min(rows, count) ? { slot: rows - kept, replay: 0 } : undefined,
});

/** Each pass copies the state before its first row and stores it after the last: the baseline for the other two. */
const replay: Rollback = {
  name: "replay",
  stores: 1,
  slots: 2,
  draftLimit: longest,
  checkpoint: true,
  standing: (rows, kept) => (kept === rows ? { slot: 0, replay: 0 } : undefined),
};

/** Default number of planes: the MTP chain usually drafts three tokens. */
export const defaultPlanes = 4;

export function createRollback(name: RollbackName, planeCount = defaultPlanes): Rollback {
  if (name === "tape") return tape;
  if (name === "replay") return replay;
  return planes(Math.min(maxRows, Math.max(2, planeCount)));
}
