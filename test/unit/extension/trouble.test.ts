import { expect, test } from "vitest";
import { type Trouble, troubleAfter, troubleIn } from "../../../extension/status/trouble.ts";
import { record, silent } from "../../fixtures/extension/records.ts";

const FAILED = { id: "engine-error", problem: "It failed" };
const MISSING = { id: "engine-error", problem: "The model is missing", code: "file-missing" } as const;
const { uri } = record();
const other = "file:///other.ts";
const after = (records: readonly Parameters<typeof troubleAfter>[1][]): Trouble | null =>
  records.reduce<Trouble | null>(
    (trouble, one) => troubleAfter(trouble, one, ({ code }) => code === "file-missing"),
    null,
  );
const prompt = { context: [], prefixCharacters: 1, suffixCharacters: 1, middleCharacters: 1, tokens: 9 };
const asked = silent({ id: "no-text", problem: "Nothing" }, { prompt: { ...prompt, computedTokens: 9 } });
const gated = silent({ id: "mid-word", problem: "Inside a word" }, { prompt: null });

test("an error shows in the file where it came up, and in no other", () => {
  const trouble = after([silent(FAILED)]);
  expect(troubleIn(trouble, uri)).toEqual(FAILED);
  expect(troubleIn(trouble, other)).toBeNull();
  expect(troubleIn(trouble, undefined)).toBeNull();
});

test("what is wrong with the model shows everywhere", () => {
  for (const where of [uri, other, undefined])
    expect(troubleIn(after([silent(MISSING)]), where)).toEqual(MISSING);
});

test("the next question clears it, and of trouble with the model, the next one that asks the model", () => {
  expect(after([silent(FAILED), gated])).toBeNull();
  expect(after([silent(FAILED), record()])).toBeNull();
  expect(after([silent(MISSING), gated])?.silence).toEqual(MISSING);
  expect(after([silent(MISSING), record()])).toBeNull();
  expect(after([silent(MISSING), asked])).toBeNull();
});
