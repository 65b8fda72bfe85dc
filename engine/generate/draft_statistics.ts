import type { DraftSource } from "../draft/index.ts";
import type { RoundRecord } from "../model/index.ts";

/** Counts of drafts. */
export interface DraftCount {
  rounds: number;
  drafted: number;
  accepted: number;
}

/** Outcome of the drafts of one generation. */
export interface DraftStatistics extends DraftCount {
  readonly bySource: Partial<Record<DraftSource, DraftCount>>;
  /** By depth: how many drafts were judged there, and how many of them accepted. */
  readonly byDepth: { judged: number; accepted: number }[];
}

export const draftStatistics = (): DraftStatistics => ({
  rounds: 0,
  drafted: 0,
  accepted: 0,
  bySource: {},
  byDepth: [],
});

export function noteRound(
  statistics: DraftStatistics,
  source: DraftSource | "none",
  { drafted, draws, rejected }: RoundRecord,
): void {
  const accepted = draws.length - 1;
  const counts: DraftCount[] = [statistics];
  if (source !== "none") {
    statistics.bySource[source] ??= { rounds: 0, drafted: 0, accepted: 0 };
    counts.push(statistics.bySource[source]);
  }
  for (const count of counts) {
    count.rounds++;
    count.drafted += drafted;
    count.accepted += accepted;
  }
  const judged = accepted + (rejected === undefined ? 0 : 1);
  for (let depth = 0; depth < judged; depth++) {
    statistics.byDepth[depth] ??= { judged: 0, accepted: 0 };
    const at = statistics.byDepth[depth]!;
    at.judged++;
    if (depth < accepted) at.accepted++;
  }
}
