import { expect, test } from "vitest";
import { typedCharacters } from "../../../extension/suggest/typed.ts";

const insert = (inserted: string) => ({ offset: 0, removed: 0, inserted });
const keys: readonly (readonly [inserted: string, keys: number])[] = [
  ["a", 1],
  ["𝒳", 1],
  ["()", 1],
  ["\n    ", 1],
  ["\r\n\t", 1],
  ["", 0],
  ["ab", 0],
  [`\n${" ".repeat(2000)}`, 0], // more than a line's indentation: pasted
  ["\n    return x;", 0],
];
for (const [inserted, count] of keys)
  test(`${JSON.stringify(inserted).slice(0, 30)} took ${count} key(s)`, () =>
    expect(typedCharacters([insert(inserted)])).toBe(count));

test("changes in several places at once were not typed at the cursor", () =>
  expect(typedCharacters([insert("a"), insert("a")])).toBe(0));
