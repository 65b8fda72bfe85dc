import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { choiceText } from "../../../engine/cli/profile/print_profile.ts";
import { anyGpu, createKernelChoices, Gpu, recordingGpu } from "../../../engine/gpu/index.ts";
import {
  lanesFor,
  laneVariants,
  tileFor,
  tileVariants,
} from "../../../engine/model/layers/product_variants.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "foretype-choices-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, "data", "kernel_choices.json");
const open = (env: NodeJS.ProcessEnv = {}, version = "1") =>
  createKernelChoices({ path: path(), env, version });
const choice = { value: "16", ms: { 64: 2, 32: 1.5, 16: 1 }, types: ["Q4_K", "Q6_K"] };
const other = { value: "64", ms: { 64: 1, 32: 2 }, types: ["Q4_K"] };

test("choices are those of a device with its driver, and more are added to them", () => {
  open().remember("one | driver 1", { "lanes for rows of 2560": choice });
  open().remember("one | driver 1", { "lanes for rows of 9216": other });
  expect(open().of("one | driver 1")).toEqual({
    "lanes for rows of 2560": choice,
    "lanes for rows of 9216": other,
  });
  expect(open().of("one | driver 2")).toEqual({});
  expect(open({ FORETYPE_CHOICES: "off" }).of("one | driver 1")).toEqual({});
});

test("another model's choice holds for its own types, and for those of before where it is the same", () => {
  open().remember("one", { a: choice, b: choice });
  open().remember("one", { a: { ...choice, types: ["Q8_0", "Q6_K"] }, b: { ...other, types: ["Q8_0"] } });
  expect(open().of("one")).toEqual({
    a: { ...choice, types: ["Q4_K", "Q6_K", "Q8_0"] },
    b: { ...other, types: ["Q8_0"] },
  });
});

test("choices of other kernels do not hold", () => {
  open().remember("one", { a: choice });
  expect(open({}, "2").of("one")).toEqual({});
  open({}, "2").remember("one", { a: other });
  expect(open().of("one")).toEqual({ a: choice });
});

test.each([
  "",
  "{",
  "[1]",
  "null",
  `{"one | 1": {"a": {"value": 16, "ms": { "16": 1 }, "types": []}}}`,
  `{"one | 1": {"a": {"value": "16", "ms": {"16": 1, "64": null}, "types": []}}}`,
  `{"one | 1": {"a": {"value": "16", "ms": {"64": 1}, "types": []}}}`,
  `{"one | 1": {"a": {"value": "16", "ms": {"16": 1}}}}`,
  `{"one | 1": {"a": {"value": "16", "ms": {"16": 1}, "types": [1]}}}`,
  `{"one | 1": {"a": 16}}`,
])("a file that is not ours, %j, is as none, and is written again", (text) => {
  open().remember("one", { a: choice });
  writeFileSync(path(), text);
  expect(open().of("one")).toEqual({});
  open().remember("one", { a: other });
  expect(open().of("one")).toEqual({ a: other });
});

test("a file that cannot be written is logged, and harms nothing", () => {
  writeFileSync(join(folder, "data"), "a file where the folder would be");
  const logs: string[] = [];
  createKernelChoices({ path: path(), env: {}, version: "1", log: (it) => logs.push(it) }).remember("one", {
    a: choice,
  });
  expect(logs).toEqual([expect.stringContaining("kernel_choices.json cannot be written: ")]);
});

const gpuWith = (name: string, value: string) =>
  new Gpu(recordingGpu().gpu.device, {
    description: "",
    software: false,
    choices: { [name]: { value, ms: {}, types: ["Q4_K", "Q6_K"] } },
  });

test("a device has the lanes that were chosen for it if they are offered, and those of the rule for other rows", () => {
  const { name, offered } = laneVariants(recordingGpu().gpu, 2560);
  expect(offered).toEqual(["64", "32", "16"]);
  expect(lanesFor(gpuWith(name, "16"), 2560)).toBe(16);
  expect(lanesFor(gpuWith(name, "16"), 9216)).toBe(64);
  for (const foreign of ["1", "24", "128"]) expect(lanesFor(gpuWith(name, foreign), 2560)).toBe(64);
});

test("a device has the tile that was chosen for it if it is offered, for types that were compared; a CPU device has one, made for CPUs", () => {
  const { name, offered } = tileVariants(recordingGpu().gpu, 2560);
  const [rule, other] = offered;
  expect(tileFor(gpuWith(name, other!), 2560, ["Q6_K", "Q4_K"])).toBe(other);
  expect(tileFor(gpuWith(name, other!), 2560, ["Q6_K", "Q8_0"])).toBe(rule);
  expect(tileFor(gpuWith(name, other!), 9216, ["Q4_K"])).toBe(rule);
  expect(tileFor(gpuWith(name, "16 × 4 × 32"), 2560, ["Q4_K"])).toBe(rule);
  const cpu = recordingGpu({ ...anyGpu, software: true }).gpu;
  expect(tileVariants(cpu, 2560).offered).toEqual(["8 × 8 × 16"]);
  expect(offered).not.toContain("8 × 8 × 16");
});

test("a profile says by how much the others are slower", () => {
  expect(choiceText("lanes for rows of 2560", choice)).toBe(
    "Chosen, lanes for rows of 2560: 16 (1.00 ms; 32 +50.0 %, 64 +100.0 %)",
  );
  const tile = { value: "8 × 4 × 32", ms: { "16 × 2 × 32": 2, "8 × 4 × 32": 1 }, types: ["Q4_K"] };
  expect(choiceText("tile for rows of 2560", tile)).toBe(
    "Chosen, tile for rows of 2560: 8 × 4 × 32 (1.00 ms; 16 × 2 × 32 +100.0 %)",
  );
});
