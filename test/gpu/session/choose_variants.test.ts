import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseVariants } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import type { Choices, KernelSource } from "../../../engine/gpu/index.ts";
import { loadModel, type Model, matricesOf, typesOf } from "../../../engine/model/index.ts";
import { laneVariants } from "../../../engine/model/layers/product_variants.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { miniModel } from "../support/models.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { withChoice, withLanes, withProperties } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

eachDevice((bed) => {
  let model: Model;
  beforeAll(async () => {
    await using file = await openGguf(miniModel);
    model = await loadModel(bed().gpu, file);
  });
  afterAll(() => model.free());

  /** Chooses for the smallest rows, on a device where a run of each number of lanes takes so many milliseconds. */
  async function choose(...ms: number[]) {
    const { gpu } = bed();
    const sizes = [...new Set(matricesOf(model).map(({ columns }) => columns))].sort((a, b) => a - b);
    const [columns, ...others] = sizes;
    const types = [...new Set(matricesOf(model).flatMap(typesOf))];
    const known: Choices = Object.fromEntries(
      others.map((size) => {
        const { name, offered } = laneVariants(gpu, size);
        return [name, { value: offered[0]!, ms: {}, types }];
      }),
    );
    const { name, offered } = laneVariants(gpu, columns!);
    let clock = 0;
    let runs = 0;
    const timed = withProperties(gpu, {
      submit(commands: GPUCommandBuffer) {
        gpu.submit(commands);
        // Two widths for each number of lanes, in turn.
        clock += ms[Math.floor((runs++ % (2 * offered.length)) / 2)]!;
      },
    });
    const choices = await chooseVariants(timed, model, { known, now: () => clock });
    return { choice: choices?.[name], names: Object.keys(choices!), offered, runs };
  }

  test("the quickest number of lanes is chosen, and the rule's unless another is clearly quicker", async () => {
    const before = bed().gpu.bytesHeld().activations;
    const { choice, names, offered } = await choose(2, 1);
    expect(offered.length).toBe(2);
    expect(choice).toMatchObject({ value: offered[1], ms: { [offered[0]!]: 4, [offered[1]!]: 2 } });
    expect(names.length).toBe(1); // sizes that are known are not measured again
    expect((await choose(1, 2)).choice?.value).toBe(offered[0]);
    expect((await choose(1, 0.97)).choice?.value).toBe(offered[0]);
    expect(bed().gpu.bytesHeld().activations).toBe(before); // shapes, on a CPU device, stay with the device
  });

  test("lanes by which the products of one type are wrong are not chosen, whichever type it is", async () => {
    const random = seededRandom(1702);
    const parts = [[{ type: "Q8_0", rows: 40 }], [{ type: "F16", rows: 5 }]] as const;
    const loaded = await Promise.all(parts.map((part) => loadMatrix(bed(), 512, part, random)));
    const { name, offered } = laneVariants(bed().gpu, 512);
    const run = async (type: string) => {
      let clock = 0;
      const wrong = withProperties(bed().gpu, {
        kernel: ({ constants, ...source }: KernelSource) => {
          const isWrong = source.name.includes(`matmul ${type}`) && constants.LANES === `${offered[1]}u`;
          return bed().gpu.kernel({
            ...source,
            constants: isWrong ? { ...constants, SCALE: "2f" } : constants,
          });
        },
      });
      const told: string[] = [];
      const options = { now: () => clock++, onWrong: (message: string) => told.push(message) };
      const blocks = loaded.map(({ matrix }) => matrix);
      const choices = await chooseVariants(wrong, { blocks } as unknown as Model, options);
      return { right: new Set(Object.keys(choices![name]!.ms)), told };
    };
    expect(await run("none")).toEqual({ right: new Set(offered), told: [] });
    for (const type of ["Q8_0", "F16"])
      expect(await run(type)).toEqual({
        right: new Set(offered.filter((it) => it !== offered[1])),
        told: Array.from(laneVariants(bed().gpu, 512).paths, () => expect.stringMatching(`^${offered[1]}: `)),
      });
  });

  test("a second is spent at most, and one run of each decides nothing", async () => {
    expect(await choose(400, 200)).toMatchObject({ choice: undefined, runs: 8 });
    expect(await choose(100, 80)).toMatchObject({ choice: { value: expect.any(String) }, runs: 16 });
  });

  test("a request that comes ends it, and nothing is chosen", async () => {
    const before = bed().gpu.bytesHeld();
    expect(await chooseVariants(bed().gpu, model, { signal: AbortSignal.abort() })).toBeUndefined();
    expect(bed().gpu.bytesHeld()).toEqual(before);
  });

  test("products by the lanes that were chosen are the same to the bit beside others (I3)", async () => {
    const seed = 1701;
    const random = seededRandom(seed);
    const [columns, n] = [1280, 12]; // 40 groups: 32 lanes by the rule
    const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
    const x = normals(4 * columns, random);
    const expected = products(values(), columns, x);
    for (const value of ["16", "8"]) {
      const gpu = withChoice(bed().gpu, laneVariants(withLanes(bed().gpu, "several"), columns).name, value);
      const four = await multiply(bed(), { kind: "rows", width: 4 }, matrix, x, gpu);
      expectClose(four.subarray(0, 4 * n), expected, productTolerance, `seed ${seed}, ${value} lanes`);
      const last = await multiply(bed(), { kind: "rows", width: 1 }, matrix, x.subarray(0, columns), gpu);
      expectSameBits(last.subarray(0, n), four.subarray(0, n), `seed ${seed}, ${value} lanes`);
    }
  });
});
