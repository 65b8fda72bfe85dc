import { expect, test } from "vitest";
import { modelFacts, refusal } from "../../extension/model_roles.ts";
import { l10n } from "../fixtures/extension/l10n.ts";

const model = {
  path: "x.gguf",
  name: "X",
  architecture: "qwen35",
  parameters: 4_500_000,
  fileBytes: 1,
  contextLength: 1,
  mtpLayers: 0,
  neededBytes: 3 * 2 ** 29,
};

test("a model fills the roles that it was trained for, and a refusal says what it lacks", () => {
  const chat = { ...model, completes: false, chats: true };
  expect(refusal(chat, "chat", l10n)).toBeUndefined();
  expect(refusal(chat, "completion", l10n)).toContain("“X” cannot complete code");
  const base = { ...model, completes: true, chats: false };
  expect(refusal(base, "completion", l10n)).toBeUndefined();
  expect(refusal(base, "chat", l10n)).toContain("no chat template");
});

test("a model in one line: size, memory, skills", () => {
  expect(modelFacts({ ...model, completes: true, chats: true }, l10n)).toBe(
    "4.5 M parameters · needs 1.5 GiB of GPU memory · completes, explains and refactors",
  );
  expect(modelFacts({ ...model, parameters: 2.04e9, completes: false, chats: false }, l10n)).toBe(
    "2.0 B parameters · needs 1.5 GiB of GPU memory",
  );
});
