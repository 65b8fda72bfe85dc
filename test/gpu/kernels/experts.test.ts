import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { blockFormat, openGguf, type TensorType } from "../../../engine/gguf/index.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";
import { type Hyperparameters, maxRows, type Path } from "../../../engine/model/index.ts";
import { loadExperts, recordExperts } from "../../../engine/model/layers/experts.ts";
import { Weights } from "../../../engine/model/weights.ts";
import { feedForward, type Tensors, weightsOf } from "../../reference/network.ts";
import { normal, type Random, seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { ggufBytes, type TensorSource } from "../../reference/write_gguf.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { layerPass, poisonedWorkspace, shapes } from "../support/layers.ts";
import { temporaryFolder } from "../support/models.ts";
import { type TestBed, withBindingLimit, withLanes } from "../support/test_bed.ts";

const embedding = 256;

interface Mixture {
  readonly count: number;
  readonly used: number;
  readonly feedForward: number;
  readonly shared: number;
  readonly fused?: boolean;
  /** Of gate, up and down; the router is F32. */
  readonly types: readonly [TensorType, TensorType, TensorType];
}

const small: Mixture = { count: 7, used: 3, feedForward: 64, shared: 0, types: ["Q8_0", "Q4_0", "F16"] };
const large: Mixture = { count: 130, used: 8, feedForward: 256, shared: 32, types: ["Q4_K", "Q4_K", "Q6_K"] };

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
          tensor(at("ffn_gate_shexp"), [embedding, m.shared], "Q8_0"),
          tensor(at("ffn_up_shexp"), [embedding, m.shared], "F16"),
          tensor(at("ffn_down_shexp"), [m.shared, embedding], "Q8_0"),
        ]
      : []),
  ];
}

/** Loads the layer and runs it on rows of `normed`, added to `x`; what comes out, 64 rows. */
async function run(
  bed: TestBed,
  m: Mixture,
  tensors: readonly TensorSource[],
  { normed, x }: { normed: Float32Array<ArrayBuffer>; x: Float32Array<ArrayBuffer> },
  path: Path,
  gpu: Gpu = bed.gpu,
): Promise<Float32Array> {
  const h: Hyperparameters = { ...shapes({ embedding, feedForward: m.shared }), experts: m };
  await using folder = await temporaryFolder();
  await writeFile(folder.at("layer.gguf"), ggufBytes({ tensors }));
  await using file = await openGguf(folder.at("layer.gguf"));
  const weights = new Weights(gpu, file);
  try {
    const layer = loadExperts(weights, h, "blk.0.");
    await weights.upload();
    const w = poisonedWorkspace(bed, h, 64);
    bed.write(w.normed, normed);
    bed.write(w.x, x);
    bed.setStep(0, normed.length / embedding);
    await bed.run((to) => recordExperts(layerPass(bed, to, path, { h, workspace: w }), layer), { gpu });
    return await bed.floats(w.x);
  } finally {
    weights.free();
  }
}

/** The same in f64. */
function expectedOf(m: Mixture, tensors: readonly TensorSource[], normed: Float32Array): Float64Array {
  const decoded = new Map(
    tensors.map(({ name, dims, type, bytes }) => [
      name.replace("blk.0.", ""),
      weightsOf(dims, type as TensorType, bytes),
    ]),
  );
  const layer: Tensors = (name) => decoded.get(name);
  const rows = Array.from({ length: normed.length / embedding }, (_, t) =>
    feedForward({ used: m.used }, layer, normed.subarray(t * embedding, (t + 1) * embedding)),
  );
  return Float64Array.from(rows.flatMap((row) => [...row]));
}

const sum = (a: Float32Array, b: Float64Array): Float64Array => b.map((value, i) => value + a[i]!);

eachDevice((bed, device) => {
  // Lavapipe would compile a GPU's kernels of this width for a minute.
  const wide = device === "lavapipe" ? "one" : "several";
  for (const [what, m, rows, width, lanes] of [
    ["of 3 of 7 experts, none shared", small, 1, 1, "one"],
    ["of 3 of 7 experts, none shared", small, 64, 64, "one"],
    ["of 8 of 130 experts and a shared one", large, 1, 1, "several"],
    ["of 8 of 130 experts and a shared one", large, 33, 64, wide],
    ["of 10 of 512 experts and a shared one", many, 17, 64, "one"],
  ] as const) {
    test(`${rows} rows ${what}, lanes for a row of weights: ${lanes}: router, experts, weighted sum`, async () => {
      const seed = 810 + rows;
      const random = seededRandom(seed);
      const tensors = tensorsOf(m, random);
      const input = { normed: normals(rows * embedding, random), x: normals(rows * embedding, random, 10) };
      const path = { kind: "rows", width } as const;
      const got = await run(bed(), m, tensors, input, path, withLanes(bed().gpu, lanes));
      expectWritten(got, (i) => i < rows * embedding, `seed ${seed}`);
      const expected = sum(input.x, expectedOf(m, tensors, input.normed));
      expectClose(got.subarray(0, rows * embedding), expected, 2e-6, `seed ${seed}`);
    });
  }

  test("a row's bits do not depend on the rows that share its experts (I3)", async () => {
    const seed = 821;
    const random = seededRandom(seed);
    const tensors = tensorsOf(small, random);
    const rows = 21; // 63 pairs for 7 experts: more of an expert's than one reading serves
    const input = { normed: normals(rows * embedding, random), x: normals(rows * embedding, random) };
    const path = { kind: "rows", width: maxRows } as const;
    const together = await run(bed(), small, tensors, input, path);
    for (const t of [0, 8, 20]) {
      const of = (all: Float32Array<ArrayBuffer>) => all.slice(t * embedding, (t + 1) * embedding);
      const one = { normed: of(input.normed), x: of(input.x) };
      const alone = await run(bed(), small, tensors, one, { kind: "rows", width: 1 });
      const row = together.subarray(t * embedding, (t + 1) * embedding);
      expectSameBits(alone.subarray(0, embedding), row, `seed ${seed}, row ${t}`);
    }
  });

  test("gate and up in one tensor, and tensors larger than a binding, give the numbers of the others", async () => {
    const seed = 822;
    const random = seededRandom(seed);
    const m: Mixture = { ...small, fused: true };
    const tensors = tensorsOf(m, random);
    const input = { normed: normals(9 * embedding, random), x: normals(9 * embedding, random) };
    // Two experts of gate and up fit a binding, and four of down.
    const limited = withBindingLimit(bed().gpu, 2 * 2 * 64 * (embedding / 32) * 34);
    const path = { kind: "prompt", width: maxRows } as const;
    const cut = await run(bed(), m, tensors, input, path, limited);
    expectSameBits(cut, await run(bed(), m, tensors, input, path), `seed ${seed}`);
    const separate = tensors.flatMap((tensor) => {
      if (!tensor.name.includes("gate_up")) return [tensor];
      const expert = tensor.bytes.length / m.count;
      const half = (which: number) =>
        Buffer.concat(
          Array.from({ length: m.count }, (_, e) =>
            tensor.bytes.subarray(e * expert + (which * expert) / 2, e * expert + ((which + 1) * expert) / 2),
          ),
        );
      return ["gate", "up"].map((name, which) => ({
        ...tensor,
        name: `blk.0.ffn_${name}_exps.weight`,
        dims: [embedding, m.feedForward, m.count],
        bytes: half(which),
      }));
    });
    expectClose(
      cut.subarray(0, 9 * embedding),
      sum(input.x, expectedOf(m, separate, input.normed)),
      2e-6,
      `seed ${seed}`,
    );
  });

  test("of experts that are equally likely the first ones are taken", async () => {
    const seed = 823;
    const random = seededRandom(seed);
    const tensors = tensorsOf(small, random).map((tensor) =>
      tensor.name.endsWith("gate_inp.weight")
        ? { ...tensor, bytes: new Uint8Array(tensor.bytes.length) }
        : tensor,
    );
    const input = { normed: normals(embedding, random), x: normals(embedding, random) };
    const got = await run(bed(), small, tensors, input, { kind: "rows", width: 1 });
    // The reference takes them in order of their numbers too.
    const expected = sum(input.x, expectedOf(small, tensors, input.normed));
    expectClose(got.subarray(0, embedding), expected, 2e-6, `seed ${seed}`);
  });

  test("a row that is not a number stays alone, and does not become one", async () => {
    const seed = 824;
    const random = seededRandom(seed);
    const tensors = tensorsOf(small, random);
    const input = { normed: normals(3 * embedding, random), x: normals(3 * embedding, random) };
    input.normed[embedding + 5] = Number.NaN;
    const got = await run(bed(), small, tensors, input, { kind: "rows", width: 4 });
    expect(got.subarray(embedding, 2 * embedding).every(Number.isNaN)).toBe(true);
    const expected = sum(input.x, expectedOf(small, tensors, input.normed));
    for (const t of [0, 2]) {
      const of = <T extends Float32Array | Float64Array>(all: T) =>
        all.subarray(t * embedding, (t + 1) * embedding);
      expectClose(of(got), of(expected), 2e-6, `seed ${seed}, row ${t}`);
    }
  });

  test("a pass of no rows writes nothing", async () => {
    const tensors = tensorsOf(small, seededRandom(825));
    const none = { normed: new Float32Array(0), x: new Float32Array(0) };
    const got = await run(bed(), small, tensors, none, { kind: "rows", width: 4 });
    expectWritten(got, () => false, "x");
  });
});
