import { expect, test } from "vitest";
import { TokenIds } from "../../../engine/text/token_ids.ts";
import { random, randomText } from "../../fixtures/text/vocabularies.ts";

test("ids are those of a Map, of which the last of equal texts counts", () => {
  const next = random(11);
  const tokens = Array.from({ length: 3000 }, () => randomText(next, 4));
  const expected = new Map(tokens.map((text, id) => [text, id]));
  expect(expected.size).toBeLessThan(tokens.length);
  const ids = new TokenIds(tokens);
  for (const text of [...tokens, ...Array.from({ length: 3000 }, () => randomText(next, 5))]) {
    expect(ids.get(text)).toBe(expected.get(text));
    expect(ids.has(text)).toBe(expected.has(text));
  }
});

test("a part of a text is found, and two parts as one, without making their strings", () => {
  const tokens = ["a", "b", "ab", "", "ba", "한국", "한", "국", "a b"];
  const ids = new TokenIds(tokens);
  const at = (text: string, from: number, to: number, skipped?: number) =>
    tokens[ids.find(text, from, to, skipped)];
  expect(at("xab", 1, 3)).toBe("ab");
  expect(at("xab", 2, 3)).toBe("b");
  expect(at("xab", 3, 3)).toBe("");
  expect(at("한 국", 0, 3, 1)).toBe("한국");
  expect(at("a b", 0, 3, 1)).toBe("ab");
  expect(at("a b", 0, 3)).toBe("a b");
  expect(at("b c", 0, 3, 1)).toBeUndefined();
  expect(new TokenIds([]).find("a", 0, 1)).toBe(-1);
});
