import type { PlanRecorder } from "../../../engine/gpu/index.ts";
import {
  createWorkspace,
  type Hyperparameters,
  type Pass,
  type Path,
  type Workspace,
} from "../../../engine/model/index.ts";
import type { Matrix } from "../../../engine/model/weights.ts";
import { poison, type TestBed } from "./test_bed.ts";

/** A network of which only some shapes matter. */
export function shapes({
  embedding = 32,
  feedForward = 32,
  attention = {},
  delta = {},
}: {
  embedding?: number;
  feedForward?: number;
  attention?: Partial<Hyperparameters["attention"]>;
  delta?: Partial<Omit<Hyperparameters["delta"], "channels">>;
}): Hyperparameters {
  const headSize = attention.headSize ?? 64;
  const { keyHeads = 1, valueHeads = 1, headSize: deltaSize = 64, grouped = false } = delta;
  const channels = (2 * keyHeads + valueHeads) * deltaSize;
  return {
    architecture: "qwen35",
    layers: 1,
    mtpLayers: 0,
    embedding,
    feedForward,
    ffnNorm: "post_attention_norm",
    vocabulary: 32,
    contextLength: 1024,
    epsilon: 1e-6,
    fullAttention: [true],
    attention: {
      heads: 4,
      kvHeads: 2,
      headSize,
      gated: true,
      inputs: "norms",
      pairs: "halves",
      rotary: headSize / 4,
      ropeBase: 1e7,
      scale: 1 / Math.sqrt(headSize),
      ...attention,
    },
    delta: { keyHeads, valueHeads, headSize: deltaSize, channels, grouped },
  };
}

/** A matrix without weights: a layer made of it records everything but its products, so a test sets their results. */
export const noWeights = (columns: number, rows: number): Matrix => ({
  name: "none",
  columns,
  rows,
  slabs: [],
});

/** The workspace of a model, poisoned all over. */
export function poisonedWorkspace(bed: TestBed, h: Hyperparameters, context: number): Workspace {
  const workspace = createWorkspace(bed.gpu, h, context);
  for (const buffer of Object.values(workspace)) {
    if (typeof buffer !== "object") continue;
    bed.keep(buffer);
    if (buffer !== workspace.step) bed.write(buffer, new Uint32Array(buffer.size / 4).fill(poison));
  }
  return { ...workspace, step: bed.step };
}

/** A pass over one layer that a test hands its memory to, on the test's step state. */
export function layerPass(
  bed: TestBed,
  recorder: PlanRecorder,
  path: Path,
  { h, workspace, ...rest }: Pick<Pass, "h" | "workspace"> & Partial<Pick<Pass, "memory" | "stores">>,
): Pass {
  const none = workspace.x; // layers that are recorded alone read neither
  const memory = { context: 0, kvType: "f32", kv: [], recurrent: [], hidden: none, rope: none } as const;
  return { memory, stores: 0, ...rest, ...bed.rows(recorder, path), h, workspace };
}
