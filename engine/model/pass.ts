import type { PlanRecorder } from "../gpu/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import type { SequenceMemory } from "./sequence.ts";
import type { Workspace } from "./workspace.ts";

/** How a pass runs: `rows` is the same for 1 to `maxRows` rows (I3); `prompt` (prefill) adds in another order. */
export interface Path {
  readonly kind: "rows" | "prompt";
  /** Rows that the recorded plan can hold; the step state says how many there are. */
  readonly width: number;
}

/** The rows of a pass and the plan that it is recorded in: all that a product or a norm needs to know of it. */
export interface PassRows extends Path {
  readonly recorder: PlanRecorder;
  /** The step state that the kernels read, the workspace's own or another one. */
  readonly step: GPUBuffer;
}

/**
 * Most rows for which kernels do more to save dispatches: workgroups do over again what others do too, and decode two types of weights.
 * For more rows that costs more than a dispatch, in time and in registers.
 */
const narrowRows = 8;

/** Whether a pass saves dispatches in this way. A software device has few lanes to spare: there it costs more than it saves. */
export const isNarrow = ({ kind, width, recorder }: PassRows): boolean =>
  kind === "rows" && width <= narrowRows && !recorder.gpu.software;

/** One pass over the layers while it is recorded. A part of it that runs otherwise gets a copy with other fields. */
export interface Pass extends PassRows {
  readonly h: Hyperparameters;
  /** Read and written by the layers. */
  readonly memory: SequenceMemory;
  readonly workspace: Workspace;
  /** Which states the delta nets store, as in gated_delta_net.wgsl: 0 for the tape, or K snapshots. */
  readonly stores: number;
}
