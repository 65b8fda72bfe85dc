import { expect, test } from "vitest";
import { hiddenCharacters, withHiddenShown } from "../../../extension/words/index.ts";

test("each hidden character is named once, and what is known already is not", () => {
  expect(hiddenCharacters("a\u202eb\u2066c\u202ed\u{e0041}\x1b")).toEqual([
    "U+202E",
    "U+2066",
    "U+E0041",
    "U+001B",
  ]);
  expect(hiddenCharacters("\ufeffa\u00ad", "\ufeff")).toEqual(["U+00AD"]);
});

test("a page shows them by name, and leaves text, line ends, scripts and emoji as they are", () => {
  expect(withHiddenShown("if (a\u202e) {\u2066")).toBe("if (a⟨U+202E⟩) {⟨U+2066⟩");
  const text = "\tnaïve 한국어 می‌خواهم 👩‍💻 ❤️\r\n";
  expect(withHiddenShown(text)).toBe(text);
});
