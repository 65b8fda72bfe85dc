import type { Evaluator } from "../../generate/index.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { type Part, parts, partsOf, tensorOf } from "./parts.ts";
import type { Piece } from "./pieces.ts";
import type { PlanTimes } from "./time_plan.ts";
import { addTraffic, noTraffic, type Traffic, totalOf, trafficReader } from "./traffic.ts";

/** Dispatches of one kernel over one kind of weights. Null: not measured. */
export interface KernelProfile {
  readonly kernel: string;
  /** The largest weights that it reads, without the block; null where it reads none. */
  readonly tensor: string | null;
  readonly part: Part;
  readonly count: number;
  readonly ms: number | null;
  /** Of the step's time. */
  readonly share: number | null;
  readonly traffic: Traffic;
  readonly bytesPerSecond: number | null;
  /** Of the device's measured bandwidth; null too on a CPU, where arithmetic is the limit. */
  readonly ofBandwidth: number | null;
}

export interface PartProfile {
  readonly part: Part;
  readonly count: number;
  readonly ms: number | null;
  readonly share: number | null;
}

/** What one run of a plan is made of. Times are medians. */
export interface StepProfile {
  readonly name: string;
  readonly rows: number;
  /** Positions before it. */
  readonly at: number;
  readonly dispatches: number;
  /** The slowest first; in the plan's order where nothing was timed. */
  readonly kernels: readonly KernelProfile[];
  /** Of those that the plan has, in the order of a step. */
  readonly parts: readonly PartProfile[];
  /** All dispatches in one pass, as a step runs. */
  readonly gpuMs: number | null;
  /** The kernels' times added: without the gaps between dispatches, which `gpuMs` has, and with what a pass of its own costs each. */
  readonly kernelsMs: number | null;
  /** From the first command until the GPU is idle, by the host's clock. */
  readonly wallMs: number | null;
  readonly host: { readonly encodeMicroseconds: number; readonly submitMicroseconds: number };
  readonly traffic: Traffic;
  readonly bytesPerSecond: number | null;
  readonly ofBandwidth: number | null;
}

/** Adds up what was timed, by kernel and by part. */
export function stepProfile(
  evaluator: Evaluator,
  { name, plan, size, at }: Pick<Piece, "name" | "plan" | "size" | "at">,
  times: PlanTimes,
  bandwidth: Pick<Bandwidth, "bytesPerSecond"> | null,
): StepProfile {
  const { gpu, model } = evaluator;
  const trafficOf = trafficReader(evaluator);
  const partOf = partsOf(gpu, model.h, plan.dispatches);
  const rates = (traffic: Traffic, ms: number | null | undefined) => {
    const bytesPerSecond = ms && totalOf(traffic) > 0 ? (totalOf(traffic) * 1000) / ms : null;
    const ofBandwidth =
      bytesPerSecond && bandwidth && !gpu.software ? bytesPerSecond / bandwidth.bytesPerSecond : null;
    return { bytesPerSecond, ofBandwidth };
  };
  const groups = new Map<string, { -readonly [Key in "count" | "ms" | "traffic"]: KernelProfile[Key] }>();
  const named = new Map<string, Pick<KernelProfile, "kernel" | "tensor" | "part">>();
  const { dispatchMs } = times;
  for (const [i, dispatch] of plan.dispatches.entries()) {
    const kernel = dispatch.kernel.name;
    const tensor = tensorOf(gpu, dispatch)?.replace(/^blk\.\d+\.|\.weight\b/g, "") ?? null;
    const part = partOf[i]!;
    const key = `${kernel}\n${tensor}\n${part}`;
    named.set(key, { kernel, tensor, part });
    const group = groups.get(key) ?? { count: 0, ms: dispatchMs ? 0 : null, traffic: noTraffic };
    group.count++;
    group.traffic = addTraffic(group.traffic, trafficOf(dispatch, size));
    if (dispatchMs) group.ms! += dispatchMs[i]!;
    groups.set(key, group);
  }
  const kernelsMs = dispatchMs ? dispatchMs.reduce((sum, ms) => sum + ms, 0) : null;
  const shareOf = (ms: number | null) => (ms !== null && kernelsMs ? ms / kernelsMs : null);
  const kernels = [...groups].map(([key, group]) => ({
    ...named.get(key)!,
    ...group,
    share: shareOf(group.ms),
    ...rates(group.traffic, group.ms),
  }));
  if (dispatchMs) kernels.sort((a, b) => b.ms! - a.ms!);
  const traffic = kernels.reduce((sum, kernel) => addTraffic(sum, kernel.traffic), noTraffic);
  const { gpuMs = null, wallMs = null, encodeMs, submitMs } = times;
  return {
    name,
    rows: size.rows,
    at,
    dispatches: plan.dispatches.length,
    kernels,
    parts: parts.flatMap((part) => {
      const own = kernels.filter((kernel) => kernel.part === part);
      if (own.length === 0) return [];
      const ms = dispatchMs ? own.reduce((sum, kernel) => sum + kernel.ms!, 0) : null;
      return [{ part, count: own.reduce((sum, { count }) => sum + count, 0), ms, share: shareOf(ms) }];
    }),
    gpuMs,
    kernelsMs,
    wallMs,
    host: { encodeMicroseconds: encodeMs * 1000, submitMicroseconds: submitMs * 1000 },
    traffic,
    ...rates(traffic, gpuMs ?? wallMs),
  };
}
