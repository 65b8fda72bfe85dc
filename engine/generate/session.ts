import { performance } from "node:perf_hooks";
import {
  Arbiter,
  Calibration,
  type Corpus,
  type Costs,
  createCorpus,
  createCursorDrafter,
  createNgramDrafter,
  type Decision,
  type Drafter,
  type DraftMode,
  linearCosts,
} from "../draft/index.ts";
import type { Gpu, Plan } from "../gpu/index.ts";
import { type Draw, greedy, type Model, maxRows, type RoundRecord } from "../model/index.ts";
import { type DraftStatistics, draftStatistics, noteRound } from "./draft_statistics.ts";
import { Evaluator } from "./evaluator.ts";
import { measureCosts, widestEqual } from "./measure.ts";
import {
  type DraftOptions,
  defaultSnapshotBytes,
  draftsPay,
  type EndReason,
  type GenerateOptions,
  type GenerationTimings,
  noTimings,
  type SessionOptions,
} from "./options.ts";
import { type Prompt, PromptReader, requirePrompt } from "./prompt.ts";
import { type Round, Rounds, runAhead, type Submitted } from "./rounds.ts";

interface UnderWay extends Submitted {
  readonly decision: Decision;
}

const plainDecision: Decision = { source: "none", rows: 1, expected: 1, mtpRests: false };

const seenAgain = 16; // tokens that the MTP block is shown where a text goes on: of the last ones it may know drafts only

/**
 * One model and one sequence: prompt in, tokens out. A generation starts from the deepest state of its prompt that is at hand;
 * what is missing goes by the prompt path, cut at positions that are multiples of 64, and each later token by the row
 * path, in rounds: drafts, a pass that verifies them, draws. Neither drafts (I1) nor kept states change the text.
 */
export class Session {
  readonly evaluator: Evaluator;
  readonly timings: GenerationTimings = noTimings(0);
  /** What drafts brought in the last generation. */
  statistics: DraftStatistics = draftStatistics();
  readonly #rounds: Rounds;
  readonly #prompts: PromptReader;
  readonly #drafts: DraftOptions;
  readonly #calibration = new Calibration();
  readonly #corpus: Corpus | undefined;
  #costs: Costs;
  /** Longest draft that the strategy can undo and the device computes alike. */
  #longest: number;
  /** Whether `prepareDrafts` has done its work. */
  #checked = false;
  #busy = false;

  constructor(gpu: Gpu, model: Model, { drafts, snapshotBytes, ...options }: SessionOptions) {
    // Who cannot draft gets neither buffers nor kernels for it.
    this.#drafts = drafts && (drafts.costs || draftsPay(gpu, drafts.mode)) ? drafts : { mode: "off" };
    const { mode, costs, headSize, isLineEnd } = this.#drafts;
    const mtp = (mode === "auto" || mode === "mtp") && model.mtp !== undefined;
    this.evaluator = new Evaluator(gpu, model, { ...options, mtp: mtp || (options.mtp ?? false) });
    const { draftLimit } = this.evaluator.sequence.rollback;
    this.#longest =
      mode === "off" ? 0 : Math.min(draftLimit, this.#drafts.longest ?? draftLimit, maxRows - 1);
    this.#rounds = new Rounds(this.evaluator, 1 + this.#longest, headSize);
    this.#prompts = new PromptReader(this.evaluator, snapshotBytes ?? defaultSnapshotBytes);
    this.#costs = costs ?? linearCosts;
    if (mode === "auto" || mode === "ngram")
      this.#corpus = createCorpus({ isLineEnd: isLineEnd ?? (() => false) });
  }

  get draftMode(): DraftMode {
    return this.#drafts.mode;
  }

  /** Who drafts here; after `prepare`. Of the same shape as protocol.ts's. */
  get draftSources(): "mtp" | "ngram" | "device-linear" | "device-differs" {
    if (this.#drafts.mode === "off") return "device-linear";
    if (this.#longest === 0) return "device-differs";
    return this.evaluator.mtp ? "mtp" : "ngram";
  }

  /** The plan of one round without drafts: a row of the trunk and the draw. */
  decodePlan(sampled: boolean): Promise<Plan> {
    return this.#rounds.plan(1, sampled, 0, 0);
  }

  /** Compiles what a generation needs, so that the first one does not wait for it. */
  async prepare(sampled = false, progress?: (done: number, total: number) => void): Promise<void> {
    const mtp = this.#usesMtp(this.#drafts.mode);
    const plans = await Promise.all([
      this.decodePlan(sampled),
      this.#rounds.plan(1, sampled, 0, 0, true),
      this.#prompts.plan(mtp),
      this.evaluator.sequence.prepare(),
    ]);
    await this.evaluator.warmUp(plans, progress);
  }

  /**
   * Makes sure that wide passes give the bits of narrow ones here (I3), and measures what they cost: until then `auto` drafts
   * nothing. It takes some seconds where kernels are new to the driver. The text is forgotten.
   * @returns false when the signal aborted: call again, what was compiled stays
   */
  async prepareDrafts(signal?: AbortSignal): Promise<boolean> {
    if (this.#drafts.mode === "off" || this.#drafts.costs || this.#checked) return true;
    if (this.#busy) throw new Error("a session prepares its drafts when it generates nothing");
    this.#busy = true;
    try {
      const widest = await widestEqual(this.evaluator, this.#rounds, 1 + this.#longest, signal);
      if (widest === undefined) return false;
      const longest = Math.min(this.#longest, widest - 1);
      if (this.#drafts.mode === "auto" && longest > 0) {
        const mtp = this.evaluator.model.mtp !== undefined;
        const costs = await measureCosts(this.evaluator, this.#rounds, { rows: 1 + longest, mtp }, signal);
        if (costs === undefined) return false;
        this.#costs = costs;
      }
      this.#longest = longest;
      this.#checked = true;
      return true;
    } finally {
      this.forget();
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

  /** `auto` is for people: it drafts where that is known to be right. The other modes do as they are told. */
  get #mayDraft(): boolean {
    const { mode, costs } = this.#drafts;
    return this.#longest > 0 && (mode !== "auto" || costs !== undefined || this.#checked);
  }

  #usesMtp(mode: DraftMode): boolean {
    return (mode === "auto" || mode === "mtp") && this.evaluator.mtp && this.#mayDraft;
  }

  /**
   * Yields the drawn tokens one by one, until one of `endIds`, `maxTokens`, or the end of the context. Looks at the
   * signal between submits; what was submitted runs on, and the generator ends when it has run. However it ends, the state
   * stands after the last token yielded but one.
   * @throws UserError when the prompt is empty, does not fit the context, or has ids outside the vocabulary.
   */
  async *generate(
    prompt: Prompt | readonly number[],
    options: GenerateOptions,
  ): AsyncGenerator<Draw, EndReason, undefined> {
    const { model, context, sequence } = this.evaluator;
    const whole: Prompt = "ids" in prompt ? prompt : { ids: prompt };
    const { ids } = whole;
    requirePrompt(ids, model.h.vocabulary, context);
    if (this.#busy) throw new Error("a session generates one text at a time");
    if (options.maxTokens < 1) return "max-tokens";
    this.#busy = true;
    const { signal, healing } = options;
    const started = performance.now();
    const sampling = options.sampling ?? greedy;
    const sampled = sampling.temperature > 0;
    const budget = Math.min(options.maxTokens, context - ids.length);
    const endIds = new Set(options.endIds);
    const timings = Object.assign(this.timings, noTimings(ids.length));
    this.statistics = draftStatistics();
    const mode = options.drafts ?? this.#drafts.mode;
    const mtp = this.#usesMtp(mode);
    const underWay: UnderWay[] = [];
    const text = [...ids];
    let drawn: readonly Draw[] = [];
    let count = 0; // of the draws
    let yielded = 0;
    let ended = false;
    let failed = true;
    let held: Decision | undefined;
    try {
      this.#rounds.begin(sampling, [...endIds]);
      if (mtp) this.#rounds.draftFrom([...(this.#drafts.specialIds ?? []), ...endIds], ids);
      await sequence.prepare();
      const read = await this.#prompts.read(whole, { mtp, signal });
      timings.promptSubmits = this.#prompts.submits;
      timings.computedTokens = this.#prompts.computed;
      failed = false;
      if (!read) return "cancelled";
      const { since } = this.#prompts.state;
      let unseen = seenAgain; // tokens that the MTP block has yet to see, at most; 0: none but those drawn
      const arbiter = this.#arbiter(mode, mtp, ids, options);
      let firstAt = 0;
      for (;;) {
        // Before yielding, so that the GPU works while the consumer does.
        while (!ended && underWay.length < runAhead && count + underWay.length < budget && !signal?.aborted) {
          if (sequence.rollback.checkpoint && underWay.some(({ decision }) => decision.rows > 1)) break; // its state is for the CPU to put right
          const mask = healing?.mask();
          if (mask && underWay.length > 0) break; // what may come next hangs on what is drawn now
          const decision: Decision | undefined = mask
            ? plainDecision
            : (held ?? arbiter.decide(underWay.length, budget - count));
          if (!decision) break;
          const settled = underWay.length === 0;
          const sees = mtp && !decision.mtpRests;
          held = sees && unseen > 0 && !settled ? decision : undefined; // until all that it missed is known
          if (held) break;
          const before = performance.now();
          const round: Round = {
            rows: decision.rows,
            mask,
            ...(settled && {
              tokens: [text.at(-1)!, ...(decision.given?.ids ?? [])],
              budget: budget - count,
            }),
            ...(sees && { chain: decision.chain ?? { most: 0, cut: [], acceptance: [] } }),
            ...(sees && unseen > 0 && { unseen: text.slice(-Math.min(unseen, text.length - since)) }),
          };
          unseen = sees || !mtp ? 0 : maxRows;
          underWay.push({ ...(await this.#rounds.submit(round, sampled)), decision });
          timings.hostMs += performance.now() - before;
          timings.steps++;
          if (mask) timings.computedTokens++;
          if (mask) break;
        }
        for (const draw of drawn) {
          yielded++;
          yield draw;
          if (endIds.has(draw.token)) return "end";
        }
        if (signal?.aborted) return "cancelled";
        if (count >= budget) return budget < options.maxTokens ? "context-full" : "max-tokens";
        const next = underWay.shift();
        if (!next) throw new Error("no round was submitted, and the text has not ended");
        const record = await next.record;
        if (!record) return "end";
        await this.#note(record, text.at(-1)!);
        drawn = record.draws;
        const now = performance.now();
        if (count === 0) {
          firstAt = now;
          timings.promptMs = now - started;
          timings.computedTokens = Math.max(timings.computedTokens, this.#prompts.computed + 1);
        }
        count += drawn.length;
        timings.tokens = count;
        timings.decodeMs = now - firstAt;
        for (const { token } of drawn) {
          text.push(token);
          healing?.take(token);
          ended ||= endIds.has(token); // the GPU knows the first few of them only
        }
        noteRound(this.statistics, next.decision.source, record); // what ran past the end is nobody's
        arbiter.observe(next.decision, {
          tokens: drawn.map(({ token }) => token),
          drafted: record.drafted,
          confidence: record.confidence,
          rejected: record.rejected !== undefined,
        });
        this.#trace(next.decision, record, options.trace);
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      const settled = await this.#settle(underWay, text.at(-1)!, ids.length + Math.max(0, yielded - 1));
      if (failed || !settled) this.#prompts.state.lose();
      else this.#prompts.state.ran(text.slice(this.#prompts.state.length, sequence.position));
      this.#busy = false;
    }
  }

  #arbiter(mode: DraftMode, mtp: boolean, prompt: readonly number[], options: GenerateOptions) {
    const drafters: Drafter[] = [];
    if (mode === "auto" || mode === "ngram") {
      if (options.ghost?.length) drafters.push(createCursorDrafter("ghost", options.ghost));
      if (options.original?.length) drafters.push(createCursorDrafter("copy", options.original));
      if (this.#corpus) {
        this.#corpus.learn(prompt);
        drafters.push(createNgramDrafter(this.#corpus, prompt.slice(-maxRows)));
      }
    }
    const arbiter = new Arbiter({
      mode: this.#mayDraft ? mode : "off",
      costs: this.#costs,
      longest: this.#longest,
      mtp,
      drafters,
      calibration: this.#calibration,
    });
    return Object.assign(arbiter, { drafters });
  }

  /** Notes in the sequence what of a round stands; where its state is lost, runs the rows that stand again. */
  async #note(record: RoundRecord, first: number): Promise<void> {
    const { sequence } = this.evaluator;
    const kept = record.draws.length;
    if (sequence.passed(1 + record.drafted, kept)) return;
    sequence.restoreCheckpoint(sequence.position);
    const accepted = record.draws.slice(0, -1).map(({ token }) => token);
    await this.evaluator.pass([first, ...accepted], { kind: "rows", logits: "none", mtp: false });
  }

  #trace(decision: Decision, record: RoundRecord, trace: GenerateOptions["trace"]): void {
    if (!trace) return;
    const { drafted, draws } = record;
    const accepted = draws.length - 1;
    const stopped =
      drafted === 0
        ? "no draft"
        : record.rejected !== undefined
          ? "rejected"
          : accepted === drafted
            ? "all accepted"
            : "end";
    const { source, expected } = decision;
    trace({ position: draws[0]!.position, source, drafted, accepted, expected, stopped });
  }

  /**
   * Waits for what is under way, and undoes what ran past `position`.
   * @returns false if that could not be done
   */
  async #settle(underWay: readonly UnderWay[], last: number, position: number): Promise<boolean> {
    const { sequence } = this.evaluator;
    const records = await Promise.allSettled(underWay.map(({ record }) => record));
    let first = last;
    for (const result of records) {
      if (result.status === "rejected" || !result.value) break;
      await this.#note(result.value, first);
      first = result.value.draws.at(-1)!.token;
    }
    return sequence.position <= position || (await sequence.restore(position));
  }

  free(): void {
    this.forget();
    this.#rounds.free();
    this.evaluator.free();
  }
}
