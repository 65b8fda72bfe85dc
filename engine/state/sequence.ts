import { type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  convolutionRows,
  historyRows,
  type Model,
  maxRows,
  recordReplay,
  stepBuffer,
  stepWords,
  tapeRows,
  trailingStep,
  type Workspace,
} from "../model/index.ts";
import { type CopiedRanges, copyRanges, type Range } from "./copied_ranges.ts";
import type { Rollback, StateLocation } from "./rollback.ts";
import { createSequenceMemory, type OwnedSequence, type SequenceOptions } from "./sequence_memory.ts";
import { createSnapshot, type Snapshot, snapshotBytes } from "./snapshot.ts";

/** All that a sequence holds of its text beside keys and values. */
export interface ParkedState extends CopiedRanges {
  readonly position: number;
  readonly standing: StateLocation;
  readonly pass: { readonly rows: number; readonly kept: number };
  readonly trailingPosition: number;
}

/** Most rows of one replay: what the workspace holds beside a pass. */
const replayRows = maxRows;

/**
 * The state of one text on the GPU, and its position in that text. Passes advance it. Rows of the last pass can be rolled
 * back, positions up to 128 back restored from the tape, and any position kept in a snapshot.
 *
 * The trailing state is one of an older position, in its own slot, from which the tape's rows are replayed; it follows at a
 * distance. It cannot reach positions before the end of the last prompt: prefill adds in another order than the row path,
 * so a replay would give a prompt's rows other bits (I2).
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
  #standing: StateLocation = { slot: 0, replay: 0 };
  /** Rows of the last pass, and how many of them are kept. */
  #pass = { rows: 0, kept: 0 };
  #trailingPosition = 0;

  constructor(gpu: Gpu, model: Model, workspace: Workspace, options: SequenceOptions) {
    this.#gpu = gpu;
    this.#model = model;
    this.#workspace = workspace;
    this.rollback = options.rollback;
    this.memory = createSequenceMemory(gpu, model.h, options);
    this.#replayStep = stepBuffer(gpu);
  }

  /** Number of tokens that the state, keys and values cover. */
  get position(): number {
    return this.#position;
  }

  /** Where the current state is, for the step words of the next pass. */
  get standing(): StateLocation {
    return this.#standing;
  }

  /** The earliest position that `restore` reaches. */
  get reach(): number {
    return Math.max(this.#trailingPosition, this.#position - historyRows);
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
    this.#trailingPosition = 0;
  }

  /** Records that a prefill pass over `rows` tokens is about to be submitted. The caller must have called `commit`. */
  readPrompt(rows: number): void {
    if (this.#standing.replay > 0)
      throw new Error("a prompt was read onto a state that the tape has the end of");
    this.#stand(this.#position + rows, { slot: 0, replay: 0 });
    this.#trailingPosition = this.#position;
  }

  /** After the last prefill pass: copies the state to the trailing state. Only positions from here on can be restored. */
  endPrompt(encoder: GPUCommandEncoder): void {
    this.memory.copySlot(encoder, 0, this.memory.trailingSlot);
  }

  /**
   * Records a pass of the row path over `rows` tokens, of which the first `kept` are accepted.
   * @returns false if no slot holds their state; then restore the checkpoint and re-run them
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
   * Rolls back the last `rows` rows of the last pass; copies and runs nothing. Bit-equal to decoding that far (I2). The first
   * row of a pass cannot be rolled back: the state before it has been overwritten.
   * @returns false if the strategy has no slot for that state; `restore` may still reach it
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

  /** Brings slot 0 up to the current position, as prefill, snapshots and readers of slot 0 require. */
  async commit(): Promise<void> {
    const { slot, replay } = this.#standing;
    if (replay > 0) await this.#replay(slot, 0, this.#position, replay);
    else if (slot > 0) this.#submit((encoder) => this.memory.copySlot(encoder, slot, 0));
    this.#stand(this.#position, { slot: 0, replay: 0 });
  }

  /**
   * Goes back to `position`, bit-equal to decoding that far (I2): rolls back rows of the last pass, or replays the tape from
   * the trailing state.
   * @returns false, and changes nothing, if the position is out of reach
   */
  async restore(position: number): Promise<boolean> {
    if (position > this.#position || position < this.#trailingPosition) return false;
    if (this.rollBack(this.#position - position)) return true;
    const { trailingSlot } = this.memory;
    if (position === this.#trailingPosition)
      this.#submit((encoder) => this.memory.copySlot(encoder, trailingSlot, 0));
    else await this.#replay(trailingSlot, 0, position, position - this.#trailingPosition);
    this.#stand(position, { slot: 0, replay: 0 });
    return true;
  }

  /**
   * Before a pass whose rows may reach up to `high` (one past its last position): advances the trailing state, in the same submit,
   * if the pass would overwrite tape rows that the trailing state needs. The caller must have awaited `prepare`.
   */
  encodeUpkeep(pass: GPUComputePassEncoder, high: number): void {
    const comfortable = this.#position - historyRows - this.#trailingPosition;
    const needed = high - tapeRows + convolutionRows - this.#trailingPosition;
    let rows = comfortable >= trailingStep ? comfortable - (comfortable % trailingStep) : 0;
    if (rows < needed) rows = Math.ceil(needed / trailingStep) * trailingStep;
    rows = Math.min(rows, this.#position - this.#trailingPosition);
    if (rows <= 0) return;
    const { trailingSlot } = this.memory;
    this.#encodeReplay(pass, trailingSlot, trailingSlot, this.#trailingPosition + rows, rows);
    this.#trailingPosition += rows;
  }

  /** Bytes that a snapshot takes. */
  get snapshotBytes(): number {
    return snapshotBytes(this.#model.h);
  }

  /** Commits, then copies the state at the current position to a snapshot. */
  async snapshot(): Promise<Snapshot> {
    await this.commit();
    return createSnapshot(this.#gpu, this.#model.h, this.memory, this.#position);
  }

  /**
   * Goes to the snapshot's position. Keys and values are shared by position, so the caller must ensure that the tokens before
   * it are still the snapshot's own.
   */
  restoreSnapshot(snapshot: Snapshot): void {
    this.#submit((encoder) => snapshot.restore(encoder, [0, this.memory.trailingSlot]));
    this.#stand(snapshot.position, { slot: 0, replay: 0 });
    this.#trailingPosition = snapshot.position;
  }

  /** Bytes that `park` takes. */
  get parkedBytes(): number {
    return this.#stateRanges().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Copies states, tape and hidden rows, so that `unpark` leaves the sequence as it is now: with the same positions in reach.
   * @throws UserError when the device's memory does not suffice
   */
  park(): ParkedState {
    return {
      ...copyRanges(this.#gpu, `the state at ${this.#position}`, this.#stateRanges()),
      position: this.#position,
      standing: this.#standing,
      pass: this.#pass,
      trailingPosition: this.#trailingPosition,
    };
  }

  /** The caller must ensure that keys and values are those of the parked text. */
  unpark(parked: ParkedState): void {
    this.#submit((encoder) => parked.restore(encoder));
    this.#position = parked.position;
    this.#standing = parked.standing;
    this.#pass = parked.pass;
    this.#trailingPosition = parked.trailingPosition;
  }

  #stateRanges(): Range[] {
    const { recurrent, hidden } = this.memory;
    const buffers = recurrent.flatMap((layer) => (layer ? [layer.slots, layer.tape, layer.gates] : []));
    return [...buffers, hidden].map((buffer) => ({ buffer, from: 0, bytes: buffer.size }));
  }

  /** Copies the current state to the checkpoint in slot 1, before a draft is verified; for strategies that have one. */
  encodeCheckpoint(encoder: GPUCommandEncoder): void {
    this.memory.copySlot(encoder, 0, 1);
  }

  /** Restores the checkpoint that was taken at `position`; the caller re-runs the rows after it. */
  restoreCheckpoint(position: number): void {
    this.#submit((encoder) => this.memory.copySlot(encoder, 1, 0));
    this.#stand(position, { slot: 0, replay: 0 });
  }

  free(): void {
    this.memory.free();
    this.#gpu.free(this.#replayStep);
  }

  #stand(position: number, standing: StateLocation): void {
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
