import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseVariants } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { type Choices, recordingGpu } from "../../../engine/gpu/index.ts";
import { loadModel, type Model, matricesOf, variantsOf } from "../../../engine/model/index.ts";
import { miniModel } from "../../gpu/support/models.ts";
import { withProperties } from "../../gpu/support/test_bed.ts";

const { gpu } = recordingGpu(); // taken for a GPU; it computes nothing
let model: Model;
beforeAll(async () => {
  await using file = await openGguf(miniModel);
  model = await loadModel(gpu, file);
});
afterAll(() => model.free());

const questions = () => variantsOf(gpu, [...new Set(matricesOf(model).map(({ columns }) => columns))]);

/** Chooses the variant of `name` where a run of each takes so many milliseconds, in the order in which they are offered. */
async function choose(name: string, ...ms: number[]) {
  const all = questions();
  const { offered, paths } = all.find((it) => it.name === name)!;
  const none = { value: "", ms: {} };
  const known: Choices = Object.fromEntries(
    all.filter((it) => it.name !== name).map((it) => [it.name, none]),
  );
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
  expect(choices).toEqual({ [name]: { value: offered[2], ms } });
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
