import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { streamKernel } from "../../../engine/cli/profile/bandwidth.ts";
import { stepText } from "../../../engine/cli/profile/print_profile.ts";
import { profileOf } from "../../../engine/cli/profile/profile_model.ts";
import type { ProfileReport } from "../../../engine/cli/profile/profile_report.ts";
import type { StepProfile } from "../../../engine/cli/profile/step_profile.ts";
import { openSession, type Session } from "../../../engine/generate/index.ts";
import { type Gpu, hasTimestamps, openGpu, workgroupSize } from "../../../engine/gpu/index.ts";
import { loadModel, type Model, usedTensors } from "../../../engine/model/index.ts";
import { type OpenFile, openModelFile } from "../../../engine/model_file/index.ts";
import { planeBytes } from "../../../engine/state/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { miniModel } from "../support/models.ts";
import { poison } from "../support/test_bed.ts";

const at = 100;
const links = 3;

/** A session on a device of its own: what other tests open has no timestamps. */
async function openMini(device: string, timestamps: boolean) {
  const gpu = await openGpu({ device, timestamps, safe: true });
  const file = await openModelFile(miniModel);
  const model = await loadModel(gpu, file.file);
  const settings = { context: 512, kvType: "f16", drafts: "mtp", rollback: "tape" } as const;
  return { gpu, file, model, session: await openSession(gpu, model, file.tokenizer, settings) };
}

eachDevice((bed, device) => {
  describe("profile of the embedded model", () => {
    let gpu: Gpu;
    let file: OpenFile;
    let model: Model;
    let session: Session;
    let report: Omit<ProfileReport, "choices">;
    beforeAll(async () => {
      ({ gpu, file, model, session } = await openMini(device, true));
      report = await profileOf("mini", { gpu, session }, { rows: [4], at, rounds: 2 });
    });
    afterAll(async () => {
      gpu.close();
      await file.file.close();
    });
    const step = (name: string): StepProfile => report.steps.find((it) => it.name === name)!;

    test("has a decode step, a verify pass, a piece of prompt and a round with drafts, at their positions", () => {
      expect(report.steps.map((it) => [it.name, it.rows, it.at])).toEqual([
        ["decode step", 1, at],
        ["verify pass, 4 rows", 4, at],
        ["prompt piece, 64 rows", 64, 64],
        [`round with a chain of ${links} drafts`, 1 + links, at],
      ]);
    });

    test("counts each dispatch of the plan once, by kernel and by part", async () => {
      const plan = await session.decodePlan(false);
      const { kernels, parts, dispatches } = step("decode step");
      expect(dispatches).toBe(plan.dispatches.length);
      for (const counted of [kernels, parts])
        expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(dispatches);
      for (const name of new Set(kernels.map(({ kernel }) => kernel))) {
        const inPlan = plan.dispatches.filter(({ kernel }) => kernel.name === name).length;
        const own = kernels.filter(({ kernel }) => kernel === name);
        expect([name, own.reduce((sum, { count }) => sum + count, 0)]).toEqual([name, inPlan]);
      }
    });

    test("shares and times of kernels and of parts add up to the step", () => {
      for (const { kernels, parts, kernelsMs } of report.steps) {
        for (const list of [kernels, parts]) {
          expect(list.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1, 9);
          expect(list.reduce((sum, { ms }) => sum + ms!, 0)).toBeCloseTo(kernelsMs!, 9);
        }
        expect(kernels.map(({ ms }) => ms!)).toEqual(kernels.map(({ ms }) => ms!).sort((a, b) => b - a));
      }
    });

    test("times every step by the GPU's clock and by the host's", () => {
      expect(hasTimestamps(gpu)).toBe(true);
      for (const { gpuMs, kernelsMs, wallMs } of report.steps) {
        expect(gpuMs).toBeGreaterThan(0);
        expect(kernelsMs).toBeGreaterThan(0);
        expect(wallMs).toBeGreaterThan(0);
      }
    });

    test("moves every weight of the trunk once, and of the embedding a row for each token", () => {
      const { h } = model;
      const trunk = usedTensors(file.file, { ...h, mtpLayers: 0 });
      const table = trunk.find(({ name }) => name === "token_embd.weight")!;
      const isTied = !trunk.some(({ name }) => name === "output.weight");
      const all = trunk.reduce((sum, { bytes }) => sum + bytes, 0) - (isTied ? 0 : table.bytes);
      const slack = 16 * 2 * trunk.length; // planes end at whole words and buffers at 16 bytes
      for (const [name, rows] of [
        ["decode step", 1],
        ["verify pass, 4 rows", 4],
      ] as const) {
        const { weights } = step(name).traffic;
        const expected = all + (rows * table.bytes) / h.vocabulary;
        expect(weights).toBeGreaterThanOrEqual(expected - 1);
        expect(weights).toBeLessThanOrEqual(expected + slack);
      }
    });

    test("moves keys and values of the positions in use, and one state in and out", () => {
      const { h } = model;
      const { kvHeads, headSize } = h.attention;
      const layers = h.fullAttention.filter(Boolean).length;
      const position = 2 * layers * kvHeads * headSize * 2; // f16
      for (const rows of [1, 4]) {
        const { kv, state } = step(rows === 1 ? "decode step" : "verify pass, 4 rows").traffic;
        expect(kv).toBeCloseTo((at + rows + rows) * position, 3); // all are read, the rows' own are written
        const states = 2 * planeBytes(h);
        expect(state).toBeGreaterThan(states);
        expect(state).toBeLessThan(1.5 * states); // with rows of the tape
      }
    });

    test("a round with drafts has the decode step's parts and the MTP block, which reads its weights for each link", () => {
      const { parts, kernels } = step(`round with a chain of ${links} drafts`);
      expect(parts.map(({ part }) => part)).toEqual([
        ...step("decode step").parts.map(({ part }) => part),
        "mtp",
      ]);
      const { h } = model;
      const block = usedTensors(file.file, h).filter(({ name }) => name.startsWith(`blk.${h.layers}.`));
      const own = kernels.filter(
        ({ part, kernel }) => part === "mtp" && !/^(draft_head|embedding)/.test(kernel),
      );
      const read = own.reduce((sum, { traffic }) => sum + traffic.weights, 0);
      const once = block.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(read).toBeGreaterThanOrEqual(links * once - 1);
      expect(read).toBeLessThanOrEqual(links * (once + h.embedding * 4 + 16 * 2 * block.length)); // and the trunk's norm
    });

    test("prints each part with a bar", () => {
      const text = stepText(step("decode step"));
      for (const { part } of step("decode step").parts)
        expect(text).toMatch(new RegExp(`^ +${part} .*[█▏]`, "m"));
      expect(text).not.toMatch(/NaN|undefined|null/);
    });

    test("refuses a position after which a pass does not fit, with numbers", async () => {
      const wrong = profileOf("mini", { gpu, session }, { at: 449, rounds: 1 });
      await expect(wrong).rejects.toThrow(
        /after 449 positions does not fit a context of 512: choose at most 448/,
      );
    });
  });

  test("without timestamps, steps are timed by the host, kernels are not, and a sentence says so", async () => {
    const { gpu, file, session } = await openMini(device, false);
    try {
      const { notes, steps, bandwidth } = await profileOf("mini", { gpu, session }, { rows: [1], rounds: 1 });
      expect(notes[0]).toMatch(/lets no program read its clock, so steps are timed as a whole by the host's/);
      expect(bandwidth?.clock).toBe("host");
      for (const { kernels, gpuMs, kernelsMs, wallMs } of steps) {
        expect([gpuMs, kernelsMs, ...kernels.map(({ ms }) => ms)]).toEqual([
          null,
          null,
          ...kernels.map(() => null),
        ]);
        expect(wallMs).toBeGreaterThan(0);
      }
      expect(stepText(steps[0]!)).not.toMatch(/█|NaN|undefined|null/);
    } finally {
      gpu.close();
      await file.file.close();
    }
  });

  test("the kernel that reads memory from end to end sums every word", async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const lanes = 2 * workgroupSize;
    for (const turns of [1, 3]) {
      const words = Uint32Array.from({ length: lanes * 4 * 4 * turns }, () => Math.floor(random() * 2 ** 32));
      const sums = bed().poisoned(lanes);
      const buffers = { words: bed().upload(words), sums };
      await bed().run((recorder) => recorder.dispatch(streamKernel(lanes), buffers, [lanes / workgroupSize]));
      const expected = new Uint32Array(lanes);
      for (const [i, word] of words.entries()) expected[(i >> 2) % lanes]! += word;
      const found = await bed().words(sums);
      expect(found.includes(poison), `seed ${seed}`).toBe(false);
      expect(found, `seed ${seed}`).toEqual(expected);
    }
  });
});
