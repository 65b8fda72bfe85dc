import type { Session } from "../../generate/index.ts";
import type { Dispatch, Gpu, Plan, Recording, Use } from "../../gpu/index.ts";
import { maxRows } from "../../model/index.ts";

/** Equal dispatches of a plan, in the order of their first one. */
export interface DispatchReport {
  /** Index in `kernels`. */
  readonly kernel: number;
  readonly part: string;
  /** Workgroups in x, y and z, at most. */
  readonly grid: readonly [number, number, number];
  readonly bytesBound: number;
  readonly count: number;
}

export interface OnePlan {
  readonly dispatches: number;
  readonly dispatchesByPart: Readonly<Record<string, number>>;
  readonly bytesBound: number;
  readonly workgroups: number;
  readonly list: readonly DispatchReport[];
}

/** What a round costs beside its kernels, once its plan is there. */
export interface RoundReport {
  readonly dispatches: number;
  readonly submits: number;
  readonly bytesReadBack: number;
  readonly objectsMade: number;
}

export interface PlanReport {
  /** At which grids are counted: a full context, the longest replay. */
  readonly use: Use;
  /** Bytes of the buffers, by what they are for. */
  readonly bytesHeld: ReturnType<Gpu["bytesHeld"]>;
  readonly buffers: number;
  readonly bindGroups: number;
  readonly pipelines: number;
  /** In the order of their compilation, one after the other. */
  readonly kernels: readonly { readonly name: string; readonly ms?: number; readonly error?: string }[];
  readonly plans: Readonly<Record<string, OnePlan>>;
  /** Without drafts, and with a chain of three, where the model drafts. */
  readonly rounds: Readonly<Record<string, RoundReport>>;
}

/** Describes the plans of a session on a recording. The session's sequence is at its beginning. */
export async function reportOf(
  { gpu, kernels }: Recording,
  session: Session,
  plans: ReadonlyMap<string, Plan>,
): Promise<PlanReport> {
  const { buffers, bindGroups, pipelines } = gpu.counters;
  const bytesHeld = gpu.bytesHeld();
  const use = { positions: session.evaluator.context, replay: maxRows };
  const index = new Map(kernels.map(({ pipeline }, i) => [pipeline, i]));
  return {
    use,
    bytesHeld,
    buffers,
    bindGroups,
    pipelines,
    kernels: kernels.map(({ pipeline: _, ...kernel }) => kernel),
    plans: Object.fromEntries([...plans].map(([name, plan]) => [name, describe(plan, index, use)])),
    rounds: await roundReports(gpu, session, plans),
  };
}

function describe(plan: Plan, index: ReadonlyMap<GPUComputePipeline, number>, use: Use): OnePlan {
  const groups = new Map<string, { -readonly [Key in keyof DispatchReport]: DispatchReport[Key] }>();
  let workgroups = 0;
  for (const dispatch of plan.dispatches) {
    const { kernel, part, bytesBound } = dispatch;
    const grid = gridOf(dispatch, use);
    workgroups += grid[0] * grid[1] * grid[2];
    const key = [index.get(kernel.pipeline), part, ...grid, bytesBound].join(" ");
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { kernel: index.get(kernel.pipeline)!, part, grid, bytesBound, count: 1 });
  }
  return {
    dispatches: plan.dispatches.length,
    dispatchesByPart: Object.fromEntries(plan.dispatchesByPart()),
    bytesBound: plan.bytesBound,
    workgroups,
    list: [...groups.values()],
  };
}

const gridOf = ({ x, y, z }: Dispatch, use: Use): [number, number, number] => {
  const size = (axis: Dispatch["x"]) => (typeof axis === "number" ? axis : axis(use));
  return [size(x), size(y), z];
};

/** Submits each kind of round on the recording, where it costs nothing, and counts. */
async function roundReports(
  gpu: Gpu,
  session: Session,
  plans: ReadonlyMap<string, Plan>,
): Promise<Record<string, RoundReport>> {
  const chain = { most: 3, cut: [], acceptance: [] };
  const kinds = {
    plain: { rows: 1, tokens: [0], budget: 1 },
    ...(plans.has("round 4, chain of 3") && { "chain of 3": { rows: 4, tokens: [0], budget: 4, chain } }),
  };
  const reports: Record<string, RoundReport> = {};
  for (const [kind, round] of Object.entries(kinds)) {
    await session.runRound(round); // what its first run makes is not counted
    const before = { ...gpu.counters };
    await session.runRound(round);
    const since = (key: keyof typeof before) => gpu.counters[key] - before[key];
    reports[kind] = {
      dispatches: since("dispatches"),
      submits: since("submits"),
      bytesReadBack: since("bytesReadBack"),
      objectsMade: since("buffers") + since("bindGroups") + since("pipelines"),
    };
  }
  return reports;
}
