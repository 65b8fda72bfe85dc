import { expect, test } from "vitest";
import { draftHeadSize, draftIds } from "../../../engine/model/index.ts";

const unused = 0xffffffff;

test("a small vocabulary is scored whole", () => {
  expect(draftHeadSize(4096)).toBe(4096);
  expect([...draftIds(6, 6, [5], [1])]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("of a large one the frequent ids, the special ones and the document's own are scored, each once", () => {
  const vocabulary = 248_320;
  const size = draftHeadSize(vocabulary);
  const special = [248_044, 248_045];
  const own = Array.from({ length: 900 }, (_, i) => 100_000 + i);
  const ids = [...draftIds(vocabulary, size, special, [...own, 7, 7, 9])];
  expect(size).toBeLessThan(40_000);
  expect(ids).toEqual(expect.arrayContaining([0, 1, 32_767, ...special, ...own]));
  expect(new Set(ids).size).toBe(size);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});

test("of a document with more ids of its own than there is room for, the newest are scored", () => {
  const vocabulary = 248_320;
  const own = Array.from({ length: 20_000 }, (_, i) => 60_000 + i);
  const ids = new Set(draftIds(vocabulary, draftHeadSize(vocabulary), [248_000], own));
  expect(ids.has(79_999)).toBe(true);
  expect(ids.has(60_000)).toBe(false);
  expect(ids.has(248_000)).toBe(true);
  expect(ids.has(unused)).toBe(false);
});

test("ids outside the vocabulary are not scored", () => {
  expect([...draftIds(40_000, 38_000, [50_000], [60_000])].every((id) => id < 40_000)).toBe(true);
});
