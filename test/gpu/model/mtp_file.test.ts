import { copyFile, open } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FromEngine } from "../../../engine/contract/protocol.ts";
import { memoryNeeds, needsOf, Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { loadModel } from "../../../engine/model/index.ts";
import { openModelFile } from "../../../engine/model_file/index.ts";
import { requireTrunk, withMtpFile } from "../../../engine/model_file/mtp_file.ts";
import { createLostDevices } from "../../../engine/server/lost_devices.ts";
import { createModels } from "../../../engine/server/models.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, copyModel, miniModel, temporaryFolder } from "../support/models.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const isMtp = (name: string) => name.startsWith("blk.4.");

beforeAll(async () => {
  folder = await temporaryFolder();
  await copyModel(miniModel, folder.at("mini-Q8_0.gguf"), {
    metadata: { "qwen35.block_count": 4, "qwen35.nextn_predict_layers": undefined },
    tensor: (tensor) => (isMtp(tensor.name) ? undefined : tensor),
  });
  await copyModel(miniModel, folder.at("mtp-mini-F16.gguf"), {
    tensor: (tensor) => (isMtp(tensor.name) || !tensor.name.startsWith("blk.") ? tensor : undefined),
  });
});
afterAll(() => folder[Symbol.asyncDispose]());

eachDevice((bed) => {
  test("an MTP block from a file beside the model drafts what the same block in the model's file drafts", async () => {
    const runs = await Promise.all(
      [miniModel, folder.at("mini-Q8_0.gguf")].map(async (path) => {
        const { file } = await withMtpFile(await openGguf(path));
        await using _ = file;
        const model = await loadModel(bed().gpu, file);
        const session = new Session(bed().gpu, model, { context: 96, drafts: { mode: "mtp", longest: 3 } });
        const generation = session.generate([279, 616, 347, 268, 497], { maxTokens: 24 });
        const draws = await collect(generation);
        const { drafts } = generation.soFar;
        session.free();
        model.free();
        return { draws, drafts };
      }),
    );
    expect(runs[0]!.drafts.accepted).toBeGreaterThan(0);
    expect(runs[1]).toEqual(runs[0]);
  });

  test("where only the model without its block has room, that one is loaded, and a log says so", async () => {
    const { file, h } = await openModelFile(miniModel);
    await using _ = file;
    const bare = { ...h, mtpLayers: 0 };
    const settings = { context: 512, kvType: "f16", drafts: "auto" } as const;
    const needs = memoryNeeds(file, bare, needsOf(bed().gpu, bare, settings));
    const { description } = bed().gpu;
    const sent: FromEngine[] = [];
    const unforeseen = 16_384; // step states, readback, uniforms
    const memoryLimit = needs.total + needs.snapshot + unforeseen;
    const device = bed().gpu.softwareDevice ?? description;
    const models = createModels(
      () => ({ device, memoryLimit, unloadAfterMinutes: 0 }),
      (message) => sent.push(message),
      createLostDevices({ log: (message) => expect.fail(message) }),
    );
    try {
      await models.use({ path: miniModel });
      expect(models.status().gpuBytes).toBeLessThanOrEqual(memoryLimit);
      const logs = sent.filter(({ kind }) => kind === "log");
      expect(logs).toContainEqual({
        kind: "log",
        level: "warn",
        message: `${miniModel}: The MTP block is not loaded: there is no room for it.`,
      });
      await expect(models.use({ path: miniModel, context: 511, kv: "f32" })).rejects.toThrow(
        / of GPU memory with a context of 511 and .* is free: choose /,
      );
      expect(models.status().models.map(({ path }) => path)).toEqual([miniModel]); // it left for nothing less
    } finally {
      models.close();
    }
  });
}, "fast");

/** A copy of the model whose tensor has an infinity as its second element. */
async function damaged(name: string): Promise<string> {
  const path = folder.at(`${name}.gguf`);
  await copyFile(miniModel, path);
  await using file = await openGguf(path);
  const { offset } = file.tensors.get(name)!;
  await using handle = await open(path, "r+");
  await handle.write(Uint8Array.from([0, 0, 0x80, 0x7f]), 0, 4, offset + 4);
  return path;
}

eachDevice((bed) => {
  /** What is logged while it is loaded. */
  async function loaded(path: string): Promise<string[]> {
    const sent: FromEngine[] = [];
    const device = bed().gpu.softwareDevice ?? bed().gpu.description;
    const models = createModels(
      () => ({ device, memoryLimit: 0, unloadAfterMinutes: 0 }),
      (message) => sent.push(message),
      createLostDevices({ log: (message) => expect.fail(message) }),
    );
    try {
      await models.use({ path, context: 64 });
      return sent.filter((message) => message.kind === "log").map(({ message }) => message);
    } finally {
      models.close();
    }
  }

  test("a weight of the MTP block that is no number costs the drafts, not the model", async () => {
    const path = await damaged("blk.4.nextn.hnorm.weight");
    expect(await loaded(path)).toContain(
      `${path}: The MTP block is left aside: blk.4.nextn.hnorm.weight.gguf has NaN or infinity in element 1 of the 256 of tensor blk.4.nextn.hnorm.weight.`,
    );
  });

  test("a weight of the trunk that is no number is named, and the model refused", async () => {
    await expect(loaded(await damaged("blk.0.attn_norm.weight"))).rejects.toThrow(
      "has NaN or infinity in element 1 of the 256 of tensor blk.0.attn_norm.weight: download it again",
    );
  });
}, "fast");

test("a file of another model's block is left aside, and the block alone is refused", async () => {
  await copyFile(folder.at("mini-Q8_0.gguf"), folder.at("other.gguf"));
  await copyModel(miniModel, folder.at("mtp-other.gguf"), { metadata: { "qwen35.embedding_length": 512 } });
  await using other = await openGguf(folder.at("other.gguf"));
  const { file, notes } = await withMtpFile(other);
  expect(file).toBe(other);
  expect(notes).toEqual([
    "The MTP file beside it is left aside: mtp-other.gguf does not belong to it (qwen35.embedding_length is 512 there and 256 here); move it away, or get the one that belongs to the model.",
  ]);
  await using alone = await openGguf(folder.at("mtp-mini-F16.gguf"));
  expect(() => requireTrunk(alone)).toThrow("holds only the MTP block of a model");
});
