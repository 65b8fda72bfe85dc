import { type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  anchorStep,
  convolutionRows,
  historyRows,
  type Model,
  maxRows,
  recordReplay,
  stepBuffer,
  stepWords,
  tapeRows,
  type Workspace,
} from "../model/index.ts";
import type { Rollback, Standing } from "./rollback.ts";
import { createSequenceMemory, type OwnedSequence, type SequenceOptions } from "./sequence_memory.ts";
import { createSnapshot, type Snapshot, snapshotBytes } from "./snapshot.ts";

/** Most rows of one replay: what the workspace holds beside a pass. */
const replayRows = maxRows;

/**
 * The state of one text on the GPU, and where in it the text stands. Passes move it on; rows of the last pass can be
 * dropped again, positions up to 128 back restored from the tape, and any position kept in a snapshot.
 *
 * The anchor is a state of its own slot at an older position, from which the tape's rows are replayed; it follows at a
 * distance. Positions before the end of the last prompt are out of its reach: prompts add in another order than rows do,
 * and a replay would give a prompt's rows other bits (I2).
 */
export class Sequence {
  readonly memory: OwnedSequence;
  readonly rollback: Rollback;
  readonly #gpu: Gpu;
  readonly #model: Model;
  readonly #workspace: Workspace;
  readonly #replayStep: GPUBuffer;
  #plan: Plan | undefined;
  #position = 0;
  #standing: Standing = { slot: 0, replay: 0 };
  /** Rows of the last pass that are dropped, and rows that it had. */
  #pass = { rows: 0, kept: 0 };
  #anchor = 0;

  constructor(gpu: Gpu, model: Model, workspace: Workspace, options: SequenceOptions) {
    this.#gpu = gpu;
    this.#model = model;
    this.#workspace = workspace;
    this.rollback = options.rollback;
    this.memory = createSequenceMemory(gpu, model.h, options);
    this.#replayStep = stepBuffer(gpu);
  }

  /** Tokens whose state, keys and values stand. */
  get position(): number {
    return this.#position;
  }

  /** Where the state stands, for the step words of the next pass. */
  get standing(): Standing {
    return this.#standing;
  }

  /** The earliest position that `restore` reaches. */
  get reach(): number {
    return Math.max(this.#anchor, this.#position - historyRows);
  }

  /** The plan that replays rows of the tape; recorded once. */
  async prepare(): Promise<Plan> {
    if (!this.#plan) {
      const recorder = new PlanRecorder(this.#gpu);
      const pass = {
        recorder,
        step: this.#replayStep,
        h: this.#model.h,
        memory: this.memory,
        workspace: this.#workspace,
      };
      for (const [i, { mixer }] of this.#model.blocks.entries()) {
        if (mixer.kind === "attention") continue;
        const layer = this.memory.recurrent[i]!;
        recordReplay(pass, mixer, layer);
      }
      this.#plan = await recorder.finish();
    }
    return this.#plan;
  }

  /** Forgets the text. */
  reset(): void {
    this.#submit((encoder) => this.memory.reset(encoder));
    this.#stand(0, { slot: 0, replay: 0 });
    this.#anchor = 0;
  }

  /** Notes a pass of the prompt path over `rows` tokens that is about to be submitted, after `commit`. */
  readPrompt(rows: number): void {
    if (this.#standing.replay > 0)
      throw new Error("a prompt was read onto a state that the tape has the end of");
    this.#stand(this.#position + rows, { slot: 0, replay: 0 });
    this.#anchor = this.#position;
  }

  /** After the last pass of a prompt: makes the anchor of its state. From here on positions can be restored, not before. */
  endPrompt(encoder: GPUCommandEncoder): void {
    this.memory.copySlot(encoder, 0, this.memory.anchorSlot);
  }

  /**
   * Notes a pass of the row path over `rows` tokens, of which the first `kept` stand.
   * @returns false where the strategy cannot tell their state: then restore the checkpoint and run them again
   */
  passed(rows: number, kept = rows): boolean {
    if (kept < 1 || kept > rows) throw new Error(`${kept} rows of a pass of ${rows} cannot stand`);
    const standing = this.rollback.standing(rows, kept);
    if (!standing) return false;
    this.#stand(this.#position + kept, standing);
    this.#pass = { rows, kept };
    return true;
  }

  /**
   * Drops the last `rows` rows of the last pass; copies and runs nothing. Bit-equal to decoding that far (I2). The first row
   * of a pass stays: what the state was before it is known to nobody.
   * @returns false if the strategy has no such state; then `restore` may
   */
  rollBack(rows: number): boolean {
    const kept = this.#pass.kept - rows;
    if (rows < 0 || kept < 1) return false;
    if (rows === 0) return true;
    const standing = this.rollback.standing(this.#pass.rows, kept);
    if (!standing) return false;
    this.#position -= rows;
    this.#standing = standing;
    this.#pass = { ...this.#pass, kept };
    return true;
  }

  /** Brings the state up to the position, as prompts, snapshots and readers of slot 0 need it. */
  async commit(): Promise<void> {
    const { slot, replay } = this.#standing;
    if (replay > 0) await this.#replay(slot, 0, this.#position, replay);
    else if (slot > 0) this.#submit((encoder) => this.memory.copySlot(encoder, slot, 0));
    this.#stand(this.#position, { slot: 0, replay: 0 });
  }

  /**
   * Goes back to `position`, bit-equal to decoding that far (I2): by dropping rows of the last pass, or by replaying the
   * tape from the anchor.
   * @returns false, and changes nothing, if the position is out of reach
   */
  async restore(position: number): Promise<boolean> {
    if (position > this.#position || position < this.#anchor) return false;
    if (this.rollBack(this.#position - position)) return true;
    const { anchorSlot } = this.memory;
    if (position === this.#anchor) this.#submit((encoder) => this.memory.copySlot(encoder, anchorSlot, 0));
    else await this.#replay(anchorSlot, 0, position, position - this.#anchor);
    this.#stand(position, { slot: 0, replay: 0 });
    return true;
  }

  /**
   * Before a pass whose rows may reach up to `high` (one past its last position): moves the anchor on where the tape is
   * about to run over it, in the same submit. `prepare` must have been awaited.
   */
  encodeUpkeep(pass: GPUComputePassEncoder, high: number): void {
    const comfortable = this.#position - historyRows - this.#anchor;
    const needed = high - tapeRows + convolutionRows - this.#anchor;
    let rows = comfortable >= anchorStep ? comfortable - (comfortable % anchorStep) : 0;
    if (rows < needed) rows = Math.ceil(needed / anchorStep) * anchorStep;
    rows = Math.min(rows, this.#position - this.#anchor);
    if (rows <= 0) return;
    const { anchorSlot } = this.memory;
    this.#encodeReplay(pass, anchorSlot, anchorSlot, this.#anchor + rows, rows);
    this.#anchor += rows;
  }

  /** Bytes that a snapshot takes. */
  get snapshotBytes(): number {
    return snapshotBytes(this.#model.h);
  }

  /** Keeps the state at the current position; commits first. */
  async snapshot(): Promise<Snapshot> {
    await this.commit();
    return createSnapshot(this.#gpu, this.#model.h, this.memory, this.#position);
  }

  /**
   * Goes to the snapshot's position. Keys and values are shared by position, so the tokens before it must still be the
   * snapshot's own: that is the caller's to know.
   */
  restoreSnapshot(snapshot: Snapshot): void {
    this.#submit((encoder) => snapshot.restore(encoder, [0, this.memory.anchorSlot]));
    this.#stand(snapshot.position, { slot: 0, replay: 0 });
    this.#anchor = snapshot.position;
  }

  /** Copies the current state aside (before a draft), for strategies with a checkpoint: slot 1. */
  encodeCheckpoint(encoder: GPUCommandEncoder): void {
    this.memory.copySlot(encoder, 0, 1);
  }

  /** Brings the checkpoint back, which was taken at `position`; the rows after it are to be run again. */
  restoreCheckpoint(position: number): void {
    this.#submit((encoder) => this.memory.copySlot(encoder, 1, 0));
    this.#stand(position, { slot: 0, replay: 0 });
  }

  free(): void {
    this.memory.free();
    this.#gpu.free(this.#replayStep);
  }

  #stand(position: number, standing: Standing): void {
    this.#position = position;
    this.#standing = standing;
    this.#pass = { rows: 0, kept: 0 };
  }

  async #replay(from: number, to: number, position: number, rows: number): Promise<void> {
    await this.prepare();
    let source = from;
    for (let left = rows; left > 0; left -= replayRows) {
      const count = Math.min(left, replayRows);
      const end = position - left + count;
      this.#submit((encoder) => {
        const pass = encoder.beginComputePass();
        this.#encodeReplay(pass, source, to, end, count);
        pass.end();
      });
      source = to;
    }
  }

  #encodeReplay(pass: GPUComputePassEncoder, slot: number, to: number, end: number, replay: number): void {
    const words = stepWords(end, [], { slot, to, replay });
    this.#gpu.device.queue.writeBuffer(this.#replayStep, 0, words);
    this.#plan!.encode(pass, { positions: end, replay });
  }

  #submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    encode(encoder);
    this.#gpu.submit(encoder.finish());
  }
}
