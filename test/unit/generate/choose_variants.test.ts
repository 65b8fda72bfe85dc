import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseVariants } from "../../../engine/generate/index.ts";
import { openGguf, type TensorType } from "../../../engine/gguf/index.ts";
import { type Choices, type KernelSource, recordingGpu } from "../../../engine/gpu/index.ts";
import { loadModel, type Model, matricesOf, typesOf, variantsOf } from "../../../engine/model/index.ts";
import { miniModel } from "../../gpu/support/models.ts";
import { withProperties } from "../../gpu/support/test_bed.ts";

const { gpu } = recordingGpu(); // taken for a GPU; it computes nothing
let model: Model;
beforeAll(async () => {
  await using file = await openGguf(miniModel);
  model = await loadModel(gpu, file);
});
afterAll(() => model.free());

/** Of all matrices of the model. */
const types = () => [...new Set(matricesOf(model).flatMap(typesOf))];

const questions = () => variantsOf(gpu, [...new Set(matricesOf(model).map(({ columns }) => columns))]);

/** The rule's for all but one. */
const knownBut = (name: string): Choices =>
  Object.fromEntries(
    questions()
      .filter((it) => it.name !== name)
      .map((it) => [it.name, { value: it.offered[0]!, ms: {}, types: types() }]),
  );

/** Chooses the variant of `name` where a run of each takes so many milliseconds, in the order in which they are offered. */
async function choose(name: string, ...ms: number[]) {
  const all = questions();
  const { offered, paths } = all.find((it) => it.name === name)!;
  const known = knownBut(name);
  let clock = 0;
  let runs = 0;
  const timed = withProperties(gpu, {
    submit() {
      clock += ms[Math.floor((runs++ % (paths.length * offered.length)) / paths.length)]!;
    },
  });
  const choices = await chooseVariants(timed, model, { known, now: () => clock });
  return { choices, offered, runs };
}

test("tiles are chosen as lanes are: the quickest, and the rule's unless another is clearly quicker", async () => {
  const name = "tile for rows of 256";
  const { choices, offered } = await choose(name, 4, 3, 1, 2);
  const ms = { [offered[0]!]: 4, [offered[1]!]: 3, [offered[2]!]: 1, [offered[3]!]: 2 };
  expect(choices).toEqual({ [name]: { value: offered[2], ms, types: types() } });
  expect((await choose(name, 1, 2, 0.97, 2)).choices![name]!.value).toBe(offered[0]);
});

test("where the time of all has run out, nothing more is run", async () => {
  let runs = 0;
  const slow = withProperties(gpu, { submit: () => void runs++ });
  expect(await chooseVariants(slow, model, { now: () => 1000 * runs })).toEqual({});
  const { offered, paths } = questions().find((it) => it.offered.length > 1)!;
  expect(runs).toBe(2 * offered.length * paths.length); // once to compile, once to time
});

test("a GPU without room for rows to time keeps the rule's", async () => {
  let runs = 0;
  const full = withProperties(gpu, { freeBytes: 1000, submit: () => void runs++ });
  const before = gpu.counters.buffers;
  expect(await chooseVariants(full, model)).toEqual({});
  expect([runs, gpu.counters.buffers - before]).toEqual([0, 0]);
});

/** Chooses the tile for rows of 256 on a device that is changed, where each variant is quicker than the one before. */
async function chooseOn(changed: Readonly<Record<string, unknown>>) {
  const all = questions();
  const { name, offered } = all.find((it) => it.name === "tile for rows of 256")!;
  const known = knownBut(name);
  let clock = 0;
  let runs = 0;
  const told: string[] = [];
  const submit = () => {
    clock += 10 - (runs++ % 4);
  };
  const device = withProperties(gpu, { submit, ...changed });
  const choices = await chooseVariants(device, model, {
    known,
    now: () => clock,
    onWrong: (message) => told.push(message),
  });
  return { choice: choices?.[name], offered, told };
}

test("a variant whose results are not the rule's is never chosen, and what it got wrong is told", async () => {
  for (const wrong of [2, Number.NaN]) {
    let reads = 0;
    const values = [1, 1, 1 + 1e-6, wrong];
    const { choice, offered, told } = await chooseOn({
      read: async (_: GPUBuffer, bytes: number) => new Float32Array(bytes / 4).fill(values[reads++]!).buffer,
    });
    expect(Object.keys(choice!.ms)).toEqual(offered.slice(0, 3));
    expect(told).toEqual([
      `${offered[3]}: ${wrong === 2 ? "its results are off by 1.0 of their size" : "its results are no numbers"}`,
    ]);
  }
});

test("results of an earlier variant are not taken for those of one that writes none", async () => {
  const cleared: GPUBuffer[] = [];
  const device = withProperties(gpu.device, {
    createCommandEncoder: () =>
      withProperties(gpu.device.createCommandEncoder(), {
        clearBuffer: (buffer: GPUBuffer) => void cleared.push(buffer),
      }),
  });
  const { offered } = await chooseOn({ device });
  const plans = offered.length * matricesOf(model).filter(({ columns }) => columns === 256).length;
  expect(cleared.map(({ label }) => label)).toEqual(new Array(plans).fill("products to time: out"));
});

test("a variant that does not compile is told and left out; without the rule's nothing is chosen", async () => {
  const refusing = (index: number) => ({
    kernel: (source: KernelSource) =>
      source.parts.join().includes("matmul_tile:") && source.constants.COLUMNS === `${[2, 3, 4][index]}u`
        ? Promise.reject(new Error("refused"))
        : gpu.kernel(source),
  });
  const { choice, offered, told } = await chooseOn(refusing(1));
  expect(Object.keys(choice!.ms)).toEqual(offered.filter((it) => !it.includes("× 3 ×")));
  expect(told).toEqual([`${offered[1]}: refused`]);
  await expect(chooseOn(refusing(0))).rejects.toThrow("refused");
});

test("products are compared matrix by matrix, and each type is among them", async () => {
  const { gpu: other, kernels } = recordingGpu();
  const matrixOf = (type: TensorType, rows: number, bytes: number) => {
    const planes = {
      words: other.buffer(type, bytes, "weights"),
      scales: other.buffer(type, rows, "weights"),
    };
    return { name: type, columns: 256, rows, slabs: [{ type, row: 0, rows, planes }] };
  };
  const matrices = [matrixOf("Q8_0", 70, 32 << 20), matrixOf("Q4_0", 33, 1024), matrixOf("Q4_0", 9, 512)];
  let reads = 0;
  const asked: number[] = [];
  const wrong = withProperties(other, {
    async read(_: GPUBuffer, bytes: number) {
      asked.push(bytes);
      const products = new Float32Array(bytes / 4).fill(1000).fill(1, 64 * 70); // the small ones say little beside the large
      if (reads++ === 1) products[64 * 70] = 1.1;
      return products.buffer;
    },
  });
  const { name, offered } = variantsOf(other, [256]).find((it) => it.name.startsWith("tile"))!;
  const [lanes] = variantsOf(other, [256]);
  const known = {
    [lanes!.name]: { value: lanes!.offered[0]!, ms: {}, types: ["Q8_0", "Q4_0"] },
  };
  let clock = 0;
  const now = () => clock++;
  const choices = await chooseVariants(wrong, { blocks: matrices } as unknown as Model, { known, now });
  expect(Object.keys(choices![name]!.ms)).toEqual(offered.filter((_, i) => i !== 1));
  expect(new Set(kernels.map((it) => it.name))).toEqual(new Set(["matmul_tile Q8_0", "matmul_tile Q4_0"]));
  expect(asked).toEqual(offered.map(() => 4 * 64 * (70 + 9)));
});

test("where the rule's results are no numbers, nothing but the rule's is chosen", async () => {
  const read = async (_: GPUBuffer, bytes: number) => new Float32Array(bytes / 4).fill(Number.NaN).buffer;
  const { choice, offered } = await chooseOn({ read });
  expect(choice).toMatchObject({ value: offered[0], ms: { [offered[0]!]: expect.any(Number) } });
  expect(Object.keys(choice!.ms)).toEqual([offered[0]]);
});

test("a variant that is no longer offered, or was not compared for a type of the model, is measured again", async () => {
  const name = "tile for rows of 256";
  const { offered } = questions().find((it) => it.name === name)!;
  const knownAs = async (value: string, compared = types()) => {
    const known = { ...knownBut(name), [name]: { value, ms: { [value]: 1 }, types: compared } };
    let clock = 0;
    return Object.keys((await chooseVariants(gpu, model, { known, now: () => clock++ }))!);
  };
  expect(await knownAs(offered[2]!)).toEqual([]);
  expect(await knownAs("subgroup matrices, 16 columns")).toEqual([name]);
  expect(await knownAs(offered[2]!, ["Q4_K"])).toEqual([name]);
});
