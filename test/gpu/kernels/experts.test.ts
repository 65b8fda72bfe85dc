import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { blockFormat, openGguf, type TensorType } from "../../../engine/gguf/index.ts";
import type { Gpu, PlanRecorder } from "../../../engine/gpu/index.ts";
import { type Hyperparameters, maxRows, type Path } from "../../../engine/model/index.ts";
import { loadExperts, recordExperts } from "../../../engine/model/layers/experts.ts";
import { Weights } from "../../../engine/model/weights.ts";
import { rmsNorm } from "../../reference/formulas.ts";
import { feedForward, type Tensors, weightsOf } from "../../reference/network.ts";
import { normal, type Random, seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { ggufBytes, type TensorSource } from "../../reference/write_gguf.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder, toLaneOrder } from "../support/lane_rows.ts";
import { layerPass, poisonedWorkspace, shapes } from "../support/layers.ts";
import { temporaryFolder } from "../support/models.ts";
import { type TestBed, withBindingLimit, withLanes, withProperties } from "../support/test_bed.ts";
import { upload } from "../support/weights_file.ts";

const embedding = 256;

interface Mixture {
  readonly count: number;
  readonly used: number;
  readonly feedForward: number;
  readonly shared: number;
  readonly fused?: boolean;
  /** Of gate, up and down; the router is F32. */
  readonly types: readonly [TensorType, TensorType, TensorType];
  /** Of the shared expert's. */
  readonly sharedTypes?: Mixture["types"];
}

const small: Mixture = { count: 7, used: 3, feedForward: 64, shared: 0, types: ["Q8_0", "Q4_0", "F16"] };
const large: Mixture = { count: 130, used: 8, feedForward: 256, shared: 32, types: ["Q4_K", "Q4_K", "Q6_K"] };

const together: Mixture = { ...small, fused: true };

/** Types as in published files: a GPU has the shared expert in the dispatches of the others. */
const alike: Mixture = {
  ...{ count: 20, used: 3, feedForward: 256, shared: 256 },
  ...{ types: ["Q4_K", "Q4_K", "Q6_K"], sharedTypes: ["Q8_0", "Q8_0", "Q8_0"] },
};

/** As many as in Qwen3-Next, and as many used. */
const many: Mixture = { count: 512, used: 10, feedForward: 32, shared: 32, types: ["Q8_0", "Q8_0", "Q8_0"] };

/** The tensors of one layer; rows of experts differ in size, so that a wrong one shows. */
function tensorsOf(m: Mixture, random: Random): TensorSource[] {
  const tensor = (name: string, dims: number[], type: TensorType): TensorSource => {
    const elements = dims.reduce((product, n) => product * n, 1);
    if (type !== "F32")
      return { name, dims, type, bytes: randomBlocks(type, elements / blockFormat(type).elements, random) };
    const floats = Float32Array.from({ length: elements }, () => normal(random) / Math.sqrt(embedding));
    return { name, dims, type, bytes: new Uint8Array(floats.buffer) };
  };
  const [gate, up, down] = m.types;
  const [sharedGate, sharedUp, sharedDown] = m.sharedTypes ?? ["Q8_0", "F16", "Q8_0"];
  const at = (name: string) => `blk.0.${name}.weight`;
  const F = m.feedForward;
  return [
    tensor(at("ffn_gate_inp"), [embedding, m.count], "F32"),
    ...(m.fused
      ? [tensor(at("ffn_gate_up_exps"), [embedding, 2 * F, m.count], gate)]
      : [
          tensor(at("ffn_gate_exps"), [embedding, F, m.count], gate),
          tensor(at("ffn_up_exps"), [embedding, F, m.count], up),
        ]),
    tensor(at("ffn_down_exps"), [F, embedding, m.count], down),
    ...(m.shared
      ? [
          tensor(at("ffn_gate_inp_shexp"), [embedding], "F32"),
          tensor(at("ffn_gate_shexp"), [embedding, m.shared], sharedGate),
          tensor(at("ffn_up_shexp"), [embedding, m.shared], sharedUp),
          tensor(at("ffn_down_shexp"), [m.shared, embedding], sharedDown),
        ]
      : []),
  ];
}

/** The tensors with a router that finds all experts equally likely. */
const withEqualExperts = (tensors: readonly TensorSource[]): TensorSource[] =>
  tensors.map((tensor) =>
    tensor.name.endsWith("gate_inp.weight")
      ? { ...tensor, bytes: new Uint8Array(tensor.bytes.length) }
      : tensor,
  );

/** The tensors with gate and up apart. */
function apartAgain({ count, feedForward }: Mixture, tensors: readonly TensorSource[]): TensorSource[] {
  return tensors.flatMap((tensor) => {
    if (!tensor.name.includes("gate_up")) return [tensor];
    const expert = tensor.bytes.length / count;
    const half = (which: number) =>
      Buffer.concat(
        Array.from({ length: count }, (_, e) =>
          tensor.bytes.subarray(e * expert + (which * expert) / 2, e * expert + ((which + 1) * expert) / 2),
        ),
      );
    return ["gate", "up"].map((name, which) => ({
      ...tensor,
      name: `blk.0.ffn_${name}_exps.weight`,
      dims: [embedding, feedForward, count],
      bytes: half(which),
    }));
  });
}

const epsilon = 1e-6;

interface Rows {
  readonly x: Float32Array<ArrayBuffer>;
  /** Of the norm before the layer. */
  readonly w: Float32Array<ArrayBuffer>;
}

const inputOf = (rows: number, random: Random): Rows => ({
  x: normals(rows * embedding, random, 3),
  w: normals(embedding, random),
});

/** Loads the layer and runs it on the rows; x after it, 64 rows. */
async function run(
  bed: TestBed,
  m: Mixture,
  tensors: readonly TensorSource[],
  { x, w: norm }: Rows,
  path: Path,
  gpu: Gpu = bed.gpu,
): Promise<{ got: Float32Array; dispatches: number }> {
  const h: Hyperparameters = { ...shapes({ embedding, feedForward: m.shared }), epsilon, experts: m };
  await using folder = await temporaryFolder();
  await writeFile(folder.at("layer.gguf"), ggufBytes({ tensors }));
  await using file = await openGguf(folder.at("layer.gguf"));
  const weights = new Weights(gpu, file);
  try {
    const layer = loadExperts(weights, h, "blk.0.");
    await upload(weights);
    const w = poisonedWorkspace(bed, h, 64);
    bed.write(w.x, toLaneOrder(x, embedding));
    bed.setStep(0, x.length / embedding);
    const pass = (to: PlanRecorder) => layerPass(bed, to, path, { h, workspace: w });
    const plan = await bed.plan(
      (to) => recordExperts(pass(to), layer, bed.upload(toLaneOrder(norm, embedding))),
      gpu,
    );
    bed.execute(plan);
    return { got: fromLaneOrder(await bed.floats(w.x), embedding), dispatches: plan.dispatches.length };
  } finally {
    weights.free();
  }
}

/** The same in f64. */
function expectedOf(m: Mixture, tensors: readonly TensorSource[], { x, w }: Rows): Float64Array {
  const decoded = new Map(
    tensors.map(({ name, dims, type, bytes }) => [
      name.replace("blk.0.", ""),
      weightsOf(dims, type as TensorType, bytes),
    ]),
  );
  const layer: Tensors = (name) => decoded.get(name);
  const rows = Array.from({ length: x.length / embedding }, (_, t) => {
    const row = x.subarray(t * embedding, (t + 1) * embedding);
    const normed = Float32Array.from(rmsNorm(row, w, epsilon));
    return [...feedForward({ used: m.used }, layer, normed)].map((value, i) => value + row[i]!);
  });
  return Float64Array.from(rows.flat());
}

/** The rows alone. */
const rowsOf = ({ x, w }: Rows, from: number, to: number): Rows => ({
  x: x.slice(from * embedding, to * embedding),
  w,
});

eachDevice((bed, device) => {
  // Lavapipe would compile a GPU's kernels of this width for a minute.
  const wide = device === "lavapipe" ? "one" : "several";
  for (const [what, m, rows, width, lanes, dispatches] of [
    ["of 3 of 7 experts, none shared", small, 1, 1, "one", 9],
    ["of 3 of 7 experts, none shared", small, 64, 64, "one", 9],
    ["of 3 of 7 experts, gate and up together, none shared", together, 8, 8, "several", 4],
    ["of 8 of 130 experts and a shared one", large, 1, 1, "several", 8],
    ["of 8 of 130 experts and a shared one", large, 33, 64, wide, 11],
    ["of 10 of 512 experts and a shared one", many, 17, 64, "one", 11],
    ["of 3 of 20 experts and one that is shared in the same dispatches", alike, 1, 1, "several", 4],
    ["of 3 of 20 experts and one that is shared in the same dispatches", alike, 7, 8, "several", 4],
  ] as const) {
    test(`${rows} rows ${what}, lanes for a row of weights: ${lanes}: norm, router, experts, weighted sum`, async () => {
      const seed = 810 + rows;
      const random = seededRandom(seed);
      const tensors = tensorsOf(m, random);
      const input = inputOf(rows, random);
      const path = { kind: "rows", width } as const;
      const result = await run(bed(), m, tensors, input, path, withLanes(bed().gpu, lanes));
      expectWritten(result.got, (i) => i < rows * embedding, `seed ${seed}`);
      const got = result.got.subarray(0, rows * embedding);
      expectClose(got, expectedOf(m, apartAgain(m, tensors), input), 2e-6, `seed ${seed}`);
      expect(result.dispatches).toBe(dispatches);
    });
  }

  test("a row's bits do not depend on the rows that share its experts (I3)", async () => {
    const seed = 821;
    const random = seededRandom(seed);
    const tensors = tensorsOf(small, random);
    const rows = 21; // 63 pairs for 7 experts: more of an expert's than one reading serves
    const input = inputOf(rows, random);
    const together = await run(bed(), small, tensors, input, { kind: "rows", width: maxRows });
    for (const t of [0, 8, 20]) {
      const one = rowsOf(input, t, t + 1);
      const alone = await run(bed(), small, tensors, one, { kind: "rows", width: 1 });
      const row = together.got.subarray(t * embedding, (t + 1) * embedding);
      expectSameBits(alone.got.subarray(0, embedding), row, `seed ${seed}, row ${t}`);
    }
  });

  test("a narrow pass on a GPU, of any width, has the bits of a wide one (I3)", async () => {
    const seed = 826;
    const random = seededRandom(seed);
    const tensors = tensorsOf(alike, random);
    const gpu = withLanes(bed().gpu, "several");
    const input = inputOf(8, random);
    // On lavapipe a wide pass would compile for a minute; one whose kernels bind too little for all experts is cut up as it is.
    const limits = withProperties(gpu.device.limits, { maxStorageBuffersPerShaderStage: 7 });
    const few = withProperties(gpu, { device: withProperties(gpu.device, { limits }) });
    const width = device === "lavapipe" ? 4 : maxRows;
    const rows = device === "lavapipe" ? 4 : 8;
    const path = { kind: "rows", width } as const;
    const apart = await run(bed(), alike, tensors, rowsOf(input, 0, rows), path, few);
    expect(apart.dispatches).toBe(device === "lavapipe" ? 7 : 9);
    for (const [from, to, narrow] of [
      [0, 1, 1],
      ...(device === "lavapipe" ? [] : [[2, 4, 2] as const]), // a second or two for each width there
      [0, rows, rows],
    ] as const) {
      const part = rowsOf(input, from, to);
      const joined = await run(bed(), alike, tensors, part, { kind: "rows", width: narrow }, gpu);
      expect(joined.dispatches).toBe(4);
      const expected = apart.got.subarray(from * embedding, to * embedding);
      const what = `seed ${seed}, rows ${from} to ${to} of a pass of ${narrow}`;
      expectSameBits(joined.got.subarray(0, (to - from) * embedding), expected, what);
    }
  });

  test("gate and up in one tensor, and tensors larger than a binding, give the numbers of the others", async () => {
    const seed = 822;
    const random = seededRandom(seed);
    const m = together;
    const tensors = tensorsOf(m, random);
    const input = inputOf(9, random);
    // Two experts of gate and up fit a binding, and four of down.
    const limited = withBindingLimit(bed().gpu, 2 * 2 * 64 * (embedding / 32) * 34);
    const path = { kind: "prompt", width: maxRows } as const;
    const cut = await run(bed(), m, tensors, input, path, limited);
    const whole = await run(bed(), m, tensors, input, path);
    expectSameBits(cut.got, whole.got, `seed ${seed}`);
    expectClose(
      cut.got.subarray(0, 9 * embedding),
      expectedOf(m, apartAgain(m, tensors), input),
      2e-6,
      `seed ${seed}`,
    );
  });

  test("of experts that are equally likely the first ones are taken", async () => {
    const seed = 823;
    const random = seededRandom(seed);
    const tensors = withEqualExperts(tensorsOf(small, random));
    const input = inputOf(1, random);
    const { got } = await run(bed(), small, tensors, input, { kind: "rows", width: 1 });
    // The reference takes them in order of their numbers too.
    expectClose(got.subarray(0, embedding), expectedOf(small, tensors, input), 2e-6, `seed ${seed}`);
  });

  for (const lanes of ["one", "several"] as const) {
    test(`a row that is not a number stays alone, and does not become one; lanes for a row of weights: ${lanes}`, async () => {
      const seed = 824;
      const random = seededRandom(seed);
      const m = lanes === "one" ? small : alike;
      // A row that is no number may choose one expert over and over: then that has more pairs than the pass has rows.
      const tensors = withEqualExperts(tensorsOf(m, random));
      const input = inputOf(3, random);
      for (const t of [0, 1]) input.x[t * embedding + 5] = Number.NaN;
      const gpu = withLanes(bed().gpu, lanes);
      const { got } = await run(bed(), m, tensors, input, { kind: "rows", width: 4 }, gpu);
      expect(got.subarray(0, 2 * embedding).every(Number.isNaN)).toBe(true);
      const expected = expectedOf(m, tensors, rowsOf(input, 2, 3));
      expectClose(got.subarray(2 * embedding, 3 * embedding), expected, 2e-6, `seed ${seed}, row 2`);
    });

    test(`a pass of no rows writes nothing; lanes for a row of weights: ${lanes}`, async () => {
      const m = lanes === "one" ? small : alike;
      const random = seededRandom(825);
      const gpu = withLanes(bed().gpu, lanes);
      const path = { kind: "rows", width: 4 } as const;
      const { got } = await run(bed(), m, tensorsOf(m, random), inputOf(0, random), path, gpu);
      expectWritten(got, () => false, "x");
    });
  }
});
