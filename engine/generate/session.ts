import { performance } from "node:perf_hooks";
import { UserError } from "../errors.ts";
import { type Gpu, type Plan, ReadbackRing } from "../gpu/index.ts";
import {
  createDrawBuffers,
  type Draw,
  type DrawBuffers,
  greedy,
  type Model,
  maxRows,
  readRecord,
  recordBytes,
  recordDraw,
  type Sampling,
  samplingWords,
  stepWords,
} from "../model/index.ts";
import { Evaluator, type EvaluatorOptions } from "./evaluator.ts";

export interface GenerateOptions {
  readonly maxTokens: number;
  /** Default: greedy. */
  readonly sampling?: Sampling;
  /** Ids that end generation. The one that is drawn is yielded too. */
  readonly endIds?: Iterable<number>;
  readonly signal?: AbortSignal | undefined;
}

/** Why a generation ended. */
export type EndReason = "end" | "max-tokens" | "context-full" | "cancelled";

/** What the last generation cost, in milliseconds of wall time and in tokens. */
export interface GenerationTimings {
  promptTokens: number;
  promptSubmits: number;
  /** From the call to the first token at hand. */
  promptMs: number;
  tokens: number;
  /** From the first token to the last. */
  decodeMs: number;
  /** Encoding and submitting, on the CPU, for the decode steps. */
  hostMs: number;
  steps: number;
}

/** Steps that may be under way: one runs while the record of the one before comes home. */
const runAhead = 2;

// A submit cannot be called back, so a prompt goes to the GPU in pieces of this length, two of them at a time: whoever
// is more urgent waits for no more than they take.
const submitMs = 25;

/**
 * One model and one sequence: prompt in, tokens out. Each generation starts from an empty state; prompts are cut at
 * positions that are multiples of 64 and go by the prompt path, each later token by the row path.
 */
export class Session {
  readonly evaluator: Evaluator;
  readonly timings: GenerationTimings = {
    promptTokens: 0,
    promptSubmits: 0,
    promptMs: 0,
    tokens: 0,
    decodeMs: 0,
    hostMs: 0,
    steps: 0,
  };
  readonly #draw: DrawBuffers;
  readonly #ring: ReadbackRing;
  /** What a prompt pass of 64 rows takes on this device, as measured; 0: not yet known. */
  #passMs = 0;
  #busy = false;

  constructor(gpu: Gpu, model: Model, options: EvaluatorOptions) {
    this.evaluator = new Evaluator(gpu, model, options);
    this.#draw = createDrawBuffers(gpu, model.h.vocabulary, this.evaluator.logits("last"));
    this.#ring = new ReadbackRing(gpu, recordBytes, runAhead + 1);
  }

  /** The plan of one decode step: a row of the trunk and the draw. */
  decodePlan(sampled: boolean): Promise<Plan> {
    return this.#planWithDraw("rows", sampled);
  }

  #planWithDraw(kind: "rows" | "prompt", sampled: boolean): Promise<Plan> {
    const { model, workspace } = this.evaluator;
    return this.evaluator.plan(1, { kind, logits: "last" }, sampled ? "sampled" : "greedy", (recorder) =>
      recordDraw(recorder, model.h.vocabulary, this.#draw, workspace.step, sampled),
    );
  }

  /** Compiles what a generation needs, so that the first one does not wait for it. */
  async prepare(sampled = false, progress?: (done: number, total: number) => void): Promise<void> {
    const plans = await Promise.all([
      this.#planWithDraw("rows", sampled),
      this.#planWithDraw("prompt", sampled),
      this.evaluator.plan(maxRows, { kind: "prompt", logits: "none" }),
    ]);
    await this.evaluator.warmUp(plans, progress);
  }

  /**
   * Yields the drawn tokens one by one, until one of `endIds`, `maxTokens`, or the end of the context. Looks at the
   * signal between submits; what was submitted runs on, and the generator ends when it has run.
   * @throws UserError when the prompt is empty, does not fit the context, or has ids outside the vocabulary.
   */
  async *generate(
    prompt: readonly number[],
    options: GenerateOptions,
  ): AsyncGenerator<Draw, EndReason, undefined> {
    const { gpu, memory, model } = this.evaluator;
    requirePrompt(prompt, model.h.vocabulary, memory.context);
    if (this.#busy) throw new Error("a session generates one text at a time");
    if (options.maxTokens < 1) return "max-tokens";
    this.#busy = true;
    const started = performance.now();
    const sampling = options.sampling ?? greedy;
    const budget = Math.min(options.maxTokens, memory.context - prompt.length);
    const endIds = new Set(options.endIds);
    const timings = Object.assign(this.timings, {
      promptTokens: prompt.length,
      promptSubmits: 0,
      promptMs: 0,
      tokens: 0,
      decodeMs: 0,
      hostMs: 0,
      steps: 0,
    });
    const underWay: Promise<Uint32Array>[] = [];
    try {
      gpu.device.queue.writeBuffer(this.#draw.sampling, 0, samplingWords(sampling, [...endIds]));
      const sampled = sampling.temperature > 0;
      const decode = await this.decodePlan(sampled);
      this.evaluator.reset();
      const read = await this.#readPrompt(prompt, budget, sampled, options.signal);
      if (!read) return "cancelled";
      underWay.push(read.record);
      let submitted = 1;
      let firstAt = 0;
      while (underWay.length > 0 && !options.signal?.aborted) {
        while (underWay.length < runAhead && submitted < budget) {
          const before = performance.now();
          underWay.push(this.#submit(decode, prompt.length + submitted));
          timings.hostMs += performance.now() - before;
          timings.steps++;
          submitted++;
        }
        const draw = readRecord(await underWay.shift()!);
        if (!draw) return "end";
        const now = performance.now();
        if (timings.tokens++ === 0) {
          firstAt = now;
          timings.promptMs = now - started;
        }
        timings.decodeMs = now - firstAt;
        yield draw;
        if (endIds.has(draw.token)) return "end"; // the GPU knows the first few of them only
      }
      if (options.signal?.aborted) return "cancelled";
      return budget < options.maxTokens ? "context-full" : "max-tokens";
    } finally {
      await Promise.allSettled(underWay); // the ring's buffers must be free again
      this.#busy = false;
    }
  }

  /**
   * Submits the prompt piece by piece, the last one with the first draw, whose record is still to arrive. Undefined
   * when the signal aborted under way: what was submitted has run then.
   */
  async #readPrompt(
    prompt: readonly number[],
    budget: number,
    sampled: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly record: Promise<Uint32Array> } | undefined> {
    const { gpu, workspace } = this.evaluator;
    const whole = await this.evaluator.plan(maxRows, { kind: "prompt", logits: "none" });
    const last = await this.#planWithDraw("prompt", sampled);
    const underWay: Promise<void>[] = [];
    for (let position = 0; ; position += maxRows) {
      const ids = prompt.slice(position, position + maxRows);
      const isLast = position + maxRows >= prompt.length;
      const plan = isLast ? last : whole;
      const count = plan.dispatches.length;
      const pieces = Math.min(count, Math.max(1, Math.ceil(this.#passMs / submitMs)));
      gpu.device.queue.writeBuffer(workspace.step, 0, stepWords(position, ids, { budget }));
      const started = performance.now();
      for (let piece = 0; piece < pieces; piece++) {
        if (underWay.length === 2) await underWay.shift();
        if (signal?.aborted) {
          await gpu.idle();
          return undefined;
        }
        const from = Math.floor((count * piece) / pieces);
        const to = Math.floor((count * (piece + 1)) / pieces);
        this.timings.promptSubmits++;
        if (isLast && piece === pieces - 1) return { record: this.#submit(plan, prompt.length, from, to) };
        this.evaluator.run(plan, position + ids.length, undefined, from, to);
        underWay.push(gpu.idle());
      }
      if (pieces > 1) this.#passMs = performance.now() - started;
      else if (position === 0) {
        await gpu.idle();
        this.#passMs = performance.now() - started;
      }
    }
  }

  #submit(plan: Plan, positions: number, from?: number, to?: number): Promise<Uint32Array> {
    let arrive!: () => Promise<Uint32Array>;
    const record = (encoder: GPUCommandEncoder) => {
      arrive = this.#ring.record(encoder, this.#draw.record);
    };
    this.evaluator.run(plan, positions, record, from, to);
    return arrive();
  }

  free(): void {
    const { gpu } = this.evaluator;
    this.#ring.free();
    for (const buffer of [this.#draw.sampling, this.#draw.record, this.#draw.threshold, this.#draw.partials])
      gpu.free(buffer);
    this.evaluator.free();
  }
}

/** @throws UserError for a prompt that cannot be run. */
export function requirePrompt(ids: readonly number[], vocabulary: number, context: number): void {
  if (ids.length === 0) throw new UserError("The prompt is empty: give it at least one token.");
  if (ids.length >= context) {
    throw new UserError(
      `The prompt has ${ids.length} tokens and the context holds ${context}, one of them for the answer: shorten the prompt or choose a larger context.`,
    );
  }
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined) {
    throw new UserError(`There is no token ${wrong}: ids go from 0 to ${vocabulary - 1} in this model.`);
  }
}
