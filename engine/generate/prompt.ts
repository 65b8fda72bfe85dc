import { performance } from "node:perf_hooks";
import { UserError } from "../errors.ts";
import type { Plan } from "../gpu/index.ts";
import { maxRows, type RoundRecord, stepWords } from "../model/index.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Rounds } from "./rounds.ts";

// A submit cannot be called back, so a prompt goes to the GPU in pieces of this length, two of them at a time: whoever
// is more urgent waits for no more than they take.
const submitMs = 25;

/** Reads prompts in pieces cut at positions that are multiples of 64. */
export class PromptReader {
  /** Submits of the last prompt. */
  submits = 0;
  readonly #evaluator: Evaluator;
  readonly #rounds: Rounds;
  /** What a prompt pass of 64 rows takes on this device, as measured; 0: not yet known. */
  #passMs = 0;

  constructor(evaluator: Evaluator, rounds: Rounds) {
    this.#evaluator = evaluator;
    this.#rounds = rounds;
  }

  /** The plan of a piece of prompt that is not the last. */
  piecePlan(mtp: boolean): Promise<Plan> {
    return this.#evaluator.plan(`prompt piece ${mtp}`, (recorder) =>
      this.#evaluator.recordPass(recorder, { kind: "prompt", width: maxRows }, mtp),
    );
  }

  /**
   * Submits the prompt piece by piece, the last one with the first draw, whose record is still to arrive. Undefined
   * when the signal aborted under way: what was submitted has run then.
   */
  async read(
    prompt: readonly number[],
    budget: number,
    { sampled, mtp, signal }: { sampled: boolean; mtp: boolean; signal: AbortSignal | undefined },
  ): Promise<{ readonly record: Promise<RoundRecord | undefined> } | undefined> {
    const { gpu, workspace, sequence } = this.#evaluator;
    this.submits = 0;
    const whole = await this.piecePlan(mtp);
    const last = await this.#rounds.promptPlan(sampled, mtp);
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
        this.submits++;
        if (piece === 0) sequence.readPrompt(ids.length);
        if (isLast && piece === pieces - 1)
          return { record: this.#rounds.submitPrompt(plan, prompt.length, from, to) };
        this.#evaluator.run(plan, { positions: position + ids.length, replay: 0 }, { from, to });
        underWay.push(gpu.idle());
      }
      if (pieces > 1) this.#passMs = performance.now() - started;
      else if (position === 0) {
        await gpu.idle();
        this.#passMs = performance.now() - started;
      }
    }
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
