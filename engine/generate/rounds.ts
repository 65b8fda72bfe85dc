import { type Plan, ReadbackRing } from "../gpu/index.ts";
import {
  candidateBytes,
  createDraftBuffers,
  createDrawBuffers,
  type DraftBuffers,
  type DraftSettings,
  type DrawBuffers,
  draftIds,
  draftWords,
  maxRows,
  type RoundRecord,
  readRecord,
  recordBytes,
  recordDraftChain,
  recordDraw,
  type Sampling,
  samplingWords,
  stepWords,
} from "../model/index.ts";
import { type Evaluator, widthFor } from "./evaluator.ts";

/** Rounds that may be under way: one runs while the record of the one before comes home. */
export const runAhead = 2;

/** One round: drafts, if any, a pass that verifies them, draws, and the record. */
export interface Round {
  /** Rows of the pass, at most. */
  readonly rows: number;
  /** Tokens of the pass, if the CPU has them all; else the GPU continues from what it drew and drafted. */
  readonly tokens?: readonly number[];
  /** With `tokens`: how many may still be drawn. */
  readonly budget?: number;
  /** The MTP chain; with 0 links in it the block only sees the last tokens. Undefined: it stays aside. */
  readonly chain?: DraftSettings;
  /** Tokens up to the pass's first that the MTP block is to see, where it stayed aside before: 64 at most. */
  readonly unseen?: readonly number[];
  /** A bit for each id that may be drawn; for rounds of one row. */
  readonly mask?: Uint32Array | undefined;
}

/** A round under way. */
export interface Submitted {
  readonly record: Promise<RoundRecord | undefined>;
}

/** Plans and buffers of the rounds of one session, and what is known of their order on the GPU. */
export class Rounds {
  readonly draw: DrawBuffers;
  readonly #evaluator: Evaluator;
  readonly #draft: DraftBuffers | undefined;
  readonly #ring: ReadbackRing;
  /** Rows of the round submitted last: what the next may have to replay, and the MTP block to see. */
  #lastRows = 1;
  /** Past the last position that rounds under way may have written, at most. */
  #high = 0;

  /**
   * @param rows most rows of a round
   * @param draftHead ids that the draft head scores; only of interest where it is to be smaller than usual
   */
  constructor(evaluator: Evaluator, rows: number, draftHead?: number) {
    const { gpu, model, mtp } = evaluator;
    this.#evaluator = evaluator;
    this.draw = createDrawBuffers(gpu, model.h.vocabulary, rows);
    this.#draft = mtp && rows > 1 ? createDraftBuffers(gpu, model.h.vocabulary, draftHead) : undefined;
    this.#ring = new ReadbackRing(gpu, recordBytes(maxRows), runAhead + 1);
  }

  /** Begins a generation. */
  begin(sampling: Sampling, endIds: readonly number[]): void {
    const { queue } = this.#evaluator.gpu.device;
    queue.writeBuffer(this.draw.sampling, 0, samplingWords(sampling, endIds));
    this.#lastRows = 1;
  }

  /** Chooses the ids that the generation's MTP chains draft from. */
  draftFrom(special: readonly number[], document: readonly number[]): void {
    const { gpu, model } = this.#evaluator;
    const { ids } = this.#draft!;
    gpu.device.queue.writeBuffer(ids, 0, draftIds(model.h.vocabulary, ids.size / 4, special, document));
  }

  /** The plan of a round of at most `rows` rows. `seen`: tokens that the MTP block has yet to see, 0 if it stays aside. */
  plan(rows: number, sampled: boolean, seen: number, links: number, masked = false): Promise<Plan> {
    const { model, sequence, workspace } = this.#evaluator;
    const path = { kind: "rows", width: widthFor(rows) } as const;
    const width = seen === 0 ? 0 : widthFor(seen);
    return this.#evaluator.plan(`round ${path.width} ${sampled} ${width} ${links} ${masked}`, (recorder) => {
      const { memory, rollback } = sequence;
      if (width > 0) {
        const chain = { width, links };
        recordDraftChain(recorder, model, memory, workspace, this.draw, this.#draft!, chain);
      }
      this.#evaluator.recordPass(recorder, path, false);
      const options = { sampled, masked, stores: rollback.stores };
      recordDraw(recorder, path, model, memory, workspace, this.draw, options);
    });
  }

  /** Submits a round after those that are under way. `sequence` knows of them only when their records are noted. */
  async submit(round: Round, sampled: boolean): Promise<Submitted> {
    const { gpu, sequence, workspace } = this.#evaluator;
    const { queue } = gpu.device;
    const { rows, tokens, chain, unseen, mask } = round;
    const seen = unseen?.length ?? this.#lastRows;
    const plan = await this.plan(rows, sampled, chain ? seen : 0, chain?.most ?? 0, mask !== undefined);
    const { position, standing, rollback } = sequence;
    if (tokens) {
      this.#high = position;
      queue.writeBuffer(
        workspace.step,
        0,
        stepWords(position, tokens, { ...standing, budget: round.budget! }),
      );
    }
    if (mask) queue.writeBuffer(this.draw.mask, 0, mask as Uint32Array<ArrayBuffer>);
    if (unseen) queue.writeBuffer(this.draw.mtp, 0, stepWords(position + 1 - unseen.length, unseen));
    if (chain && chain.most > 0) this.set(chain);
    this.#high = Math.min(this.#high + rows, sequence.memory.context);
    const replay = rollback.stores > 0 ? 0 : Math.max(this.#lastRows - 1, standing.replay);
    const before = (encoder: GPUCommandEncoder) => {
      if (rollback.checkpoint && rows > 1) sequence.encodeCheckpoint(encoder);
    };
    const record = this.#submit(plan, { positions: this.#high, replay }, widthFor(rows), before);
    this.#lastRows = rows;
    return { record };
  }

  /**
   * Verifies `ids` at the sequence's position, as a round would, and keeps all of them.
   * @returns the words of each row's candidates, on which every logit has an influence
   */
  async candidates(ids: readonly number[]): Promise<Uint32Array> {
    const { gpu, sequence, model } = this.#evaluator;
    const { record } = await this.submit({ rows: ids.length, tokens: ids, budget: maxRows + 1 }, false);
    await record;
    sequence.passed(ids.length);
    const bytes = candidateBytes(model.h.vocabulary) * ids.length;
    return new Uint32Array(await gpu.read(this.draw.partials, bytes));
  }

  free(): void {
    const { gpu } = this.#evaluator;
    this.#ring.free();
    for (const buffer of Object.values(this.draw)) gpu.free(buffer);
    for (const buffer of Object.values(this.#draft ?? {})) gpu.free(buffer);
  }

  /** Uploads the chain's limits. */
  set(settings: DraftSettings): void {
    this.#evaluator.gpu.device.queue.writeBuffer(this.#draft!.settings, 0, draftWords(settings));
  }

  async #submit(
    plan: Plan,
    use: { positions: number; replay: number },
    rows: number,
    before: (encoder: GPUCommandEncoder) => void,
  ): Promise<RoundRecord | undefined> {
    let arrive!: () => Promise<Uint32Array>;
    const after = (encoder: GPUCommandEncoder) => {
      arrive = this.#ring.record(encoder, this.draw.record, recordBytes(rows));
    };
    this.#evaluator.run(plan, use, { before, after });
    return readRecord(await arrive());
  }
}
