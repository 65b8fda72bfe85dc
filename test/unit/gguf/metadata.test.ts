import { expect, test } from "vitest";
import {
  type MetadataValue,
  metadataBoolean,
  metadataFlags,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
} from "../../../engine/gguf/metadata.ts";

const file = {
  path: "models/toy.gguf",
  metadata: new Map<string, MetadataValue>([
    ["number", 25],
    ["large", 2n ** 60n],
    ["string", "qwen35"],
    ["boolean", false],
    ["strings", ["a", "b"]],
    ["no strings", []],
    ["numbers", Int32Array.of(11, 11, 10, 0)],
    ["bytes", Uint8Array.of(1, 0)],
    ["longs", BigInt64Array.of(-7n, 7n)],
    ["large longs", BigUint64Array.of(1n, 2n ** 60n)],
  ]),
};

test("a value of the right type is returned, a fallback or not", () => {
  expect(metadataNumber(file, "number")).toBe(25);
  expect(metadataNumber(file, "number", 4)).toBe(25);
  expect(metadataString(file, "string")).toBe("qwen35");
  expect(metadataBoolean(file, "boolean", true)).toBe(false);
  expect(metadataStrings(file, "strings")).toEqual(["a", "b"]);
  expect(metadataStrings(file, "no strings", ["x"])).toEqual([]);
  expect(metadataNumbers(file, "numbers")).toEqual(Int32Array.of(11, 11, 10, 0));
  expect([...metadataNumbers(file, "longs")]).toEqual([-7, 7]);
});

test("flags may be integers or booleans, or absent", () => {
  expect(metadataFlags(file, "numbers")).toEqual([true, true, true, false]);
  expect(metadataFlags(file, "bytes")).toEqual([true, false]);
  expect(metadataFlags(file, "none")).toBe(undefined);
});

test("a fallback replaces a missing key, even one that is zero, empty or false", () => {
  expect(metadataNumber(file, "none", 0)).toBe(0);
  expect(metadataString(file, "none", "")).toBe("");
  expect(metadataBoolean(file, "none", false)).toBe(false);
  expect(metadataNumbers(file, "none", [])).toEqual([]);
  expect(metadataStrings(file, "none", [])).toEqual([]);
});

const refused: readonly [sentence: string, read: () => unknown][] = [
  [
    "toy.gguf has no metadata key none: choose another file of this model.",
    () => metadataNumber(file, "none"),
  ],
  [
    "toy.gguf has a string in metadata key string where a number is needed: choose another file of this model.",
    () => metadataNumber(file, "string", 3),
  ],
  [
    "toy.gguf has 1152921504606846976, which is beyond 2^53, in metadata key large where a number is needed: choose another file of this model.",
    () => metadataNumber(file, "large"),
  ],
  [
    "toy.gguf has a number in metadata key number where a string is needed: choose another file of this model.",
    () => metadataString(file, "number"),
  ],
  [
    "toy.gguf has a number in metadata key number where a boolean is needed: choose another file of this model.",
    () => metadataBoolean(file, "number"),
  ],
  [
    "toy.gguf has an array of strings in metadata key strings where an array of numbers is needed: choose another file of this model.",
    () => metadataNumbers(file, "strings"),
  ],
  [
    "toy.gguf has an array of numbers beyond 2^53 in metadata key large longs where an array of numbers is needed: choose another file of this model.",
    () => metadataNumbers(file, "large longs"),
  ],
  [
    "toy.gguf has an array of numbers in metadata key numbers where an array of strings is needed: choose another file of this model.",
    () => metadataStrings(file, "numbers"),
  ],
  [
    "toy.gguf has a number in metadata key number where an array of numbers is needed: choose another file of this model.",
    () => metadataNumbers(file, "number"),
  ],
];

test.each(refused)("refused: %s", (sentence, read) => {
  expect(read).toThrow(expect.objectContaining({ name: "UserError", message: sentence }));
});
