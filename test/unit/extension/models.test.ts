import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UserError } from "../../../engine/errors/index.ts";
import { fitSession } from "../../../engine/generate/index.ts";
import { openModelFile } from "../../../engine/model_file/index.ts";
import { memoryWarning, modelFacts, modelTrouble, refusal } from "../../../extension/models/roles.ts";
import { PUBLISHED } from "../../fixtures/headers/models.ts";
import { publishedFile, writeHeader } from "../../reference/write_header.ts";

const model = {
  path: "x.gguf",
  name: "X",
  architecture: "qwen35",
  parameters: 4_500_000,
  fileBytes: 1,
  contextLength: 1,
  mtpLayers: 0,
  neededBytes: 3 * 2 ** 29,
  controlTexts: ["<|endoftext|>"],
  mtpFiles: { unusable: [] },
};

test("a model fills the roles that it was trained for, and a refusal says what it lacks", () => {
  const chat = { ...model, completes: false, chats: true };
  expect(refusal(chat, "chat")).toBeUndefined();
  expect(refusal(chat, "completion")).toContain("“X” cannot complete code");
  const base = { ...model, completes: true, chats: false };
  expect(refusal(base, "completion")).toBeUndefined();
  expect(refusal(base, "chat")).toContain("no chat template");
});

test("a model in one line: size, memory, skills", () => {
  expect(modelFacts({ ...model, completes: true, chats: true })).toBe(
    "4.5 M parameters · needs 1.5 GiB of GPU memory · completes, explains and refactors",
  );
  expect(modelFacts({ ...model, parameters: 2.04e9, completes: false, chats: false })).toBe(
    "2.0 B parameters · needs 1.5 GiB of GPU memory",
  );
});

test("a model that needs more memory than the GPU has comes with a warning; an unknown GPU with none", () => {
  const needy = { ...model, completes: true, chats: true };
  expect(memoryWarning(needy, 2 ** 30)).toContain("needs 1.5 GiB of GPU memory and this GPU has 1.0 GiB");
  expect(memoryWarning(needy, 2 ** 31)).toBeUndefined();
  expect(memoryWarning(needy, null)).toBeUndefined();
});

describe("an error about a model", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "foretype-trouble-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is told from others by the fault's code: a file that is gone", async () => {
    const path = join(folder, "gone.gguf");
    const error = await openModelFile(path).then(
      () => undefined,
      (reason: UserError) => reason,
    );
    expect(error?.fault).toMatchObject({ code: "file-missing", path });
    expect(modelTrouble(error!.fault)).toBe("file");
    const stopped = { code: "engine-stopped", problem: "The engine stopped", advice: "see the log" } as const;
    expect(modelTrouble(stopped)).toBeUndefined();
  });

  test("is about memory where the engine says that it does not fit", async () => {
    const path = join(folder, "large.gguf");
    await writeHeader(path, publishedFile(PUBLISHED[0]!, "Q4_K_M", true));
    const { file, h } = await openModelFile(path);
    try {
      const wishes = { context: 4096, contextAsked: true, kvType: "f16", drafts: "auto" } as const;
      const fit = fitSession(file, h, wishes, { free: 2 ** 28, largestBuffer: Number.POSITIVE_INFINITY });
      expect(fit.fits ? undefined : modelTrouble(fit.fault)).toBe("memory");
    } finally {
      await file.close();
    }
  });
});
