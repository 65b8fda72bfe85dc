import stepShader from "../../../shaders/common/step_state.wgsl";
import groupShader from "../../../shaders/experts/expert_group.wgsl";
import routeShader from "../../../shaders/experts/expert_route.wgsl";
import sumShader from "../../../shaders/experts/expert_sum.wgsl";
import expertsShader from "../../../shaders/experts/experts.wgsl";
import shapeShader from "../../../shaders/experts/experts_shape.wgsl";
import fourRowsShader from "../../../shaders/matmul/four_rows.wgsl";
import quadsShader from "../../../shaders/matmul/quads.wgsl";
import { ceilDiv, structOf, u32, workgroupSize } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import type { Matrix, Weights } from "../weights.ts";
import { expertSlots } from "../workspace.ts";
import { type FeedForward, loadFeedForward, recordFeedForward, recordSwiglu } from "./ffn.ts";
import { decoders, lanesFor, productGroups, recordMatmul, rowsPerRead, withShape } from "./matmul.ts";

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

/** Records x += Experts(normed) (NETWORK.md 3.7). */
export function recordExperts(pass: Pass, layer: Experts): void {
  const { recorder, h, workspace: w, step, width } = pass;
  const { count, used, feedForward } = h.experts!;
  const stride = layer.router.rows;
  const choice = { COUNT: u32(count), USED: u32(used) };

  recordMatmul(pass, layer.router, { x: w.normed, out: w.routes });
  recorder.dispatch(
    {
      name: "expert_route",
      parts: [stepShader, routeShader],
      constants: { ...choice, STRIDE: u32(stride) },
    },
    { logits: w.routes, picks: w.picks, step },
    [1, width],
  );
  recorder.dispatch(
    {
      name: "expert_group",
      parts: [stepShader, groupShader],
      constants: { ...choice, SLOTS: u32(expertSlots(h.experts!, width)) },
    },
    { picks: w.picks, groups: w.groups, pairs: w.pairs, step },
    [1],
  );
  const [first, ...others] = layer.gateUp;
  if (others.length === 0) {
    const place = { x: w.normed, perInput: used, out: w.expertHidden, stride: feedForward, column: 0 };
    recordStack(pass, first!, { ...place, gated: true });
  } else {
    for (const [i, matrix] of layer.gateUp.entries()) {
      const place = { perInput: used, stride: 2 * feedForward, column: i * feedForward };
      recordStack(pass, matrix, { ...place, x: w.normed, out: w.expertGateUp });
    }
    recordSwiglu(pass, feedForward, { x: w.expertGateUp, y: w.expertHidden, per: used });
  }
  const out = { x: w.expertHidden, perInput: 1, out: w.expertOut, stride: h.embedding, column: 0 };
  recordStack(pass, layer.down, out);
  if (layer.shared) recordFeedForward(pass, layer.shared, { x: w.normed }, { out: w.sharedOut });
  recorder.dispatch(
    {
      name: "expert_sum",
      parts: [stepShader, sumShader],
      constants: {
        E: u32(h.embedding),
        USED: u32(used),
        STRIDE: u32(stride),
        SHARED: String(layer.shared !== undefined),
      },
    },
    { picks: w.picks, y: w.expertOut, shared_expert: w.sharedOut, logits: w.routes, x: w.x, step },
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
  /** Writes silu(a) ∘ b of the halves a and b of each expert's product. */
  readonly gated?: boolean;
}

const shapeLayout = structOf([shapeShader], "Shape");

/** Records out_i = W_e·x_i for every pair i of a row and one of its experts e. */
function recordStack(
  { recorder, h, workspace: w, step, width }: Pass,
  matrix: Matrix,
  { x, perInput, out, stride, column, gated = false }: StackOptions,
): void {
  const experts = h.experts!;
  const rows = matrix.rows / experts.count;
  const lanes = lanesFor(recorder.gpu, matrix.columns);
  // A power of two, so that whole blocks of pairs are skipped where an expert has few.
  const perRead = Math.min(rowsPerRead, 2 ** Math.ceil(Math.log2(width)));
  for (const slab of matrix.slabs) {
    const words = shapeLayout.write({
      k: matrix.columns,
      n: rows,
      first: slab.row / rows,
      experts: slab.rows / rows,
      per_input: perInput,
      out_stride: stride,
      column,
    });
    const shape = withShape(recorder.gpu, shapeShader, words);
    recorder.dispatch(
      {
        name: `experts ${slab.type} ×${perRead}`,
        parts: [
          stepShader,
          ...shape.parts,
          ...decoders[slab.type],
          quadsShader,
          fourRowsShader,
          expertsShader,
        ],
        constants: { ROWS: u32(perRead), LANES: u32(lanes), GATED: String(gated) },
      },
      { ...slab.planes, x, out, step, ...shape.bindings, groups: w.groups, pairs: w.pairs },
      [productGroups(rows, lanes), expertSlots(experts, width)],
    );
  }
}
