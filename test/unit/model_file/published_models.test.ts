import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InspectedDevice, reportOn } from "../../../engine/cli/commands/inspect.ts";
import { readModelFile } from "../../../engine/model_file/index.ts";
import { PUBLISHED, type PublishedModel } from "../../fixtures/headers/models.ts";
import { bytesOf, type Mix, publishedFile, writeHeader } from "../../reference/write_header.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "published-"));
});
afterAll(() => rm(folder, { recursive: true }));

const GIB = 2 ** 30;
const device = (free: number): InspectedDevice => ({
  description: "a GPU",
  free,
  largestBuffer: Number.POSITIVE_INFINITY,
});

async function inspected(
  model: PublishedModel,
  mix: Mix,
  mtp: boolean,
  options: { context?: number; kv?: "f16" | "f32" },
  free: number[],
) {
  const path = join(folder, `${model.name}-${mix}.gguf`);
  const file = publishedFile(model, mix, mtp);
  await writeHeader(path, file);
  const open = await readModelFile(path);
  await using _ = open.file;
  const reports = free.map((bytes) => reportOn(open, options, device(bytes)));
  const onDisk = await stat(path);
  await rm(path);
  return { reports, path, onDisk, bytes: file.tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0) };
}

const context = 4096;
for (const model of PUBLISHED) {
  const { published, name } = model;

  test(`${name}: inspect gives the published numbers of its trunk`, async () => {
    const { reports, onDisk, path, bytes } = await inspected(model, "Q4_K_M", false, { context }, [
      1000 * GIB,
      GIB / 8,
    ]);
    const [report, crowded] = reports as [(typeof reports)[0], (typeof reports)[0]];
    const { parameters } = published;
    if (typeof parameters === "number") expect(report.parameters).toBe(parameters);
    else expect((report.parameters / 1e9).toFixed(parameters.digits)).toBe(String(parameters.billions));
    expect(report).toMatchObject({
      path,
      name,
      architecture: model.architecture,
      fileBytes: onDisk.size,
      tensorCount: published.tensors,
      layers: { total: model.layers, mtp: 0 },
      vocabulary: model.vocabulary,
      contextLength: model.contextLength,
      unsupportedTensors: [],
      refusal: null,
      fillInTheMiddle: true,
      notes: [],
      fits: true,
    });
    expect(report.experts?.count).toBe(model.experts?.count);
    expect(onDisk.blocks * 512).toBeLessThan(64 << 20); // the weights are holes
    expect(report.memory.weights).toBe(bytes);
    expect(report.memory.kvPerToken).toBe(published.kvPerToken);
    expect(report.memory.kv).toBe(published.kvPerToken * context);
    // A snapshot is one state of each delta net, the rows of its convolution, and a hidden row.
    expect(report.memory.snapshot).toBe(published.state + published.convolution + model.embedding * 4);
    expect(crowded).toMatchObject({ fits: false, fit: null });
    expect(crowded.advice).toMatch(
      / [GM]iB of GPU memory with a context of 4096 and 128\.0 MiB is free: choose /,
    );
  });
}

for (const model of PUBLISHED.filter(({ delta }) => delta)) {
  test(`${model.name}: its MTP block adds the published tensors and one layer of keys and values`, async () => {
    for (const mix of ["UD", "Q8_0"] as const) {
      const { reports, bytes } = await inspected(model, mix, true, { context, kv: "f32" }, [1000 * GIB]);
      const [report] = reports as [(typeof reports)[0]];
      const block = model.experts ? 20 : 15;
      expect(report).toMatchObject({
        tensorCount: model.published.tensors + block,
        layers: { total: model.layers, mtp: 1 },
        mtp: true,
        notes: [],
        fits: true,
      });
      const layer = 2 * model.kvHeads * model.headSize * 4;
      expect(report.memory.kvPerToken).toBe(model.published.kvPerToken * 2 + layer);
      expect(report.memory.weights).toBe(bytes);
      const types = Object.keys(report.tensors);
      if (mix === "UD")
        expect(types).toEqual(expect.arrayContaining(["Q4_K", "Q6_K", "Q8_0", "F16", "BF16", "F32"]));
      if (mix === "Q8_0" && model.architecture === "qwen35moe") {
        expect(report.tensors).toMatchObject({
          F32: { count: 308 },
          Q8_0: { count: 443 },
          BF16: { count: 2 },
        });
      }
    }
  });
}

test("Qwen3-Next-80B-A3B in Q4_K_M has the types and the size that a loader printed", async () => {
  const next = PUBLISHED.find(({ name }) => name === "Qwen3-Next-80B-A3B")!;
  const { reports } = await inspected(next, "Q4_K_M", false, { context }, [1000 * GIB]);
  const { tensors, fileBytes } = reports[0]!;
  expect(tensors).toMatchObject({
    F32: { count: 313 },
    F16: { count: 48 },
    Q4_K: { count: 391 },
    Q6_K: { count: 55 },
  });
  expect((fileBytes / GIB).toFixed(2)).toBe("45.08");
});

test("a model that does not fit is refused with the catalogue's smaller one that does", async () => {
  const large = PUBLISHED.find(({ name }) => name.endsWith("27B"))!;
  const { reports } = await inspected(large, "Q4_K_M", false, { context }, [15.5 * GIB, 8 * GIB]);
  const advice = reports.map((report) => report.advice);
  expect(advice[0]).toMatch(
    /the same model in IQ4_XS, .*, or a smaller one, such as \S+ \(`foretype models pull \S+`\)\.$/,
  );
  expect(advice[1]).toMatch(
    /a smaller model, of 1\d\.\d billion parameters .* at most, such as \S+ \(`foretype models pull/,
  );
});
