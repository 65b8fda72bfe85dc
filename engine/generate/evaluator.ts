import { type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  createWorkspace,
  type Model,
  maxRows,
  type Path,
  recordCarry,
  recordMtp,
  recordTrunk,
  stepWords,
  type Workspace,
} from "../model/index.ts";
import { createSequenceMemory, type OwnedSequence } from "../state/index.ts";

export interface EvaluatorOptions {
  /** Positions that fit; at most the model's context length. */
  readonly context: number;
  readonly kvType?: "f16" | "f32";
  /** Whether the MTP block runs beside the trunk. */
  readonly mtp?: boolean;
  /** State slots of a delta net. */
  readonly slots?: number;
}

/** What one pass is to compute beside the state. */
export interface PassOptions {
  readonly kind: Path["kind"];
  readonly logits: "none" | "last" | "all";
  readonly mtpLogits?: boolean;
}

/** Widths that plans are recorded for; a pass runs on the narrowest that holds it. */
const widths = [1, 2, 4, 8, 16, 32, 48, 64];

/**
 * A model with one sequence: runs passes of up to 64 rows, and records each kind of plan once. It keeps the position;
 * what to run, and when to stop, is its caller's matter.
 */
export class Evaluator {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly memory: OwnedSequence;
  readonly workspace: Workspace;
  readonly mtp: boolean;
  /** Positions in the sequence. */
  position = 0;
  readonly #plans = new Map<string, Promise<Plan>>();
  readonly #logits = new Map<string, GPUBuffer>();

  constructor(gpu: Gpu, model: Model, options: EvaluatorOptions) {
    this.gpu = gpu;
    this.model = model;
    this.mtp = options.mtp ?? false;
    this.memory = createSequenceMemory(gpu, model.h, {
      context: options.context,
      kvType: options.kvType ?? "f16",
      slots: options.slots ?? 1,
      mtp: this.mtp,
    });
    this.workspace = createWorkspace(gpu, model.h, options.context);
    this.reset();
  }

  /** Forgets the sequence. */
  reset(): void {
    const encoder = this.gpu.device.createCommandEncoder();
    this.memory.reset(encoder);
    encoder.clearBuffer(this.workspace.trunkOut, 0, this.model.h.embedding * 4);
    this.gpu.submit(encoder.finish());
    this.position = 0;
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

  /** The plan of a pass, recorded at its first use. `append` records what follows the pass, under the name `suffix`. */
  plan(
    rows: number,
    { kind, logits, mtpLogits = false }: PassOptions,
    suffix = "",
    append?: (recorder: PlanRecorder) => void,
  ): Promise<Plan> {
    const width = kind === "prompt" ? maxRows : widths.find((w) => w >= rows)!;
    const key = `${kind} ${width} ${logits} ${mtpLogits} ${suffix}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      const recorder = new PlanRecorder(this.gpu);
      const { model, memory, workspace } = this;
      const path = { kind, width };
      recordTrunk(recorder, path, model, memory, workspace, {
        logits: logits === "none" ? undefined : this.logits(logits),
        last: logits === "last",
      });
      if (this.mtp) {
        recordMtp(recorder, path, model.h, model.mtp!, memory, workspace, {
          hidden: { buffer: workspace.trunkOut, stride: model.h.embedding },
          logits: mtpLogits ? this.logits("mtp") : undefined,
        });
        recordCarry(recorder, model.h, workspace);
      }
      append?.(recorder);
      plan = recorder.finish();
      this.#plans.set(key, plan);
    }
    return plan;
  }

  /**
   * Runs one workgroup of each kernel of `plans` with no rows: drivers compile at the first dispatch, and some take
   * seconds. `progress` gets kernels done and kernels in all.
   */
  async warmUp(plans: readonly Plan[], progress?: (done: number, total: number) => void): Promise<void> {
    const { device } = this.gpu;
    const kernels = new Map(plans.flatMap((plan) => plan.dispatches.map((it) => [it.kernel, it.bindGroup])));
    device.queue.writeBuffer(this.workspace.step, 0, stepWords(0, []));
    let done = 0;
    for (const [kernel, bindGroup] of kernels) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(1);
      pass.end();
      this.gpu.submit(encoder.finish());
      await this.gpu.idle();
      progress?.(++done, kernels.size);
    }
  }

  /** Runs one pass over `ids` (1 to 64) at the current position. */
  async pass(ids: readonly number[], options: PassOptions): Promise<void> {
    const plan = await this.plan(ids.length, options);
    this.gpu.device.queue.writeBuffer(this.workspace.step, 0, stepWords(this.position, ids));
    this.run(plan, this.position + ids.length);
    this.position += ids.length;
  }

  /**
   * Encodes and submits a plan, or its dispatches [from, to), and what `extra` adds after them. `positions`: in use
   * when the plan has run.
   */
  run(
    plan: Plan,
    positions: number,
    extra?: (encoder: GPUCommandEncoder) => void,
    from = 0,
    to = plan.dispatches.length,
  ): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    plan.encode(pass, positions, from, to);
    pass.end();
    extra?.(encoder);
    this.gpu.submit(encoder.finish());
    this.gpu.counters.dispatches += to - from;
  }

  /** Reads `rows` rows of `size` floats of a buffer, after all that was submitted. */
  async rows(buffer: GPUBuffer, rows: number, size: number, firstRow = 0): Promise<Float32Array> {
    return new Float32Array(await this.gpu.read(buffer, rows * size * 4, firstRow * size * 4));
  }

  free(): void {
    this.memory.free();
    this.workspace.free();
    for (const buffer of this.#logits.values()) this.gpu.free(buffer);
  }
}
