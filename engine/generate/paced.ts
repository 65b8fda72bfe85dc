import { performance } from "node:perf_hooks";
import type { Gpu } from "../gpu/index.ts";

/**
 * What one submit should take. A submit cannot be called back: a request of higher priority waits for two of them, and Windows
 * resets a GPU that works on one for two seconds.
 */
const submitMs = 25;

/** Submits under way: one runs while the next is encoded. */
const mostUnderWay = 2;

/** How a plan ended: none of its dispatches was submitted, all were, or the signal aborted after some. */
export type Ran = "none" | "part" | "whole";

/** Encodes and submits the dispatches [from, to) of a plan. */
type Submit = (from: number, to: number) => void;

/** Runs plans in submits of about 25 ms on any GPU: the first run of a plan begins with a single dispatch. */
export class Paced {
  readonly #gpu: Gpu;
  readonly #now: () => number;
  /** Milliseconds that a plan took when it ran last. */
  readonly #ms = new WeakMap<object, number>();
  #underWay: Promise<void>[] = [];

  /** @param now milliseconds, from any start */
  constructor(gpu: Gpu, now: () => number = () => performance.now()) {
    this.#gpu = gpu;
    this.#now = now;
  }

  /** What the plan took when it ran last, in milliseconds; undefined before its first run. */
  msOf(plan: object): number | undefined {
    return this.#ms.get(plan);
  }

  /** Runs a plan of `count` dispatches; its last submits may still be under way afterwards. */
  run(plan: object, count: number, submit: Submit, signal?: AbortSignal): Promise<Ran> {
    const ms = this.#ms.get(plan);
    return ms === undefined
      ? this.#measure(plan, count, submit, signal)
      : this.#runKnown(plan, ms, count, submit, signal);
  }

  /** Waits for each submit: the next has twice as many dispatches at most, and no more than its speed allows. */
  async #measure(plan: object, count: number, submit: Submit, signal?: AbortSignal): Promise<Ran> {
    await this.#gpu.idle();
    this.#underWay = [];
    const started = this.#now();
    let size = 1;
    for (let from = 0; from < count; ) {
      if (signal?.aborted) return from === 0 ? "none" : "part";
      const to = Math.min(count, from + size);
      const before = this.#now();
      submit(from, to);
      await this.#gpu.idle();
      const ms = Math.max(this.#now() - before, 0.001);
      size = Math.max(1, Math.floor((to - from) * Math.min(2, submitMs / ms)));
      from = to;
    }
    this.#ms.set(plan, this.#now() - started);
    return "whole";
  }

  async #runKnown(
    plan: object,
    ms: number,
    count: number,
    submit: Submit,
    signal?: AbortSignal,
  ): Promise<Ran> {
    const pieces = Math.min(count, Math.max(1, Math.ceil(ms / submitMs)));
    const started = this.#now();
    for (let piece = 0; piece < pieces; piece++) {
      if (this.#underWay.length === mostUnderWay) await this.#underWay.shift();
      if (signal?.aborted) return piece === 0 ? "none" : "part";
      submit(Math.floor((count * piece) / pieces), Math.floor((count * (piece + 1)) / pieces));
      const done = this.#gpu.idle();
      done.catch(() => {}); // thrown where it is awaited, or by the next read
      this.#underWay.push(done);
    }
    if (pieces > 1) this.#ms.set(plan, this.#now() - started);
    return "whole";
  }
}
