import type { DraftSources, EndReason } from "../contract/index.ts";
import {
  Arbiter,
  Calibration,
  type Corpus,
  type Costs,
  createCorpus,
  createCursorDrafter,
  createNgramDrafter,
  type Drafter,
  type DraftMode,
  editing,
  linearCosts,
  rewriting,
} from "../draft/index.ts";
import type { Gpu, Plan } from "../gpu/index.ts";
import { type Draw, greedy, type Model, maxRows } from "../model/index.ts";
import { CheckpointRounds } from "./checkpoint_rounds.ts";
import { Evaluator, widths } from "./evaluator.ts";
import { Generation } from "./generation.ts";
import { type GenerationStream, generationStream } from "./generation_stream.ts";
import { measureCosts, notMeasured, widestEqual } from "./measure.ts";
import { MtpCatchUp } from "./mtp_catch_up.ts";
import {
  type DraftOptions,
  defaultSnapshotBytes,
  draftsPay,
  type GenerateOptions,
  type SessionOptions,
} from "./options.ts";
import { type Prompt, PromptReader, requirePrompt, rowPass } from "./prompt.ts";
import { type Round, Rounds } from "./rounds.ts";
import { sessionPlans } from "./session_plans.ts";
import { Tally } from "./tally.ts";

/**
 * Widths of the passes over a prompt's last rows that a first generation waits for. On a CPU a row costs as much in a wide pass as
 * alone, and the kernels of the decode path are there anyway; on a GPU wide passes are worth their compilation.
 */
const firstWidths = (gpu: Gpu): readonly number[] => (gpu.software ? [1] : [1, maxRows]);

/**
 * One model and one sequence: prompt in, tokens out. Owns what outlives a generation: the evaluator, the states of earlier prompts, the
 * buffers of rounds, and what drafters learn. A generation starts from the deepest kept state of its prompt; the rest of the prompt
 * goes by the prompt path, cut at positions that are multiples of `grid`, and each later token by the row path, in rounds
 * (generation.ts). Neither drafts (I1) nor kept states (I2) change the text.
 */
export class Session {
  readonly evaluator: Evaluator;
  readonly #rounds: Rounds;
  readonly #prompts: PromptReader;
  readonly #drafts: DraftOptions;
  readonly #calibration = new Calibration();
  /** Guests learn by themselves, and nothing from text to text but this: they change no draft of the host's. */
  readonly #guestCalibration = new Calibration();
  readonly #corpus: Corpus | undefined;
  #costs: Costs;
  /** Longest draft that the strategy can undo and the device computes alike. */
  #longest: number;
  readonly #measured = notMeasured();
  /** Whether `prepareDrafts` has done its work. */
  #checked = false;
  #busy = false;

  constructor(gpu: Gpu, model: Model, { drafts, snapshotBytes, ...options }: SessionOptions) {
    // A session that cannot draft gets neither buffers nor kernels for it.
    this.#drafts = drafts && (drafts.costs || draftsPay(gpu, drafts.mode)) ? drafts : { mode: "off" };
    const { mode, costs, headSize } = this.#drafts;
    const mtp = (mode === "auto" || mode === "mtp") && model.mtp !== undefined;
    this.evaluator = new Evaluator(gpu, model, { ...options, mtp: mtp || (options.mtp ?? false) });
    const { draftLimit } = this.evaluator.sequence.rollback;
    this.#longest =
      mode === "off" ? 0 : Math.min(draftLimit, this.#drafts.longest ?? draftLimit, maxRows - 1);
    const { checkpoint } = this.evaluator.sequence.rollback;
    this.#rounds = new (checkpoint ? CheckpointRounds : Rounds)(this.evaluator, 1 + this.#longest, headSize);
    this.#prompts = new PromptReader(this.evaluator, snapshotBytes ?? defaultSnapshotBytes);
    this.#costs = costs ?? linearCosts;
    this.#corpus = this.#newCorpus();
  }

  get draftMode(): DraftMode {
    return this.#drafts.mode;
  }

  /** What drafts here; after `prepare`. */
  get draftSources(): DraftSources {
    if (this.#drafts.mode === "off") return "device-linear";
    if (this.#longest === 0) return "device-differs";
    return this.evaluator.mtp ? "mtp" : "ngram";
  }

  /** The plan of one round without drafts: a row of the trunk and the sample. */
  decodePlan(sampled: boolean): Promise<Plan> {
    return this.#rounds.plan({ rows: 1, sampled });
  }

  /** Every plan that generations run on, by name, recorded and compiled; of passes of `rows` only, where given. For reports. */
  plans(rows?: readonly number[]): Promise<ReadonlyMap<string, Plan>> {
    const parts = { evaluator: this.evaluator, rounds: this.#rounds, prompts: this.#prompts };
    return sessionPlans({ ...parts, longest: this.#longest }, rows);
  }

  /** Submits a round outside a generation and waits for its record, which is not accepted. For reports. */
  async runRound(round: Round): Promise<void> {
    await (await this.#rounds.submit(round)).record;
  }

  /** Compiles what a generation needs, side by side, so that the first one does not wait for it: the rest is `prepareRest`. */
  async prepare(sampled = false, progress?: (done: number, total: number) => void): Promise<void> {
    const mtp = this.#usesMtp(this.#drafts.mode);
    const { evaluator } = this;
    const widths = firstWidths(evaluator.gpu);
    const plans = await Promise.all([
      this.#prompts.plan(mtp),
      evaluator.sequence.prepare(),
      ...widths.map((width) => evaluator.passPlan(width, rowPass(mtp))),
      this.#rounds.plan({ rows: 1, sampled, masked: true }),
      this.decodePlan(sampled),
    ]);
    await evaluator.warmUp(plans, progress);
    await evaluator.preparePasses(widths, rowPass(mtp));
  }

  /**
   * As `prepare`, a kernel at a time.
   * @returns false when the signal aborted: call again, what was compiled stays
   */
  async prepareInTurn(signal?: AbortSignal): Promise<boolean> {
    const { evaluator } = this;
    await evaluator.sequence.prepare();
    for (const masked of [true, false]) {
      const plan = await this.#rounds.planInTurn({ rows: 1, sampled: false, masked }, signal);
      if (!plan || !(await evaluator.warmUp([plan], undefined, signal))) return false;
    }
    return this.#preparePasses(firstWidths(evaluator.gpu), signal);
  }

  /**
   * Compiles what later generations are quicker with, a kernel at a time: passes of all widths, and with the MTP block once it drafts.
   * The text stays.
   * @returns false when the signal aborted: call again, what was compiled stays
   */
  prepareRest(signal?: AbortSignal): Promise<boolean> {
    return this.#preparePasses(widths, signal);
  }

  /** Of prompts, and of these widths; a kernel at a time. */
  async #preparePasses(wanted: readonly number[], signal?: AbortSignal): Promise<boolean> {
    const mtp = this.#usesMtp(this.#drafts.mode);
    const { evaluator } = this;
    const prompt = await evaluator.planInTurn(this.#prompts.recipe(mtp), signal);
    return (
      prompt !== undefined &&
      (await evaluator.warmUp([prompt], undefined, signal)) &&
      (await evaluator.preparePasses(wanted, rowPass(mtp), signal))
    );
  }

  /** Whether `prepareDrafts` has something to do. */
  get draftsUnprepared(): boolean {
    return this.#drafts.mode !== "off" && !this.#drafts.costs && !this.#checked;
  }

  /**
   * Makes sure that wide passes give the bits of narrow ones here (I3), and measures what they cost: until then `auto` drafts
   * nothing. It takes some seconds where kernels are new to the driver. Then the text is forgotten, since the MTP block has not seen it.
   * @returns false when the signal aborted: call again, what was compiled and measured stays, and so does the text
   */
  async prepareDrafts(signal?: AbortSignal): Promise<boolean> {
    if (!this.draftsUnprepared) return true;
    if (this.#busy) throw new Error("a session prepares its drafts when it generates nothing");
    this.#busy = true;
    try {
      const { state } = this.#prompts;
      const options = { signal, measured: this.#measured, without: state.without.bind(state) };
      const widest = await widestEqual(this.evaluator, this.#rounds, 1 + this.#longest, options);
      if (widest === undefined) return false;
      const longest = Math.min(this.#longest, widest - 1);
      if (this.#drafts.mode === "auto" && longest > 0) {
        const mtp = this.evaluator.model.mtp !== undefined;
        const shape = { rows: 1 + longest, mtp };
        const costs = await measureCosts(this.evaluator, this.#rounds, shape, options);
        if (costs === undefined) return false;
        this.#costs = costs;
      }
      this.#longest = longest;
      this.#checked = true;
      this.forget();
      return true;
    } finally {
      this.#busy = false;
    }
  }

  /** Bytes of the states that are kept of earlier texts, and how many they are. */
  get kept(): { readonly bytes: number; readonly snapshots: number } {
    const { bytes, snapshots } = this.#prompts.state;
    return { bytes, snapshots };
  }

  /** Forgets all texts and their states: the next prompt is read from its start. */
  forget(): void {
    this.#prompts.state.clear();
  }

  /**
   * Reads a prompt ahead of its generation.
   * @returns tokens computed, and whether it was read whole; else the signal aborted, and what was read stays
   * @throws UserError as `generate`
   */
  async read(prompt: Prompt, signal?: AbortSignal): Promise<{ computedTokens: number; whole: boolean }> {
    requirePrompt(prompt.ids, this.evaluator.model.h.vocabulary, this.evaluator.context);
    if (this.#busy) throw new Error("a session reads or generates one text at a time");
    this.#busy = true;
    try {
      await this.evaluator.sequence.prepare();
      const mtp = this.#usesMtp(this.#drafts.mode);
      const whole = await this.#prompts.read(prompt, { mtp, signal });
      return { computedTokens: this.#prompts.computed, whole };
    } catch (error) {
      this.#prompts.state.lose();
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** `auto` drafts only where that is known to be right. The other modes draft as asked. */
  get #mayDraft(): boolean {
    const { mode, costs } = this.#drafts;
    return this.#longest > 0 && (mode !== "auto" || costs !== undefined || this.#checked);
  }

  #usesMtp(mode: DraftMode): boolean {
    return (mode === "auto" || mode === "mtp") && this.evaluator.mtp && this.#mayDraft;
  }

  /**
   * Generates until one of `endIds` is sampled, until `maxTokens`, or until the context is full. Looks at the signal between submits;
   * what was submitted runs on, and the stream ends when it has run. However it ends, the sequence is left after the last token
   * yielded but one.
   * @throws UserError, when iterated, if the prompt is empty, does not fit the context, or has ids outside the vocabulary
   */
  generate(prompt: Prompt | readonly number[], options: GenerateOptions): GenerationStream {
    const whole: Prompt = "ids" in prompt ? prompt : { ids: prompt };
    const tally = new Tally(whole.ids.length);
    return generationStream(this.#generate(whole, options, tally), tally);
  }

  async *#generate(
    prompt: Prompt,
    options: GenerateOptions,
    tally: Tally,
  ): AsyncGenerator<Draw, EndReason, undefined> {
    const { model, context, sequence } = this.evaluator;
    const { state } = this.#prompts;
    const { ids } = prompt;
    requirePrompt(ids, model.h.vocabulary, context);
    if (this.#busy) throw new Error("a session generates one text at a time");
    if (options.maxTokens < 1) return "max-tokens";
    this.#busy = true;
    tally.start();
    try {
      const mode = options.drafts ?? this.#drafts.mode;
      const usesMtp = this.#usesMtp(mode);
      const endIds = new Set(options.endIds);
      this.#rounds.begin(options.sampling ?? greedy, [...endIds]);
      if (usesMtp) this.#rounds.draftFrom([...(this.#drafts.specialIds ?? []), ...endIds], ids);
      await sequence.prepare();
      const read = await this.#prompts.read(prompt, { mtp: usesMtp, signal: options.signal });
      tally.promptRead(this.#prompts);
      if (!read) return "cancelled";
      const arbiter = this.#arbiter(mode, usesMtp, prompt, options);
      const mtp = usesMtp ? new MtpCatchUp(state.since) : undefined;
      const own = { rounds: this.#rounds, sequence, state };
      return yield* new Generation({ ...own, arbiter, mtp, tally, prompt: ids, endIds, options }).run();
    } catch (error) {
      state.lose();
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** The arbiter of one generation, with the drafters that the mode and the options allow. */
  #arbiter(mode: DraftMode, mtp: boolean, { ids, guest }: Prompt, options: GenerateOptions): Arbiter {
    const { ghost, expected, original, written = 0 } = options;
    const drafters: Drafter[] = [];
    if (mode === "auto" || mode === "ngram") {
      const certainty = guest ? editing : rewriting;
      if (ghost?.length) drafters.push(createCursorDrafter("ghost", ghost));
      // The first of equals is taken: where the two part, the change.
      if (expected?.length) drafters.push(createCursorDrafter("edit", expected, certainty));
      if (original?.length) drafters.push(createCursorDrafter("copy", original, certainty));
      for (const cursor of drafters) cursor.observe(ids.slice(ids.length - written));
      const corpus = guest ? this.#newCorpus() : this.#corpus;
      if (corpus) {
        corpus.learn(ids);
        drafters.push(createNgramDrafter(corpus, ids.slice(-maxRows)));
      }
    }
    return new Arbiter({
      mode: this.#mayDraft ? mode : "off",
      costs: this.#costs,
      longest: this.#longest,
      mtp,
      drafters,
      calibration: guest ? this.#guestCalibration : this.#calibration,
    });
  }

  /** Undefined where n-grams do not draft. */
  #newCorpus(): Corpus | undefined {
    const { mode, isLineEnd = () => false } = this.#drafts;
    return mode === "auto" || mode === "ngram" ? createCorpus({ isLineEnd }) : undefined;
  }

  free(): void {
    this.forget();
    this.#rounds.free();
    this.evaluator.free();
  }
}
