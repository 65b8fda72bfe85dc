import { acceptanceBuckets } from "../model/index.ts";
import type { DraftSource } from "./drafter.ts";

const matchBounds = [4, 8, 16, 32]; // tokens that agreed before the draft: drafters of text are surer with more of them
const decay = 0.98; // of what was seen, with each new judgement: the text at hand counts most
const priorWeight = 4; // judgements that a drafter's own confidence is worth

interface Cell {
  hits: number;
  seen: number;
}

/** How often drafts are accepted, by source, confidence and match: what really happened, beginning with what drafters claim. */
export class Calibration {
  readonly #cells = new Map<string, Cell>();

  /** The probability that a draft of this confidence is accepted, given that those before it are. */
  acceptance(source: DraftSource, confidence: number, match: number): number {
    const { hits, seen } = this.#cells.get(keyOf(source, confidence, match)) ?? { hits: 0, seen: 0 };
    return Math.min(0.995, (hits + priorWeight * confidence) / (seen + priorWeight));
  }

  /** Takes in whether a draft that was reached was accepted. */
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
