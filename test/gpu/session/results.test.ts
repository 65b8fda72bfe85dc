import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeStep } from "../../../engine/cli/bench/bench.ts";
import { openMtpSession, writeText } from "../../../engine/cli/bench/drafts.ts";
import { editedText, openEditSession } from "../../../engine/cli/bench/edit.ts";
import { draftPrompts } from "../../../engine/cli/bench/prompts.ts";
import type { OpenModel } from "../../../engine/cli/commands/index.ts";
import { recordSession } from "../../../engine/cli/commands/profile.ts";
import { openSession } from "../../../engine/generate/index.ts";
import { recordingGpu } from "../../../engine/gpu/index.ts";
import { loadModel } from "../../../engine/model/index.ts";
import { openModelFile } from "../../../engine/model_file/index.ts";
import { eachDevice } from "../support/devices.ts";
import { miniModel } from "../support/models.ts";

const results = readFileSync(join(import.meta.dirname, "../../bench/RESULTS.md"), "utf8");

/** Texts that are written again here; the others of the table take the rest of a minute. */
const kinds = ["code, TypeScript", "steps of a sum"];

/** The numbers of `pattern`'s groups in RESULTS.md. */
function numbersOf(pattern: RegExp): number[] {
  const found = pattern.exec(results);
  if (!found) throw new Error(`test/bench/RESULTS.md has nothing like ${pattern}`);
  return found.slice(1).map(Number);
}

// Counts are of lavapipe, as the tables are, and no other device has to have them.
eachDevice((bed, device) => {
  describe.skipIf(device !== "lavapipe")(
    "what is exact in test/bench/RESULTS.md is what `bench` counts",
    () => {
      let open: OpenModel;
      beforeAll(async () => {
        const { gpu } = bed();
        const file = await openModelFile(miniModel);
        const model = await loadModel(gpu, file.file);
        const settings = { context: 512, kvType: "f16", drafts: "off" } as const;
        const session = await openSession(gpu, model, file.tokenizer, settings);
        open = { ...file, gpu, model, session, loadMs: 0 };
      });
      afterAll(async () => {
        open.session.free();
        open.model.free();
        await open.file.close();
      });

      test("a decode step: dispatches, submits, bytes", async () => {
        const step = await describeStep(open);
        const [dispatches] = numbersOf(/^\| dispatches \| (\d+):/m);
        const [mebibytes] = numbersOf(/^\| bytes bound \| ([\d.]+) MiB/m);
        const [submits, bytes] = numbersOf(/^\| submits, bytes read back \| (\d+), (\d+)/m);
        const [made] = numbersOf(/^\| buffers, bind groups, pipelines made \| (\d+)/m);
        expect(step).toMatchObject({ dispatches, submits, bytesReadBack: bytes, objectsMade: made });
        expect((step.bytesBound / 2 ** 20).toFixed(1)).toBe(mebibytes!.toFixed(1));
      });

      test("a recording of the device has its plans: dispatches, bytes, weights", async () => {
        const { gpu, session, file, h } = open;
        const { description, software } = gpu;
        const recording = recordingGpu({ description, software, limits: gpu.device.limits });
        const report = await recordSession(recording, file, h, { context: 512, kvType: "f16", rows: [1, 4] });
        const plan = await session.decodePlan(false);
        expect(report.plans["round 1"]).toMatchObject({
          dispatches: plan.dispatches.length,
          bytesBound: plan.bytesBound,
          dispatchesByPart: Object.fromEntries(plan.dispatchesByPart()),
        });
        expect(report.bytesHeld.weights).toBe(gpu.bytesHeld().weights);
      });

      test.each(kinds)("%s: drafted and accepted", async (kind) => {
        const session = await openMtpSession(open);
        try {
          const prompt = open.tokenizer.encode(draftPrompts[kind]!, { special: false });
          const { drafts } = await writeText(session, prompt, "mtp");
          const counted = numbersOf(new RegExp(`^\\| ${kind} \\| (\\d+) of (\\d+) \\|`, "m"));
          expect([drafts.accepted, drafts.drafted]).toEqual(counted);
        } finally {
          session.free();
        }
      });

      test("the texts add up", () => {
        const rows = Object.keys(draftPrompts).map((kind) =>
          numbersOf(new RegExp(`^\\| ${kind} \\| (\\d+) of (\\d+) \\|`, "m")),
        );
        const sum = (column: number) => rows.reduce((total, row) => total + row[column]!, 0);
        expect([sum(0), sum(1)]).toEqual(numbersOf(/^\| all \| (\d+) of (\d+) \|/m));
      });

      test("an edit: drafted, accepted, rounds", async () => {
        const session = await openEditSession(open);
        try {
          const { prompt, text, original } = await editedText(open, session);
          const { drafts } = await writeText(session, prompt, "ngram", { maxTokens: text.length, original });
          expect([text.length, drafts.accepted, drafts.drafted, drafts.rounds]).toEqual(
            numbersOf(/^Editing: (\d+) tokens .*?: (\d+) of (\d+) drafted tokens accepted in (\d+) rounds/m),
          );
        } finally {
          session.free();
        }
      });
    },
  );
}, "fast");
