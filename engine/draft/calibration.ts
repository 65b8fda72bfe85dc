import { acceptanceBuckets } from "../model/index.ts";
import type { DraftSource } from "./drafter.ts";

const matchBounds = [4, 8, 16, 32]; // tokens that matched before the draft: text drafters are more reliable after more of them
const decay = 0.98; // of past counts, with each verified draft: the current text counts most
const priorWeight = 4; // verified drafts that a drafter's own confidence counts as

interface Cell {
  hits: number;
  seen: number;
}

/** How often drafts are accepted, by source, confidence and match: measured, with the drafters' own confidence as prior. */
export class Calibration {
  readonly #cells = new Map<string, Cell>();

  /** The probability that a draft of this confidence is accepted, given that those before it are. */
  acceptance(source: DraftSource, confidence: number, match: number): number {
    const { hits, seen } = this.#cells.get(keyOf(source, confidence, match)) ?? { hits: 0, seen: 0 };
    return Math.min(0.995, (hits + priorWeight * confidence) / (seen + priorWeight));
  }

  /** Records whether a draft that was reached was accepted. */
  observe(source: DraftSource, confidence: number, match: number, accepted: boolean): void {
    const key = keyOf(source, confidence, match);
    const cell = this.#cells.get(key) ?? { hits: 0, seen: 0 };
    cell.hits = cell.hits * decay + (accepted ? 1 : 0);
    cell.seen = cell.seen * decay + 1;
    this.#cells.set(key, cell);
  }

  /** The acceptance of MTP drafts by sixteenth of confidence. */
  mtpTable(): number[] {
    return Array.from({ length: acceptanceBuckets }, (_, i) =>
      this.acceptance("mtp", (i + 0.5) / acceptanceBuckets, 0),
    );
  }
}

function keyOf(source: DraftSource, confidence: number, match: number): string {
  const bucket = Math.min(acceptanceBuckets - 1, Math.floor(confidence * acceptanceBuckets));
  const bound = source === "mtp" ? 0 : matchBounds.filter((it) => match >= it).length;
  return `${source} ${bucket} ${bound}`;
}
