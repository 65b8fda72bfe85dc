import { compileInTurn, type Dispatch, type Gpu, type Plan, PlanRecorder, type Use } from "../gpu/index.ts";
import {
  createWorkspace,
  type Model,
  maxRows,
  type Pass,
  type Path,
  recordHead,
  recordMatmul,
  recordMtp,
  recordTrunk,
  stepWords,
  tapeRows,
  type Workspace,
} from "../model/index.ts";
import { createRollback, type RollbackName, Sequence } from "../state/index.ts";
import { Paced, type Ran } from "./paced.ts";

export interface EvaluatorOptions {
  /** Positions that fit; at most the model's context length. */
  readonly context: number;
  readonly kvType?: "f16" | "f32";
  /** Whether the MTP block runs beside the trunk. */
  readonly mtp?: boolean;
  readonly rollback?: RollbackName;
  /** States that the strategy "planes" keeps. */
  readonly planes?: number;
}

/** What one pass is to compute beside the state. */
export interface PassOptions {
  readonly kind: Path["kind"];
  readonly logits: "none" | "last" | "all";
  readonly mtpLogits?: boolean;
  /** Whether the MTP block sees the rows, where it runs at all. Default: yes. */
  readonly mtp?: boolean;
}

/** How a plan is made: its key, and what it records. `owner`: whose buffers it binds beside the evaluator's, if there are any. */
export type PlanRecipe = readonly [key: string, path: Path, record: (pass: Pass) => void, owner?: object];

export interface PacedOptions {
  readonly before?: () => void;
  readonly after?: ((encoder: GPUCommandEncoder) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Widths that plans are recorded for; a pass runs on the narrowest that holds it. */
export const widths = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, maxRows];
export const widthFor = (rows: number): number => widths.find((width) => width >= rows)!;

/**
 * A model with one sequence: runs passes of up to `maxRows` rows, and records each kind of plan once. What to run, and when to
 * stop, is its caller's matter.
 */
export class Evaluator {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly workspace: Workspace;
  readonly sequence: Sequence;
  readonly mtp: boolean;
  readonly #paced: Paced;
  /** By owner, then by key: one owner's buffers are freed while another's plan of the same key goes on. */
  readonly #plans = new WeakMap<object, Map<string, Promise<Plan>>>();
  /** Keys of the plans whose kernels have run. */
  readonly #ready = new Set<string>();
  readonly #warm = new Set<Dispatch["kernel"]>();
  readonly #logits = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu, model: Model, options: EvaluatorOptions) {
    this.gpu = gpu;
    this.model = model;
    this.#paced = new Paced(gpu);
    this.mtp = options.mtp ?? false;
    this.workspace = createWorkspace(gpu, model.h, options.context);
    this.sequence = new Sequence(gpu, model, this.workspace, {
      context: options.context,
      kvType: options.kvType ?? "f16",
      rollback: createRollback(options.rollback ?? "tape", options.planes),
      mtp: this.mtp,
    });
    this.reset();
  }

  /** Positions in the sequence. */
  get position(): number {
    return this.sequence.position;
  }

  get context(): number {
    return this.sequence.memory.context;
  }

  /** Forgets the sequence. */
  reset(): void {
    this.sequence.reset();
  }

  /** [V, rows] logits of the trunk (one row, or all of a pass) or of the MTP block. */
  logits(which: "last" | "all" | "mtp"): GPUBuffer {
    let buffer = this.#logits.get(which);
    if (!buffer) {
      const rows = which === "last" ? 1 : maxRows;
      buffer = this.gpu.buffer(`${which} logits`, rows * this.model.h.vocabulary * 4, "activations");
      this.#logits.set(which, buffer);
    }
    return buffer;
  }

  /** The plan of a pass that `record` describes, recorded at its owner's first use of its key. */
  plan(...[key, path, record, owner = this]: PlanRecipe): Promise<Plan> {
    const plans = this.#plansOf(owner);
    let plan = plans.get(key);
    if (!plan) {
      const recorder = new PlanRecorder(this.gpu);
      record(this.#passInto(recorder, path));
      plan = recorder.finish();
      plans.set(key, plan);
    }
    return plan;
  }

  #plansOf(owner: object): Map<string, Promise<Plan>> {
    const plans = this.#plans.get(owner) ?? new Map<string, Promise<Plan>>();
    this.#plans.set(owner, plans);
    return plans;
  }

  /**
   * As `plan`, in the background: its kernels are compiled one at a time.
   * @returns undefined as soon as the signal aborts: ask again, what was compiled stays
   */
  async planInTurn(
    [key, path, record, owner = this]: PlanRecipe,
    signal?: AbortSignal,
  ): Promise<Plan | undefined> {
    const compiled =
      this.#plansOf(owner).has(key) ||
      (await compileInTurn(this.gpu, (recorder) => record(this.#passInto(recorder, path)), signal));
    return compiled ? this.plan(key, path, record, owner) : undefined;
  }

  #passInto(recorder: PlanRecorder, path: Path): Pass {
    const { model, workspace, sequence } = this;
    return {
      ...path,
      recorder,
      step: workspace.step,
      h: model.h,
      memory: sequence.memory,
      workspace,
      stores: sequence.rollback.stores,
    };
  }

  /** Records the trunk and, where it runs beside it, the MTP block, for the rows of the step state. */
  recordPass(pass: Pass, { mtp = this.mtp }: { mtp?: boolean } = {}): void {
    recordTrunk(pass, this.model);
    if (mtp) recordMtp(pass, this.model.mtp!, pass.memory.hidden);
  }

  /** The plan of passes of at most `width` rows, one of `widths`. */
  passPlan(width: number, options: PassOptions): Promise<Plan> {
    return this.plan(...this.#passRecipe(width, options));
  }

  #passRecipe(width: number, options: PassOptions): PlanRecipe {
    const { kind, logits, mtpLogits = false, mtp = true } = options;
    const { model, workspace } = this;
    const record = (pass: Pass) => {
      this.recordPass(pass, { mtp: mtp && this.mtp });
      if (logits !== "none")
        recordHead(pass, model, { logits: this.logits(logits), last: logits === "last" });
      if (mtpLogits) {
        const rows = { x: workspace.mtpHidden, xRing: tapeRows, out: this.logits("mtp") };
        recordMatmul(pass, model.mtp!.head, rows);
      }
    };
    return [passKey(width, options), { kind, width }, record];
  }

  /** How many of `rows` rows the next pass should have: as many as a plan holds that is compiled; all if there is none. */
  rowsAtOnce(rows: number, options: PassOptions): number {
    const widest = widths.findLast((width) => this.#ready.has(passKey(width, options)));
    return Math.min(rows, maxRows, widest ?? maxRows);
  }

  /** Compiles plans of passes in turn and warms them up as `warmUp` does, so that they are the ones that passes run on. */
  async preparePasses(
    wanted: readonly number[],
    options: PassOptions,
    signal?: AbortSignal,
  ): Promise<boolean> {
    for (const width of wanted) {
      const plan = await this.planInTurn(this.#passRecipe(width, options), signal);
      if (!plan || !(await this.warmUp([plan], undefined, signal))) return false;
      this.#ready.add(passKey(width, options));
    }
    return true;
  }

  /**
   * Runs one workgroup of each kernel of `plans` with no rows, once: drivers compile at the first dispatch, and some take
   * seconds. `progress` gets kernels done and kernels in all.
   * @returns false when the signal aborted
   */
  async warmUp(
    plans: readonly Plan[],
    progress?: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { device } = this.gpu;
    const kernels = new Map(plans.flatMap((plan) => plan.dispatches.map((it) => [it.kernel, it.bindGroup])));
    for (const kernel of kernels.keys()) if (this.#warm.has(kernel)) kernels.delete(kernel);
    device.queue.writeBuffer(this.workspace.step, 0, stepWords(0, []));
    let done = 0;
    for (const [kernel, bindGroup] of kernels) {
      if (signal?.aborted) return false;
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(1);
      pass.end();
      this.gpu.submit(encoder.finish());
      await this.gpu.idle(true);
      this.#warm.add(kernel);
      progress?.(++done, kernels.size);
    }
    return true;
  }

  /** Runs one pass over `ids` (1 to `maxRows`) at the current position and commits all of them. */
  async pass(ids: readonly number[], options: PassOptions): Promise<void> {
    const rows = ids.length;
    const ready = widths.find((width) => width >= rows && this.#ready.has(passKey(width, options)));
    const plan = await this.passPlan(
      options.kind === "prompt" ? maxRows : (ready ?? widthFor(rows)),
      options,
    );
    await this.sequence.prepare();
    if (options.kind === "prompt") await this.sequence.commit();
    const { position } = this;
    const { standing } = this.sequence;
    this.gpu.device.queue.writeBuffer(this.workspace.step, 0, stepWords(position, ids, standing));
    const use = { positions: position + ids.length, replay: standing.replay };
    if (options.kind === "prompt") {
      this.sequence.readPrompt(ids.length);
      await this.runPaced(plan, use, { after: (encoder) => this.sequence.endPrompt(encoder) });
    } else {
      await this.runPaced(plan, use);
      this.sequence.passed(ids.length);
    }
  }

  /**
   * Runs a plan in submits of about 25 ms: calls `before` when its first is about to be submitted, adds `after` to the last, and
   * looks at the signal before each.
   */
  runPaced(plan: Plan, use: Use, { before, after, signal }: PacedOptions = {}): Promise<Ran> {
    const { length } = plan.dispatches;
    const submit = (from: number, to: number) => {
      if (from === 0) before?.();
      this.run(plan, use, { from, to, ...(after && to === length && { after }) });
    };
    return this.#paced.run(plan, length, submit, signal);
  }

  /** What `runPaced` took for the plan, in milliseconds; undefined before its first run. */
  msOf(plan: Plan): number | undefined {
    return this.#paced.msOf(plan);
  }

  /**
   * Encodes and submits a plan, or its dispatches [from, to), after `before` and with what `after` adds. What the tape
   * needs for the pass is done in the same submit.
   */
  run(
    plan: Plan,
    use: Use,
    {
      before,
      after,
      from = 0,
      to = plan.dispatches.length,
    }: {
      before?: (encoder: GPUCommandEncoder) => void;
      after?: (encoder: GPUCommandEncoder) => void;
      from?: number;
      to?: number;
    } = {},
  ): void {
    const encoder = this.gpu.device.createCommandEncoder();
    before?.(encoder);
    const pass = encoder.beginComputePass();
    if (from === 0) this.sequence.encodeUpkeep(pass, use.positions);
    plan.encode(pass, use, from, to);
    pass.end();
    after?.(encoder);
    this.gpu.submit(encoder.finish());
    this.gpu.counters.dispatches += to - from;
  }

  /** Reads `rows` rows of `size` floats of a buffer, after all that was submitted. */
  async rows(buffer: GPUBuffer, rows: number, size: number, firstRow = 0): Promise<Float32Array> {
    return new Float32Array(await this.gpu.read(buffer, rows * size * 4, firstRow * size * 4));
  }

  free(): void {
    this.sequence.free();
    this.workspace.free();
    for (const buffer of this.#logits.values()) this.gpu.free(buffer);
  }
}

const passKey = (width: number, { kind, logits, mtpLogits = false, mtp = true }: PassOptions): string =>
  `pass ${kind} ${width} ${logits} ${mtpLogits} ${mtp}`;
