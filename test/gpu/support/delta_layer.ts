import { type Hyperparameters, maxRows, tapeRows } from "../../../engine/model/index.ts";
import { recordDeltaNet } from "../../../engine/model/layers/delta_net.ts";
import type { Random } from "../../reference/random.ts";
import { normals, uniforms } from "./inputs.ts";
import { fromLaneOrder } from "./lane_rows.ts";
import { layerPass, noWeights, poisonedWorkspace } from "./layers.ts";
import { poison, type TestBed } from "./test_bed.ts";

/** A delta-net layer after its projections, for the rows of one pass. */
export interface DeltaScene {
  readonly h: Hyperparameters;
  readonly position: number;
  readonly rows: number;
  /** Slots of the state buffer, and which of them the pass starts from; the others are poisoned. */
  readonly slotCount: number;
  readonly slot: number;
  /** [D, D, HV] */
  readonly state: Float32Array;
  /** [C, rows + 3] raw projections of positions position − 3 … position + rows − 1; those before 0 are not stored. */
  readonly raw: Float32Array;
  /** [4, C] */
  readonly conv: Float32Array;
  /** [STRIDE, rows] z, then α, then β */
  readonly proj: Float32Array;
  readonly a: Float32Array;
  readonly dt: Float32Array;
  readonly norm: Float32Array;
}

export const strideOf = ({ delta }: Hyperparameters): number => delta.valueHeads * (delta.headSize + 2);

/** Random rows; heads' gates g range from −0.003 to −60. */
export function deltaScene(
  h: Hyperparameters,
  {
    position,
    rows,
    slotCount = 3,
    slot = 2,
  }: { position: number; rows: number; slotCount?: number; slot?: number },
  random: Random,
): DeltaScene {
  const { valueHeads, headSize, channels } = h.delta;
  return {
    h,
    position,
    rows,
    slotCount,
    slot,
    state: uniforms(headSize ** 2 * valueHeads, random, -1, 1),
    raw: normals(channels * (rows + 3), random),
    conv: normals(4 * channels, random, 0.6),
    proj: normals(strideOf(h) * rows, random),
    a: Float32Array.from({ length: valueHeads }, (_, i) => -0.02 * 1000 ** (i / Math.max(1, valueHeads - 1))),
    dt: uniforms(valueHeads, random, -1, 1),
    norm: normals(headSize, random),
  };
}

/** Records and runs the layer without its products, for the device or one like it; returns what every kernel left. */
export async function runDeltaLayer(
  bed: TestBed,
  kind: "rows" | "prompt",
  s: DeltaScene,
  { width = maxRows, gpu = bed.gpu } = {},
) {
  const { channels, valueHeads, headSize } = s.h.delta;
  const w = poisonedWorkspace(bed, s.h, 64);
  const tapeWords = new Uint32Array(channels * tapeRows).fill(poison);
  const tapeFloats = new Float32Array(tapeWords.buffer);
  for (let i = 0; i < s.rows + 3; i++) {
    const position = s.position - 3 + i;
    if (position < 0) continue;
    tapeFloats.set(s.raw.subarray(i * channels, (i + 1) * channels), (position % tapeRows) * channels);
  }
  const slots = bed.poisoned(s.slotCount * s.state.length);
  bed.gpu.device.queue.writeBuffer(slots, s.slot * s.state.byteLength, Float32Array.from(s.state));
  const layer = {
    kind: "delta",
    input: noWeights(s.h.embedding, channels + strideOf(s.h)),
    conv: bed.upload(s.conv),
    vectors: bed.upload([...s.a, ...s.dt, ...s.norm]),
    output: noWeights(valueHeads * headSize, s.h.embedding),
  } as const;
  bed.write(w.proj, Float32Array.from(s.proj));
  bed.setStep(s.position, s.rows, { slot: s.slot });
  const tape = bed.upload(tapeWords);
  const gates = bed.poisoned(2 * valueHeads * tapeRows);
  const memory = { tape, gates, slots };
  const path = { kind, width };
  await bed.run(
    (to) =>
      recordDeltaNet(
        layerPass(bed, to, path, { h: s.h, workspace: w, stores: 1 }),
        layer,
        { x: w.normed },
        memory,
      ),
    { gpu },
  );
  return {
    mixed: await bed.floats(w.mixed),
    gates: fromPosition(await bed.floats(gates), s.position, 2 * valueHeads),
    grams: await bed.floats(w.grams),
    delta: await bed.floats(w.delta),
    out: fromLaneOrder(await bed.floats(w.mixerOut), valueHeads * headSize),
    slots: await bed.floats(slots),
  };
}

/** The rows of a ring in order, that of `position` first. */
function fromPosition(ring: Float32Array, position: number, size: number): Float32Array {
  const first = (position % tapeRows) * size;
  const bits = new Uint32Array(ring.buffer, ring.byteOffset, ring.length); // a poisoned float may not survive a copy
  const rolled = new Uint32Array([...bits.subarray(first), ...bits.subarray(0, first)]);
  return new Float32Array(rolled.buffer);
}
