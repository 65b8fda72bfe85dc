import { expect, test } from "vitest";
import { Evaluator } from "../../../engine/generate/index.ts";
import { Rounds } from "../../../engine/generate/rounds.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { recordingGpu } from "../../../engine/gpu/index.ts";
import { allocateModel, readHyperparameters } from "../../../engine/model/index.ts";
import { miniModel } from "../../gpu/support/models.ts";

test("a mask with bits for tokens that pad the vocabulary, and are not loaded, fits its buffer", async () => {
  const { gpu } = recordingGpu();
  await using file = await openGguf(miniModel);
  const h = readHyperparameters(file);
  const loaded = { ...h, vocabulary: h.vocabulary - 300 };
  const { model } = allocateModel(gpu, file, loaded);
  const evaluator = new Evaluator(gpu, model, { context: 96 });
  const rounds = new Rounds(evaluator, 1);
  const written: number[] = [];
  gpu.device.queue.writeBuffer = (buffer: GPUBuffer, offset: number, data: unknown) => {
    const { byteLength } = data as Uint32Array;
    expect(offset + byteLength).toBeLessThanOrEqual(buffer.size);
    if (buffer === rounds.draw.mask) written.push(...(data as Uint32Array));
    return undefined;
  };
  const mask = Uint32Array.from({ length: Math.ceil(h.vocabulary / 32) }, (_, i) => i + 1);
  const { record } = await rounds.submit({ rows: 1, tokens: [1], budget: 1, mask });
  await record;
  const words = Math.ceil(loaded.vocabulary / 32);
  expect(words).toBeLessThan(mask.length);
  expect(written.slice(0, words)).toEqual([...mask.subarray(0, words)]);
});
