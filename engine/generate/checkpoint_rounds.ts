import type { RoundRecord } from "../model/index.ts";
import { Rounds } from "./rounds.ts";

/**
 * Rounds with the rollback strategy "replay": the state is copied before a draft is verified; when a part of the draft is
 * rejected, the copy is restored and the accepted rows run again. Tests and benchmarks compare the other strategies with it.
 */
export class CheckpointRounds extends Rounds {
  /** After a round with drafts one: its state may be a rejected draft's until the CPU has read its record. */
  override get mostInFlight(): number {
    return this.lastRows > 1 ? 1 : super.mostInFlight;
  }

  protected override encodeBefore(encoder: GPUCommandEncoder, rows: number): void {
    if (rows > 1) this.evaluator.sequence.encodeCheckpoint(encoder);
  }

  override async accept({ draws, drafted }: RoundRecord, first: number): Promise<void> {
    const { sequence } = this.evaluator;
    if (sequence.passed(1 + drafted, draws.length)) return;
    sequence.restoreCheckpoint(sequence.position);
    const accepted = draws.slice(0, -1).map(({ token }) => token);
    await this.evaluator.pass([first, ...accepted], { kind: "rows", logits: "none", mtp: false });
  }
}
