// What is exact in the plans of published models, by their headers: test/plans.json has it, and a change of it is a decision.
//   npx vitest run --project unit test/unit/generate/plans.test.ts --update
// writes the file again; `foretype profile MODEL --compile-only` shows a model's plans dispatch by dispatch.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OnePlan, PlanReport } from "../../../engine/cli/commands/plan_report.ts";
import { recordSession } from "../../../engine/cli/commands/profile.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { recordingGpu } from "../../../engine/gpu/index.ts";
import { type Hyperparameters, readHyperparameters, tapeRows } from "../../../engine/model/index.ts";
import { planeBytes, tapeBytes } from "../../../engine/state/index.ts";
import { PUBLISHED } from "../../fixtures/headers/models.ts";
import { publishedFile, writeHeader } from "../../reference/write_header.ts";

const models = ["Qwen3.5-0.8B", "Qwen3.5-4B", "Qwen3.6-27B", "Qwen3.6-35B-A3B"];
const settings = { context: 8192, kvType: "f16" } as const;

let folder: string;
const reports: Record<string, PlanReport> = {};
const shapes: Record<string, Hyperparameters> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plans-"));
  for (const name of models) {
    const path = join(folder, `${name}.gguf`);
    const shape = PUBLISHED.find((model) => model.name === name)!;
    // Nothing here depends on the texts of tokens, and a quarter of a million of them takes long to write and read.
    await writeHeader(path, withoutTokens(publishedFile(shape, "Q4_K_M", true)));
    await using file = await openGguf(path);
    const h = { ...readHyperparameters(file), vocabulary: shape.vocabulary };
    shapes[name] = h;
    reports[name] = await recordSession(recordingGpu(), file, h, settings);
    await rm(path);
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

function withoutTokens({ metadata, tensors }: ReturnType<typeof publishedFile>) {
  return { tensors, metadata: metadata.filter(([key]) => !key.startsWith("tokenizer.")) };
}

/** A plan in a line; the digest is of its dispatches in order: kernel by name, part, grid, bytes. */
function lineOf(
  { dispatches, bytesBound, workgroups, list }: OnePlan,
  kernels: PlanReport["kernels"],
): string {
  const named = list.map((one) => ({ ...one, kernel: kernels[one.kernel]!.name }));
  const digest = createHash("sha256").update(JSON.stringify(named)).digest("hex").slice(0, 12);
  return `${dispatches} dispatches, ${bytesBound} bytes bound, ${workgroups} workgroups, ${digest}`;
}

const mapValues = <A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

describe("plans of published models, Q4_K_M with the MTP block, as a GPU runs them", () => {
  test("dispatches, bytes bound, grids, buffers, bind groups and pipelines are those of test/plans.json", async () => {
    const exact = mapValues(
      reports,
      ({ bytesHeld, buffers, bindGroups, pipelines, kernels, rounds, plans }) => ({
        bytesHeld,
        buffers,
        bindGroups,
        pipelines,
        rounds,
        parts: { prompt: plans.prompt!.dispatchesByPart, "round 1": plans["round 1"]!.dispatchesByPart },
        plans: mapValues(plans, (plan) => lineOf(plan, kernels)),
      }),
    );
    await expect(`${JSON.stringify(exact, null, 2)}\n`).toMatchFileSnapshot("../../plans.json");
  });

  test.each(models)("%s: a round submits once, reads back 1 KiB at most and makes nothing (I4)", (name) => {
    const { rounds, plans } = reports[name]!;
    expect(Object.keys(rounds)).toEqual(["plain", "chain of 3"]);
    for (const round of Object.values(rounds)) {
      expect(round).toMatchObject({ submits: 1, objectsMade: 0 });
      expect(round.bytesReadBack).toBeLessThanOrEqual(1024);
    }
    expect(rounds.plain!.dispatches).toBe(plans["round 1"]!.dispatches);
  });

  test.each(models)(
    "%s: four rows bind little more than one, since weights are read once for them (I5)",
    (name) => {
      const { plans } = reports[name]!;
      expect(plans["round 4"]!.bytesBound).toBeLessThan(1.05 * plans["round 1"]!.bytesBound);
    },
  );

  test.each(models)("%s: test/bench/RESULTS.md has the bytes of its tape and its planes", async (name) => {
    const h = shapes[name]!;
    const results = await readFile(join(import.meta.dirname, "../../bench/RESULTS.md"), "utf8");
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    const [tape3, tape64, ring] = [10, 131, tapeRows].map((rows) => megabytes(tapeBytes(h, rows)));
    const plane = planeBytes(h);
    const size = name.replace(/^Qwen3\.\d-/, "");
    expect(results).toMatch(
      new RegExp(
        `^\\| ${size} \\| ${tape3} \\| ${tape64} \\| \\d+ \\| ${ring} \\| ${megabytes(plane)} \\| ${((64 * plane) / 1e9).toFixed(2)} GB \\|$`,
        "m",
      ),
    );
  });
});
