import { expect, test } from "vitest";
import type { Gpu } from "../../../engine/gpu/index.ts";
import {
  type Hyperparameters,
  maxRows,
  ropeTable,
  type SequenceMemory,
} from "../../../engine/model/index.ts";
import { recordAttention } from "../../../engine/model/layers/attention.ts";
import { halfToNumber } from "../../reference/dequantize.ts";
import { rmsNorm, rope, sigmoid, softmaxAttention } from "../../reference/formulas.ts";
import { normal, type Random, seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder } from "../support/lane_rows.ts";
import { layerPass, noWeights, poisonedWorkspace, shapes } from "../support/layers.ts";
import { poison, type TestBed, withLanes } from "../support/test_bed.ts";

const context = 400; // seven splits of 64

type KvType = SequenceMemory["kvType"];

/** An attention layer after its projection: norms, a cache filled up to a position, and the rows to come. */
interface Scene {
  readonly h: Hyperparameters;
  readonly kvType: KvType;
  readonly position: number;
  /** [STRIDE, 64]: per head q, or [q | gate], then k, then v */
  readonly proj: Float32Array<ArrayBuffer>;
  readonly qNorm: Float32Array;
  readonly kNorm: Float32Array;
  /** [STRIDE] */
  readonly bias: Float32Array;
  /** Words of the caches; poison from `position` on. */
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly values: Uint32Array<ArrayBuffer>;
}

/** Heads of the projection: each query head's, and gate's if it has one, then keys and values. */
const projectedHeads = ({ attention: { heads, kvHeads, gated } }: Hyperparameters): number =>
  (gated ? 2 : 1) * heads + 2 * kvHeads;

function scene(h: Hyperparameters, kvType: KvType, position: number, random: Random): Scene {
  const { kvHeads, headSize } = h.attention;
  const cache = () => {
    const words = new Uint32Array((context * kvHeads * headSize) / (kvType === "f16" ? 2 : 1));
    const used = (words.length / context) * position;
    const one = () =>
      kvType === "f16" ? randomHalf(random) | (randomHalf(random) << 16) : floatBits(normal(random));
    return words.map((_, i) => (i < used ? one() : poison));
  };
  return {
    h,
    kvType,
    position,
    proj: normals(projectedHeads(h) * headSize * maxRows, random),
    qNorm: normals(headSize, random, 1.5),
    kNorm: normals(headSize, random),
    bias: normals(projectedHeads(h) * headSize, random),
    keys: cache(),
    values: cache(),
  };
}

const floatBits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

/** The bits of a half of either sign between 2^-5 and 2. */
const randomHalf = (random: Random): number =>
  (random() < 0.5 ? 0x8000 : 0) | ((10 + Math.floor(6 * random())) << 10) | Math.floor(1024 * random());

/** What the layer leaves for rows `first` … `first + rows − 1` of the scene, and its caches. */
async function attend(
  bed: TestBed,
  s: Scene,
  rows: number,
  {
    first = 0,
    before = {},
    width = maxRows,
    split = 64,
    gpu = bed.gpu,
  }: {
    first?: number;
    /** The caches, where they are not the scene's. */
    before?: Partial<Pick<Scene, "keys" | "values">>;
    /** Rows that the plan can hold. */
    width?: number;
    /** Positions of a split. */
    split?: number;
    gpu?: Gpu;
  } = {},
) {
  const { heads, headSize, inputs } = s.h.attention;
  const stride = projectedHeads(s.h) * headSize;
  const w = { ...poisonedWorkspace(bed, s.h, context), split, splits: Math.ceil(context / split) };
  const memory: SequenceMemory = {
    context,
    kvType: s.kvType,
    kv: [],
    recurrent: [],
    hidden: bed.poisoned(4),
    rope: bed.upload(ropeTable(s.h.attention, context)),
  };
  const kv = { keys: bed.upload(before.keys ?? s.keys), values: bed.upload(before.values ?? s.values) };
  bed.write(w.proj, s.proj.slice(first * stride, (first + rows) * stride));
  bed.setStep(s.position + first, rows);
  const layer = {
    kind: "attention",
    qkv: noWeights(s.h.embedding, stride),
    inputs:
      inputs === "norms"
        ? { q_norm: bed.upload(s.qNorm), k_norm: bed.upload(s.kNorm) }
        : inputs === "biases"
          ? { bias: bed.upload(s.bias) }
          : {},
    output: noWeights(heads * headSize, s.h.embedding),
  } as const;
  const path = { kind: "rows", width } as const;
  await bed.run(
    (to) =>
      recordAttention(layerPass(bed, to, path, { h: s.h, workspace: w, memory }), layer, { x: w.normed }, kv),
    {
      positions: s.position + first + rows,
      gpu,
    },
  );
  return {
    query: await bed.floats(w.query),
    out: fromLaneOrder(await bed.floats(w.mixerOut), heads * headSize),
    keys: await bed.words(kv.keys),
    values: await bed.words(kv.values),
  };
}

/** Heads [position][kv head] of a cache, for positions 0 … count − 1. */
function headsOf({ h, kvType }: Scene, words: Uint32Array, count: number): Float64Array[][] {
  const { kvHeads, headSize } = h.attention;
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const at = (i: number) =>
    kvType === "f32" ? floats[i]! : halfToNumber((words[i >> 1]! >>> (16 * (i & 1))) & 0xffff);
  return Array.from({ length: count }, (_, p) =>
    Array.from({ length: kvHeads }, (_, j) =>
      Float64Array.from({ length: headSize }, (_, d) => at((p * kvHeads + j) * headSize + d)),
    ),
  );
}

eachDevice((bed) => {
  const everywhere = [
    [0, 1],
    [0, 17],
    [61, 17], // the rows lie on both sides of a split
    [297, 3],
    [383, 17], // up to the last position of the context
    [100, 64], // a piece of a prompt
  ] as const;
  const plain = { gated: false, heads: 6, rotary: 64 };
  for (const [headSize, kvType, places, form] of [
    [64, "f32", everywhere, {}],
    [256, "f16", everywhere, {}],
    [256, "f32", everywhere, {}],
    [64, "f16", everywhere, {}],
    [64, "f32", everywhere.slice(2, 3), plain],
    [128, "f16", everywhere.slice(2, 3), { ...plain, inputs: "biases" }],
    [80, "f32", everywhere.slice(2, 3), { ...plain, rotary: 72, inputs: "nothing", pairs: "neighbours" }],
  ] as const) {
    const h = shapes({ attention: { headSize, ...form } });
    const { heads, kvHeads, rotary, ropeBase, scale, gated, inputs, pairs } = h.attention;
    const stride = projectedHeads(h) * headSize;
    const perQuery = gated ? 2 : 1;
    const split = headSize === 64 ? 128 : 64; // two chunks, or one

    for (const [position, rows] of places) {
      // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the formulas of a whole layer, head by head, against what the device wrote
      test(`${rows} rows from position ${position}, heads of ${headSize}, ${kvType} cache: ${inputs}, rope of ${pairs}, softmax${gated ? ", gate" : ""}`, async () => {
        const seed = 700 + position;
        const s = scene(h, kvType, position, seededRandom(seed));
        const { query, out, keys, values } = await attend(bed(), s, rows, { split });
        const what = `seed ${seed}`;

        const changed = keys.length / context;
        for (const [name, got, old] of [
          ["keys", keys, s.keys],
          ["values", values, s.values],
        ] as const) {
          const untouched = (_: number, i: number) =>
            i < position * changed || i >= (position + rows) * changed;
          expect(got.filter(untouched), `${what}: ${name} of other positions`).toEqual(old.filter(untouched));
        }
        expectWritten(query, (i) => i < rows * heads * headSize, `${what}, query`);
        expectWritten(out, (i) => i < rows * heads * headSize, `${what}, out`);

        const k = headsOf(s, keys, position + rows);
        const v = headsOf(s, values, position + rows);
        // f16 holds 11 bits; whether the cut rounds or truncates is the device's choice.
        const stored = kvType === "f16" ? 2 ** -11 : 1e-6;
        for (let t = 0; t < rows; t++) {
          const proj = s.proj.subarray(t * stride, (t + 1) * stride);
          const row = inputs === "biases" ? proj.map((value, i) => value + s.bias[i]!) : proj;
          const head = (index: number) => row.subarray(index * headSize, (index + 1) * headSize);
          const turned = (x: Float32Array, norm: Float32Array) =>
            rope(inputs === "norms" ? rmsNorm(x, norm, h.epsilon) : x, position + t, rotary, ropeBase, {
              neighbours: pairs === "neighbours",
            });
          for (let j = 0; j < kvHeads; j++) {
            const key = turned(head(perQuery * heads + j), s.kNorm);
            expectClose(k[position + t]![j]!, key, stored, `${what}, key of row ${t}`);
            expectClose(
              v[position + t]![j]!,
              head(perQuery * heads + kvHeads + j),
              stored,
              `${what}, value of row ${t}`,
            );
          }
          for (let i = 0; i < heads; i++) {
            const at = (t * heads + i) * headSize;
            const q = turned(head(perQuery * i), s.qNorm);
            expectClose(query.subarray(at, at + headSize), q, 1e-6, `${what}, query ${i} of row ${t}`);
            const j = Math.floor(i / (heads / kvHeads));
            const seen = <T>(all: T[][]) => all.slice(0, position + t + 1).map((one) => one[j]!);
            const gate = gated ? head(2 * i + 1) : undefined;
            const expected = softmaxAttention(q, seen(k), seen(v), scale).map((o, d) =>
              gate ? o * sigmoid(gate[d]!) : o,
            );
            expectClose(out.subarray(at, at + headSize), expected, 3e-6, `${what}, head ${i} of row ${t}`);
          }
        }
      });
    }
  }

  for (const [heads, split] of [
    [4, 64],
    [4, 128],
    [6, 128], // three query heads of a KV head: workgroups begin within a row
    [2, 64],
  ] as const) {
    test(`rows beside each other are bit-equal to rows alone, in plans of any width, of GPUs and CPUs, outputs and cache (I3): ${heads} heads, splits of ${split}`, async () => {
      const seed = 790 + heads + split;
      const h = shapes({ attention: { headSize: 64, heads, kvHeads: 2 } });
      const s = scene(h, "f16", 119, seededRandom(seed));
      const rows = 17;
      const together = await attend(bed(), s, rows, { split, gpu: withLanes(bed().gpu, "several") });
      const size = heads * 64;
      let cache: Pick<Scene, "keys" | "values"> = s;
      for (let t = 0; t < rows; t++) {
        const width = [1, 2, 4, maxRows][t % 4]!;
        const alone = await attend(bed(), s, 1, { first: t, before: cache, width, split });
        const row = together.out.subarray(t * size, (t + 1) * size);
        expectSameBits(alone.out.subarray(0, size), row, `seed ${seed}, row ${t}, plan of ${width}`);
        cache = { keys: alone.keys.slice(), values: alone.values.slice() };
      }
      expect(cache.keys).toEqual(together.keys);
      expect(cache.values).toEqual(together.values);
    });
  }

  test("a pass of no rows writes nothing", async () => {
    const s = scene(shapes({}), "f32", 5, seededRandom(791));
    const { query, out, keys, values } = await attend(bed(), s, 0);
    expectWritten(query, () => false, "query");
    expectWritten(out, () => false, "out");
    expect([keys, values]).toEqual([s.keys, s.values]);
  });
});
