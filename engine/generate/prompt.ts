import { UserError } from "../errors/index.ts";
import type { Plan } from "../gpu/index.ts";
import { maxRows, stepWords } from "../model/index.ts";
import { grid, PromptState } from "../state/index.ts";
import type { Evaluator, PlanRecipe } from "./evaluator.ts";

/** A prompt: what is read by the prompt path and kept, and where its states are worth keeping. */
export interface Prompt {
  readonly ids: readonly number[];
  /**
   * The first `base` ids go by the prompt path, the others by the row path, as tokens do that are typed: the state can go
   * back to any of those. Default: all but the last, which is run with the first sample.
   */
  readonly base?: number | undefined;
  /** Positions up to which the text will probably come again. */
  readonly landmarks?: readonly number[];
  /** Where the text above the place to fill ends; default: the base. An edit further up shortens it. */
  readonly stem?: number;
  /** Whether it is read while another text is put aside, which continues afterwards as if this one had not been. Default: no. */
  readonly guest?: boolean;
}

/** Passes over a prompt's last tokens, which may still be rolled back. */
export const rowPass = (mtp: boolean) => ({ kind: "rows", logits: "none", mtp }) as const;

/** Brings the state up to prompts: by what is kept of earlier ones, and by running the rest. */
export class PromptReader {
  readonly state: PromptState;
  /** Submits and tokens of the last prompt. */
  submits = 0;
  computed = 0;
  readonly #evaluator: Evaluator;

  /** @param snapshotBytes memory that kept states may take */
  constructor(evaluator: Evaluator, snapshotBytes: number) {
    this.#evaluator = evaluator;
    this.state = new PromptState(evaluator.gpu, evaluator.sequence, snapshotBytes);
  }

  /** The plan of a piece of prompt. */
  plan(mtp: boolean): Promise<Plan> {
    return this.#evaluator.plan(...this.recipe(mtp));
  }

  recipe(mtp: boolean): PlanRecipe {
    const path = { kind: "prompt", width: maxRows } as const;
    return [`prompt piece ${mtp}`, path, (pass) => this.#evaluator.recordPass(pass, { mtp })];
  }

  /**
   * Brings the state to the prompt's last token but one, or with `whole` false only to the end of its base.
   * @returns false when the signal aborted under way; what was run stays, for the next time
   */
  async read(
    { ids, base = ids.length - 1, landmarks = [], stem = base, guest }: Prompt,
    { mtp, whole = true, signal }: { mtp: boolean; whole?: boolean; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    const { gpu, sequence } = this.#evaluator;
    const { state } = this;
    const submitsBefore = gpu.counters.submits;
    const position = await state.enter({ ids, base, guest });
    this.computed = 0;
    const end = whole ? ids.length - 1 : base;
    const done =
      (await this.#readBase(ids, base, keptPositions({ base, landmarks, stem }), { mtp, signal })) &&
      (await this.#runRows(ids.slice(sequence.position, end), { mtp, signal }));
    if (done && position > base) await state.keepIfFar();
    this.submits = gpu.counters.submits - submitsBefore;
    return done;
  }

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
    for (let start = sequence.position; start < base; start = sequence.position) {
      const rows = ids.slice(start, Math.min(start + grid, base));
      const last = start + rows.length === base;
      const use = { positions: start + rows.length, replay: 0 };
      const ran = await this.#evaluator.runPaced(plan, use, {
        before() {
          gpu.device.queue.writeBuffer(workspace.step, 0, stepWords(start, rows));
          sequence.readPrompt(rows.length);
        },
        after: last ? (encoder) => sequence.endPrompt(encoder) : undefined,
        signal,
      });
      if (ran !== "whole") {
        if (ran === "part") state.lose();
        else await state.keep(); // a later call continues from it
        await gpu.idle();
        return false;
      }
      state.ran(rows);
      this.computed += rows.length;
      if (kept.has(sequence.position)) await state.keep();
    }
    return true;
  }

  /** Runs tokens by the row path. */
  async #runRows(
    ids: readonly number[],
    { mtp, signal }: { mtp: boolean; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    for (let at = 0; at < ids.length; ) {
      if (signal?.aborted) return false;
      const rows = ids.slice(at, at + this.#evaluator.rowsAtOnce(ids.length - at, rowPass(mtp)));
      at += rows.length;
      await this.#evaluator.pass(rows, rowPass(mtp));
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
 * users edit near the cursor more often than far above it.
 */
function keptPositions({
  base,
  landmarks,
  stem,
}: Required<Pick<Prompt, "landmarks" | "stem">> & { base: number }): Set<number> {
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
