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
  type Pass,
  type RoundRecord,
  readRecord,
  recordBytes,
  recordDraftChain,
  recordDraw,
  type Sampling,
  samplingWords,
  stepWords,
} from "../model/index.ts";
import { type Evaluator, type PlanRecipe, widthFor } from "./evaluator.ts";

// Most rounds in flight: one runs while the record of the one before is read back.
const runAhead = 2;

/** One round: drafts, if any, a pass that verifies them, samples, and the record. */
export interface Round {
  /** Rows of the pass, at most. */
  readonly rows: number;
  /** Whether tokens are sampled at a temperature, and not the likeliest ones. Default: no. */
  readonly sampled?: boolean;
  /** Tokens of the pass, if the CPU has them all; else the GPU continues from what it sampled and drafted. */
  readonly tokens?: readonly number[];
  /** With `tokens`: how many may still be sampled. */
  readonly budget?: number;
  /** The MTP chain; with 0 links in it the block only sees the last tokens. Undefined: it rests. */
  readonly chain?: DraftSettings;
  /** Tokens up to the pass's first that the MTP block is to see, where it rested before: `maxRows` at most. */
  readonly unseen?: readonly number[];
  /** A bit for each id that may be sampled; for rounds of one row. */
  readonly mask?: Uint32Array | undefined;
}

/** What tells the plan of one round from another's. */
interface RoundShape {
  /** Rows of the pass, at most. */
  readonly rows: number;
  /** Whether tokens are sampled at a temperature, and not the likeliest ones. */
  readonly sampled: boolean;
  /** Tokens that the MTP block has yet to see; 0: it rests. */
  readonly seen?: number;
  /** Tokens that its chain drafts, at most. */
  readonly links?: number;
  /** Whether only ids of the mask may be sampled. */
  readonly masked?: boolean;
}

/** A round in flight. */
export interface Submitted {
  /** Undefined: the text had ended before the round, which did nothing. */
  readonly record: Promise<RoundRecord | undefined>;
}

/** Plans and buffers of the rounds of one session, and the order of rounds on the GPU. */
export class Rounds {
  readonly draw: DrawBuffers;
  protected readonly evaluator: Evaluator;
  readonly #draft: DraftBuffers | undefined;
  readonly #ring: ReadbackRing;
  /** Rows of the round submitted last: what the next may have to replay, and the MTP block to see. */
  protected lastRows = 1;
  /** Past the last position that rounds in flight may have written, at most. */
  #high = 0;

  /**
   * @param rows most rows of a round
   * @param draftHead ids that the draft head scores; only of interest where it is to be smaller than usual
   */
  constructor(evaluator: Evaluator, rows: number, draftHead?: number) {
    const { gpu, model, mtp } = evaluator;
    this.evaluator = evaluator;
    this.draw = createDrawBuffers(gpu, model.h.vocabulary, rows);
    this.#draft = mtp && rows > 1 ? createDraftBuffers(gpu, model.h.vocabulary, draftHead) : undefined;
    this.#ring = new ReadbackRing(gpu, recordBytes(maxRows), runAhead + 1);
  }

  /** How many rounds may be in flight, the next one among them. */
  get mostInFlight(): number {
    return runAhead;
  }

  /** Begins a generation. */
  begin(sampling: Sampling, endIds: readonly number[]): void {
    const { queue } = this.evaluator.gpu.device;
    queue.writeBuffer(this.draw.sampling, 0, samplingWords(sampling, endIds));
    this.lastRows = 1;
  }

  /** Chooses the ids that the generation's MTP chains draft from. */
  draftFrom(special: readonly number[], document: readonly number[]): void {
    const { gpu, model } = this.evaluator;
    const { ids } = this.#draft!;
    gpu.device.queue.writeBuffer(ids, 0, draftIds(model.h.vocabulary, ids.size / 4, special, document));
  }

  /** The plan of a round. */
  plan(shape: RoundShape): Promise<Plan> {
    return this.evaluator.plan(...this.#recipe(shape));
  }

  /**
   * As `plan`, in the background: its kernels are compiled one at a time.
   * @returns undefined as soon as the signal aborts: ask again, what was compiled stays
   */
  planInTurn(shape: RoundShape, signal?: AbortSignal): Promise<Plan | undefined> {
    return this.evaluator.planInTurn(this.#recipe(shape), signal);
  }

  #recipe({ rows, sampled, seen = 0, links = 0, masked = false }: RoundShape): PlanRecipe {
    const { model } = this.evaluator;
    const path = { kind: "rows", width: widthFor(rows) } as const;
    const width = seen === 0 ? 0 : widthFor(seen);
    const record = (pass: Pass) => {
      if (width > 0) recordDraftChain(pass, model, this.draw, this.#draft!, { width, links });
      this.evaluator.recordPass(pass, { mtp: false });
      recordDraw(pass, model, this.draw, { sampled, masked });
    };
    return [`round ${path.width} ${sampled} ${width} ${links} ${masked}`, path, record, this];
  }

  /** Submits a round after those in flight. Their rows are the sequence's only when their records have been accepted. */
  async submit(round: Round): Promise<Submitted> {
    const { gpu, sequence, workspace } = this.evaluator;
    const { queue } = gpu.device;
    const { rows, sampled = false, tokens, chain, unseen, mask } = round;
    const seen = unseen?.length ?? this.lastRows;
    const plan = await this.plan({
      rows,
      sampled,
      seen: chain ? seen : 0,
      links: chain?.most ?? 0,
      masked: mask !== undefined,
    });
    const { position, standing, rollback } = sequence;
    if (tokens) {
      this.#high = position;
      queue.writeBuffer(
        workspace.step,
        0,
        stepWords(position, tokens, { ...standing, budget: round.budget! }),
      );
    }
    // A vocabulary's last tokens may be padding, which is not loaded: the mask has bits for them, and the buffer has not.
    const allowed = mask?.subarray(0, this.draw.mask.size / 4) as Uint32Array<ArrayBuffer> | undefined;
    if (allowed) queue.writeBuffer(this.draw.mask, 0, allowed);
    if (unseen) queue.writeBuffer(this.draw.mtp, 0, stepWords(position + 1 - unseen.length, unseen));
    if (chain && chain.most > 0) this.set(chain);
    this.#high = Math.min(this.#high + rows, sequence.memory.context);
    const replay = rollback.stores > 0 ? 0 : Math.max(this.lastRows - 1, standing.replay);
    const record = this.#submit(plan, { positions: this.#high, replay }, rows);
    this.lastRows = rows;
    return { record };
  }

  /**
   * Commits to the sequence the rows that a round accepted, and rolls back its rejected drafts. Records are accepted in the order of
   * their rounds.
   * @param _first the pass's first token
   */
  async accept({ draws, drafted }: RoundRecord, _first: number): Promise<void> {
    const { sequence } = this.evaluator;
    if (!sequence.passed(1 + drafted, draws.length))
      throw new Error(`${sequence.rollback.name} cannot roll ${1 + drafted} rows back to ${draws.length}`);
  }

  /**
   * Verifies `ids` at the sequence's position, as a round would, and keeps all of them.
   * @returns the words of each row's candidates, on which every logit has an influence
   */
  async candidates(ids: readonly number[]): Promise<Uint32Array> {
    const { gpu, sequence, model } = this.evaluator;
    const { record } = await this.submit({ rows: ids.length, tokens: ids, budget: maxRows + 1 });
    await record;
    sequence.passed(ids.length);
    const bytes = candidateBytes(model.h.vocabulary) * ids.length;
    return new Uint32Array(await gpu.read(this.draw.partials, bytes));
  }

  free(): void {
    const { gpu } = this.evaluator;
    this.#ring.free();
    for (const buffer of Object.values(this.draw)) gpu.free(buffer);
    for (const buffer of Object.values(this.#draft ?? {})) gpu.free(buffer);
  }

  /** Uploads the chain's limits. */
  set(settings: DraftSettings): void {
    this.evaluator.gpu.device.queue.writeBuffer(this.#draft!.settings, 0, draftWords(settings));
  }

  /** Work of a rollback strategy before the pass, in the same submit. */
  protected encodeBefore(_encoder: GPUCommandEncoder, _rows: number): void {}

  async #submit(
    plan: Plan,
    use: { positions: number; replay: number },
    rows: number,
  ): Promise<RoundRecord | undefined> {
    let arrive!: () => Promise<Uint32Array>;
    const before = (encoder: GPUCommandEncoder) => this.encodeBefore(encoder, rows);
    const after = (encoder: GPUCommandEncoder) => {
      arrive = this.#ring.record(encoder, this.draw.record, recordBytes(widthFor(rows)));
    };
    this.evaluator.run(plan, use, { before, after });
    return readRecord(await arrive());
  }
}
