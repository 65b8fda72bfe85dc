import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import downShader from "../../../shaders/experts/expert_down.wgsl";
import routeShader from "../../../shaders/experts/expert_route.wgsl";
import sumShader from "../../../shaders/experts/expert_sum.wgsl";
import expertsShader from "../../../shaders/experts/experts.wgsl";
import shapeShader from "../../../shaders/experts/experts_shape.wgsl";
import sumsShader from "../../../shaders/experts/experts_sums.wgsl";
import noSharedShader from "../../../shaders/experts/no_shared.wgsl";
import routingShader from "../../../shaders/experts/routing.wgsl";
import fourRowsShader from "../../../shaders/matmul/four_rows.wgsl";
import quadsShader from "../../../shaders/matmul/quads.wgsl";
import type { TensorType } from "../../gguf/index.ts";
import { ceilDiv, structOf, u32, workgroupSize } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { isNarrow, type Pass } from "../pass.ts";
import type { Matrix, Slab, Weights } from "../weights.ts";
import { expertSlots } from "../workspace.ts";
import { decoders } from "./decoders.ts";
import { type FeedForward, loadFeedForward, recordFeedForward, recordSwiglu } from "./ffn.ts";
import { productGroups, recordMatmul, rowsPerRead, withShape } from "./matmul.ts";
import { recordNorm } from "./norm.ts";
import { lanesFor } from "./product_variants.ts";
import { again, canShare, secondPlanes } from "./two_types.ts";

/** Weights of a mixture of experts (NETWORK.md 2.6). */
export interface Experts {
  readonly kind: "experts";
  /** A row for each expert, then the one of the shared expert's gate, if there is one. */
  readonly router: Matrix;
  /** Each expert's gate, then up, [E, 2F]; in two stacks where they have two types. */
  readonly gateUp: readonly Matrix[];
  /** [F, E] of each expert */
  readonly down: Matrix;
  readonly shared: FeedForward | undefined;
}

export function loadExperts(weights: Weights, h: Hyperparameters, block: string): Experts {
  const { count, feedForward, shared } = h.experts!;
  const at = (name: string) => `${block}${name}.weight`;
  const stack = (rows: number, ...names: string[]) => weights.stack(names.map(at), h.embedding, rows, count);
  return {
    kind: "experts",
    router: weights.matrix(h.embedding, [
      [at("ffn_gate_inp"), count],
      ...(shared ? [[at("ffn_gate_inp_shexp"), 1] as const] : []),
    ]),
    gateUp: weights.has(at("ffn_gate_up_exps"))
      ? stack(2 * feedForward, "ffn_gate_up_exps")
      : stack(feedForward, "ffn_gate_exps", "ffn_up_exps"),
    down: weights.stack([at("ffn_down_exps")], feedForward, h.embedding, count)[0]!,
    shared: shared ? loadFeedForward(weights, h.embedding, shared, block, { suffix: "_shexp" }) : undefined,
  };
}

/**
 * Records x += Experts(rms(x) ∘ norm) (NETWORK.md 3.7). A narrow pass takes four dispatches, where the shapes and types of the weights
 * allow it: the router, which norms its rows; their routing; gate and up; down and the sum. The bits are the same (I3).
 */
export function recordExperts(pass: Pass, layer: Experts, norm: GPUBuffer): void {
  recordRouter(pass, layer, norm);
  recordRouting(pass, layer);
  const joined = isNarrow(pass) ? joinedWeights(pass, layer) : undefined;
  if (joined) recordJoined(pass, joined);
  else recordApart(pass, layer);
}

/** Records the normalised rows and the router's logits of them. */
function recordRouter(pass: Pass, { router }: Experts, norm: GPUBuffer): void {
  const { h, workspace: w } = pass;
  const { embedding: size, epsilon } = h;
  // All products of the experts read these rows, so that they are made once.
  if (isNarrow(pass)) {
    recordMatmul(pass, router, { x: w.x, norm: { w: norm, epsilon, normed: w.normed }, out: w.routes });
    return;
  }
  const rows = { x: { buffer: w.x, stride: size }, y: { buffer: w.normed, stride: size } };
  recordNorm(pass, { ...rows, w: norm, size, epsilon });
  recordMatmul(pass, router, { x: w.normed, out: w.routes });
}

/** Teams of `workgroupSize` lanes in a workgroup, and probabilities that they hold in its memory: at most what all devices have. */
const mostTeams = 4;
const mostHeld = 2048;

/** Records which experts each row goes to, and which rows each expert has. */
function recordRouting(pass: Pass, { router, shared }: Experts): void {
  const { recorder, h, workspace: w, step, width } = pass;
  const { count, used } = h.experts!;
  const record = (teams: number, { picks, groups }: { picks: boolean; groups: boolean }) =>
    recorder.dispatch(
      {
        name: `expert_route${groups ? (picks ? "" : " groups") : " picks"}`,
        parts: [stepShader, routingShader, routeShader],
        constants: {
          ...choiceOf(pass),
          STRIDE: u32(router.rows),
          SHARED: String(shared !== undefined),
          PICKS: String(picks),
          GROUPS: String(groups),
          TEAMS: u32(teams),
          ROUNDS: u32(groups ? ceilDiv(width, teams) : 1),
          PAIRS: u32(groups ? used * width : 1),
        },
      },
      { logits: w.routes, routing: w.routing, step },
      [1, groups ? 1 : width],
    );
  if (isNarrow(pass)) {
    const teams = Math.min(mostTeams, 2 ** Math.ceil(Math.log2(width)), Math.floor(mostHeld / count));
    record(teams, { picks: true, groups: true });
    return;
  }
  record(1, { picks: true, groups: false });
  record(mostTeams, { picks: false, groups: true });
}

/** A slab of experts, and one of the shared expert, if there is one. */
interface Joined {
  readonly slab: Slab;
  readonly shared: Slab | undefined;
}

/** The weights, where one kernel can have all experts of a product, the shared one included. */
function joinedWeights(
  { recorder, h }: Pass,
  { gateUp, down, shared }: Experts,
): { gateUp: Joined; down: Joined } | undefined {
  const join = (stacks: readonly Matrix[], ofShared: Matrix | undefined): Joined | undefined => {
    const slabs = stacks.flatMap((stack) => stack.slabs);
    if (slabs.length !== 1) return undefined;
    if (!ofShared) return { slab: slabs[0]!, shared: undefined };
    const fits = ofShared.slabs.length === 1 && canShare(recorder.gpu, slabs[0]!, ofShared.slabs[0]!, 4);
    return fits ? { slab: slabs[0]!, shared: ofShared.slabs[0]! } : undefined;
  };
  if (shared && h.experts!.shared !== h.experts!.feedForward) return undefined;
  const [first, second] = [join(gateUp, shared?.gateUp), join([down], shared?.down)];
  return first && second && { gateUp: first, down: second };
}

/** Where the hidden rows of the experts come from, and go to. */
const hiddenOf = ({ h, workspace: w }: Pass) => ({
  x: w.normed,
  perInput: h.experts!.used,
  out: w.expertHidden,
  stride: h.experts!.feedForward,
  column: 0,
  laneOrder: true,
});

function recordJoined(pass: Pass, { gateUp, down }: { gateUp: Joined; down: Joined }): void {
  const { recorder, h, workspace: w, step, width } = pass;
  const { count, feedForward } = h.experts!;
  recordSlab(pass, gateUp, { ...hiddenOf(pass), columns: h.embedding, rows: 2 * feedForward, gated: true });

  const lanes = lanesFor(recorder.gpu, feedForward);
  const most = expertSlots(h.experts!, width) + Number(down.shared !== undefined);
  const sides = Math.min((mostTeams * workgroupSize) / lanes, 2 ** Math.ceil(Math.log2(most)));
  const words = shapeLayout.write({ ...unplaced, k: feedForward, n: h.embedding, experts: count });
  const shape = withShape(recorder.gpu, shapeShader, words);
  recorder.dispatch(
    {
      name: `expert_down ${typesOf(down)} ×${perReadOf(width)}`,
      parts: [stepShader, ...shape.parts, ...multiplying(down), downShader],
      constants: { ...constantsOf(pass, down, { lanes, gated: false }), SIDES: u32(sides) },
    },
    { ...planesOf(down), x: w.expertHidden, out: w.x, step, ...shape.bindings, routing: w.routing },
    [h.embedding / 4],
  );
}

/** Records each product and the sum as dispatches of their own. */
function recordApart(pass: Pass, layer: Experts): void {
  const { recorder, h, workspace: w, step, width } = pass;
  const { used, feedForward } = h.experts!;
  const [first, ...others] = layer.gateUp;
  if (others.length === 0) {
    recordStack(pass, first!, { ...hiddenOf(pass), gated: true });
  } else {
    for (const [i, matrix] of layer.gateUp.entries()) {
      const place = { perInput: used, stride: 2 * feedForward, column: i * feedForward };
      recordStack(pass, matrix, { ...place, x: w.normed, out: w.expertGateUp });
    }
    recordSwiglu(pass, feedForward, { x: w.expertGateUp, y: w.expertHidden, per: used });
  }
  const out = {
    x: w.expertHidden,
    perInput: 1,
    out: w.expertOut,
    stride: h.embedding,
    column: 0,
    laneOrder: true,
  };
  recordStack(pass, layer.down, out);
  if (layer.shared) recordFeedForward(pass, layer.shared, { x: w.normed }, { out: w.sharedOut });
  recorder.dispatch(
    {
      name: "expert_sum",
      parts: [stepShader, routingShader, sumShader],
      constants: { ...choiceOf(pass), E: u32(h.embedding), SHARED: String(layer.shared !== undefined) },
    },
    { routing: w.routing, y: w.expertOut, shared_expert: w.sharedOut, x: w.x, step },
    [ceilDiv(h.embedding, 4 * workgroupSize), width],
  );
}

interface StackOptions {
  readonly x: GPUBuffer;
  /** Pairs of a row and an expert that share a row of `x`. */
  readonly perInput: number;
  readonly out: GPUBuffer;
  /** Distance of the pairs' rows of `out`, in floats, and where in them the product begins. */
  readonly stride: number;
  readonly column: number;
  /** Leaves rows of `out`, which the product fills, in lane order. */
  readonly laneOrder?: boolean;
  /** Writes silu(a) ∘ b of the halves a and b of each expert's product. */
  readonly gated?: boolean;
}

const shapeLayout = structOf([shapeShader], "Shape");
const unplaced = { first: 0, per_input: 1, out_stride: 0, lane_order: 0, column: 0 };

/** Records out_i = W_e·x_i for every pair i of a row and one of its experts e. */
function recordStack(pass: Pass, matrix: Matrix, options: StackOptions): void {
  const rows = matrix.rows / pass.h.experts!.count;
  for (const slab of matrix.slabs)
    recordSlab(pass, { slab, shared: undefined }, { ...options, columns: matrix.columns, rows });
}

/** Records that of a slab of experts, and of the shared expert with it. @param options.rows of an expert */
function recordSlab(
  pass: Pass,
  weights: Joined,
  {
    x,
    perInput,
    out,
    stride,
    column,
    columns,
    rows,
    laneOrder = false,
    gated = false,
  }: StackOptions & { columns: number; rows: number },
): void {
  const { recorder, h, workspace: w, step, width } = pass;
  const { slab, shared } = weights;
  const lanes = lanesFor(recorder.gpu, columns);
  const words = shapeLayout.write({
    k: columns,
    n: rows,
    first: slab.row / rows,
    experts: slab.rows / rows,
    per_input: perInput,
    out_stride: stride,
    lane_order: Number(laneOrder),
    column,
  });
  const shape = withShape(recorder.gpu, shapeShader, words);
  recorder.dispatch(
    {
      name: `experts ${typesOf(weights)} ×${perReadOf(width)}`,
      parts: [stepShader, ...shape.parts, ...multiplying(weights), expertsShader],
      constants: constantsOf(pass, weights, { lanes, gated }),
    },
    { ...planesOf(weights), x, out, step, ...shape.bindings, routing: w.routing },
    [productGroups(rows, lanes), expertSlots(h.experts!, width) + Number(shared !== undefined)],
  );
}

/** Rows that share one reading of a weight: a power of two, so that whole blocks of them are skipped where an expert has few. */
const perReadOf = (width: number): number => Math.min(rowsPerRead, 2 ** Math.ceil(Math.log2(width)));

const typesOf = ({ slab, shared }: Joined): string =>
  [slab, ...(shared ? [shared] : [])].map(({ type }) => type).join(" + ");

const planesOf = ({ slab, shared }: Joined) => ({ ...slab.planes, ...(shared && secondPlanes(shared)) });

/** The WGSL by which a lane decodes weights of a type and adds up its products. */
const summing = (type: TensorType): readonly string[] => [...decoders[type], quadsShader, sumsShader];

const multiplying = ({ slab, shared }: Joined): readonly string[] => [
  laneOrderShader,
  routingShader,
  fourRowsShader,
  ...summing(slab.type),
  shared ? again(summing(shared.type)) : noSharedShader,
];

const choiceOf = ({ h }: Pass) => ({ COUNT: u32(h.experts!.count), USED: u32(h.experts!.used) });

const constantsOf = (
  pass: Pass,
  { shared }: Joined,
  { lanes, gated }: { lanes: number; gated: boolean },
) => ({
  ...choiceOf(pass),
  ROWS: u32(perReadOf(pass.width)),
  LANES: u32(lanes),
  GATED: String(gated),
  SHARED: String(shared !== undefined),
});
