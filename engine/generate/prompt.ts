import { performance } from "node:perf_hooks";
import { UserError } from "../errors/index.ts";
import type { Plan } from "../gpu/index.ts";
import { maxRows, stepWords } from "../model/index.ts";
import { grid, PromptState } from "../state/index.ts";
import type { Evaluator } from "./evaluator.ts";

// A submit cannot be called back, so a prompt goes to the GPU in pieces of this length, two of them at a time: whoever
// is more urgent waits for no more than they take.
const submitMs = 25;

/** A prompt: what is read by the prompt path and kept, and where its states are worth keeping. */
export interface Prompt {
  readonly ids: readonly number[];
  /**
   * The first `base` ids go by the prompt path, the others by the row path, as tokens do that are typed: the state can go
   * back to any of those. Default: all but the last, which is run with the first draw.
   */
  readonly base?: number | undefined;
  /** Positions up to which the text will probably come again. */
  readonly landmarks?: readonly number[];
  /** Where the text above the place to fill ends; default: the base. Somebody who goes up to edit shortens it. */
  readonly stem?: number;
}

/** Brings the state up to prompts: by what is kept of earlier ones, and by running the rest. */
export class PromptReader {
  readonly state: PromptState;
  /** Submits and tokens of the last prompt. */
  submits = 0;
  computed = 0;
  readonly #evaluator: Evaluator;
  /** What a prompt pass of `maxRows` rows takes on this device, as measured; 0: not yet known. */
  #passMs = 0;

  /** @param snapshotBytes memory that kept states may take */
  constructor(evaluator: Evaluator, snapshotBytes: number) {
    this.#evaluator = evaluator;
    this.state = new PromptState(evaluator.gpu, evaluator.sequence, snapshotBytes);
  }

  /** The plan of a piece of prompt. */
  plan(mtp: boolean): Promise<Plan> {
    const path = { kind: "prompt", width: maxRows } as const;
    return this.#evaluator.plan(`prompt piece ${mtp}`, path, (pass) =>
      this.#evaluator.recordPass(pass, { mtp }),
    );
  }

  /**
   * Brings the state to the prompt's last token but one, or with `whole` false only to the end of its base.
   * @returns false when the signal aborted under way; what was run stays, for the next time
   */
  async read(
    { ids, base = ids.length - 1, landmarks = [], stem = base }: Prompt,
    { mtp, whole = true, signal }: { mtp: boolean; whole?: boolean; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    const { gpu, sequence } = this.#evaluator;
    const { state } = this;
    const submitsBefore = gpu.counters.submits;
    const position = await state.enter({ ids, base });
    this.computed = 0;
    const end = whole ? ids.length - 1 : base;
    const done =
      (await this.#readBase(ids, base, keptPositions({ base, landmarks, stem }), { mtp, signal })) &&
      (await this.#runRows(ids.slice(sequence.position, end), { mtp, signal }));
    if (done && position > base) await state.keepIfFar();
    this.submits = gpu.counters.submits - submitsBefore;
    return done;
  }

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a prompt is cut into pieces, and each may be the last
  async #readBase(
    ids: readonly number[],
    base: number,
    kept: ReadonlySet<number>,
    { mtp, signal }: { mtp: boolean; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    const { gpu, workspace, sequence } = this.#evaluator;
    const { state } = this;
    if (sequence.position >= base) return true;
    const plan = await this.plan(mtp);
    const count = plan.dispatches.length;
    const underWay: Promise<void>[] = [];
    for (let start = sequence.position; start < base; start = sequence.position) {
      const rows = ids.slice(start, Math.min(start + grid, base));
      const pieces = Math.min(count, Math.max(1, Math.ceil(this.#passMs / submitMs)));
      const started = performance.now();
      for (let piece = 0; piece < pieces; piece++) {
        if (underWay.length === 2) await underWay.shift();
        if (signal?.aborted) {
          if (piece > 0) state.lose();
          else await state.keep(); // whoever goes on finds it
          await gpu.idle();
          return false;
        }
        if (piece === 0) {
          gpu.device.queue.writeBuffer(workspace.step, 0, stepWords(start, rows));
          sequence.readPrompt(rows.length);
        }
        const from = Math.floor((count * piece) / pieces);
        const to = Math.floor((count * (piece + 1)) / pieces);
        const last = start + rows.length === base && piece === pieces - 1;
        const after = last ? (encoder: GPUCommandEncoder) => sequence.endPrompt(encoder) : undefined;
        this.#evaluator.run(
          plan,
          { positions: start + rows.length, replay: 0 },
          { from, to, ...(after && { after }) },
        );
        underWay.push(gpu.idle());
      }
      state.ran(rows);
      this.computed += rows.length;
      if (kept.has(sequence.position)) await state.keep();
      if (pieces > 1) this.#passMs = performance.now() - started;
      else if (this.#passMs === 0) {
        await gpu.idle();
        this.#passMs = performance.now() - started;
      }
    }
    return true;
  }

  /** Runs tokens by the row path. */
  async #runRows(
    ids: readonly number[],
    { mtp, signal }: { mtp: boolean; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    for (let at = 0; at < ids.length; at += maxRows) {
      if (signal?.aborted) return false;
      const rows = ids.slice(at, at + maxRows);
      await this.#evaluator.pass(rows, { kind: "rows", logits: "none", mtp });
      this.state.ran(rows);
      this.computed += rows.length;
    }
    return true;
  }
}

const near = 512; // tokens before the stem's end, where a state is kept at each point of the grid
const far = 4 * grid; // between the kept states before that

/**
 * Where a prompt's states are kept: at its end, and on the grid before each landmark and behind the stem's end, near it more densely:
 * who goes up to edit goes near more often than far.
 */
function keptPositions({
  base,
  landmarks,
  stem,
}: Required<Omit<Prompt, "ids">> & { base: number }): Set<number> {
  const kept = new Set([base]);
  const keep = (position: number) => kept.add(position - (position % grid));
  for (const landmark of [...landmarks, base]) keep(Math.min(landmark, base));
  for (let back = 0; back < stem; back += back < near ? grid : far) keep(Math.min(stem, base) - back);
  return kept;
}

/** @throws UserError for a prompt that cannot be run. */
export function requirePrompt(ids: readonly number[], vocabulary: number, context: number): void {
  if (ids.length === 0)
    throw new UserError({
      code: "usage",
      problem: "The prompt is empty",
      advice: "give it at least one token",
    });
  if (ids.length >= context) {
    throw new UserError({
      code: "prompt-length",
      problem: `The prompt has ${ids.length} tokens and the context holds ${context}, one of them for the answer`,
      advice: "shorten the prompt or choose a larger context",
    });
  }
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined) {
    throw new UserError({
      code: "usage",
      problem: `There is no token ${wrong}`,
      advice: `ids go from 0 to ${vocabulary - 1} in this model`,
    });
  }
}
