// Parts and bytes of the steps of published models, by their headers: told by plans, and held against what the files are made of.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { partsOf } from "../../../../engine/cli/profile/parts.ts";
import { addTraffic, noTraffic, trafficReader } from "../../../../engine/cli/profile/traffic.ts";
import { Session } from "../../../../engine/generate/index.ts";
import { openGguf } from "../../../../engine/gguf/index.ts";
import { recordingGpu } from "../../../../engine/gpu/index.ts";
import { allocateModel, readHyperparameters, usedTensors } from "../../../../engine/model/index.ts";
import { planeBytes } from "../../../../engine/state/index.ts";
import { PUBLISHED } from "../../../fixtures/headers/models.ts";
import { publishedFile, writeHeader } from "../../../reference/write_header.ts";

const context = 4096;

/** A decode step of a published model after `positions`, on a device that only counts. */
async function decodeStep(name: string, positions: number) {
  const folder = await mkdtemp(join(tmpdir(), "traffic-"));
  try {
    const path = join(folder, "model.gguf");
    const shape = PUBLISHED.find((model) => model.name === name)!;
    const { metadata, tensors } = publishedFile(shape, "Q4_K_M", true);
    await writeHeader(path, { tensors, metadata: metadata.filter(([key]) => !key.startsWith("tokenizer.")) });
    await using file = await openGguf(path);
    const h = { ...readHyperparameters(file), vocabulary: shape.vocabulary };
    const { gpu } = recordingGpu();
    const { model } = allocateModel(gpu, file, h);
    const session = new Session(gpu, model, { context, kvType: "f16", rollback: "tape" });
    const { dispatches } = await session.decodePlan(false);
    const trafficOf = trafficReader(session.evaluator);
    const pass = { rows: 1, mtpRows: 0, use: { positions, replay: 0 } };
    const traffic = dispatches.map((dispatch) => trafficOf(dispatch, pass)).reduce(addTraffic, noTraffic);
    return {
      h,
      traffic,
      parts: partsOf(gpu, h, dispatches),
      tensors: usedTensors(file, { ...h, mtpLayers: 0 }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(["Qwen3.5-0.8B", "Qwen3.5-4B", "Qwen3.6-35B-A3B"])("a decode step of %s", (name) => {
  test("moves each weight once, of experts those of a token, of the embedding a row", async () => {
    const { h, traffic, tensors } = await decodeStep(name, 1000);
    const isTied = !tensors.some((tensor) => tensor.name === "output.weight");
    const shareOf = (tensor: string): number => {
      if (tensor === "token_embd.weight") return (isTied ? 1 : 0) + 1 / h.vocabulary;
      return /_exps\./.test(tensor) ? h.experts!.used / h.experts!.count : 1;
    };
    const expected = tensors.reduce((sum, tensor) => sum + tensor.bytes * shareOf(tensor.name), 0);
    const norms = 2 * h.layers * h.embedding * 4; // each product that makes a norm itself reads its weights
    expect(Math.abs(traffic.weights - expected)).toBeLessThan(norms + 32 * tensors.length); // buffers end at 16 bytes
  });

  test("moves keys and values in use, and one state in and out with some rows of the tape", async () => {
    const { h, traffic } = await decodeStep(name, 1000);
    const { kvHeads, headSize } = h.attention;
    const position = 2 * h.fullAttention.filter(Boolean).length * kvHeads * headSize * 2;
    expect(traffic.kv).toBeCloseTo((1000 + 1) * position, 2);
    expect(traffic.state).toBeGreaterThan(2 * planeBytes(h));
    expect(traffic.state).toBeLessThan(2.2 * planeBytes(h));
  });

  test("writes a row of each tape, and reads that and the three before it, once", async () => {
    const { h, traffic } = await decodeStep(name, 1000);
    const { channels, valueHeads, headSize } = h.delta;
    const layer = 2 * valueHeads * headSize ** 2 + (1 + 1 + 3) * channels + 2 * valueHeads; // state, tape, g and β
    expect(traffic.state).toBeCloseTo(4 * layer * h.fullAttention.filter((full) => !full).length, 2);
  });

  test("has parts in the order of its layers, and as many stretches of each", async () => {
    const { h, parts } = await decodeStep(name, 1);
    const stretches = parts.filter((part, i) => part !== parts[i - 1]);
    const ffn = h.experts ? "experts" : "ffn";
    const layers = h.fullAttention.flatMap((full) => [full ? "attention" : "delta-net", ffn]);
    expect(stretches).toEqual(["embedding", ...layers, "head", "draw"]);
  });
});
