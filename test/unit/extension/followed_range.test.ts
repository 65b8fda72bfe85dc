import { describe, expect, test } from "vitest";
import { followRange, type TextChange } from "../../../extension/refactor/followed_range.ts";
import { type FollowedDocument, followSelection } from "../../../extension/refactor/followed_selection.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/** The text with `[` and `]` around the range → the text, and the range. */
function marked(text: string) {
  const start = text.indexOf("[");
  return { text: text.replace(/[[\]]/g, ""), range: { start, end: text.indexOf("]") - 1 } };
}

const applied = (text: string, changes: readonly TextChange[]): string =>
  changes.reduce(
    (before, change) =>
      before.slice(0, change.offset) + change.text + before.slice(change.offset + change.length),
    text,
  );

/** Replaces the one occurrence of `old`, or of the place marked by `|` in `old`. */
function replacing(text: string, old: string, by: string): TextChange {
  const at = old.includes("|") ? text.indexOf(old.replace("|", "")) + old.indexOf("|") : text.indexOf(old);
  return { offset: at, length: old.includes("|") ? 0 : old.length, text: by };
}

describe("a selection is followed through its document's changes", () => {
  const BOTH = "function a() {\n  [return read(key);]\n}\nfunction b() {\n  return read(key);\n}\n";
  const cases: [name: string, before: string, old: string, by: string, after: string | undefined][] = [
    ["text above moves it", BOTH, "function a", "/** A. */\nfunction a", BOTH.replace("f", "/** A. */\nf")],
    ["text below leaves it", BOTH, "function b", "function c", BOTH.replace("function b", "function c")],
    ["a change of its text ends it, though another place reads alike", BOTH, "return", "await", undefined],
    ["typing in it ends it", "a [b c] d", "b |c", "x", undefined],
    ["a replacement that spans it ends it", "a [b c] d", "a b c d", "a b c d", undefined],
    ["a replacement of its first half and more ends it", "a [b c] d", "a b", "a b", undefined],
    ["a replacement of its second half and more ends it", "a [b c] d", "c d", "c d", undefined],
    ["text inserted at its very start may belong to it", "f([a])", "f(|a", "b, ", undefined],
    ["text inserted at its very end may belong to it", "f([a])", "a|)", ", b", undefined],
    ["new indentation at its start touches it", "[a;]\n", "|a;", "  ", undefined],
    ["a line inserted at its start is above it", "a;\n[b;]\n", "\n|b;", "new;\n", "a;\nnew;\n[b;]\n"],
    ["a line inserted at its end is below it", "[a;]\nb;\n", "a;|", "\nnew;", "[a;]\nnew;\nb;\n"],
    ["a line break typed at its end is below it", "[a;]", "a;|", "\r\n", "[a;]\r\n"],
    ["text removed up to its start is outside", "x, [a]", "x, ", "", "[a]"],
    ["text replaced up to its start is outside", "foo.[a]", "foo.", "bar.", "bar.[a]"],
    ["text removed from its end on is outside", "[a]  \n", "  ", "", "[a]\n"],
    ["text replaced from its end on is outside", "[a];", ";", ",", "[a],"],
    ["text typed on the line below whole lines is outside", "[a;\n]b;", "|b;", "x", "[a;\n]xb;"],
    [
      "text typed before a line break that it begins with is outside",
      "{[\n  a;]",
      "{|",
      " // x",
      "{ // x[\n  a;]",
    ],
    ["nothing inserted into it is no change", "[ab]", "a|b", "", "[ab]"],
  ];
  for (const [name, before, old, by, after] of cases)
    test(name, () => {
      const { text, range } = marked(before);
      const change = replacing(text, old, by);
      const followed = followRange(range, [change], text.slice(range.start, range.end));
      expect(followed).toEqual(after === undefined ? undefined : marked(after).range);
      if (after !== undefined) expect(applied(text, [change])).toBe(marked(after).text);
    });

  test("an undo that brings the old text back does not bring the selection back", () => {
    const { range } = marked("a [b c] d");
    const typed = { offset: 3, length: 0, text: "x" };
    expect(followRange(range, [typed, { offset: 3, length: 1, text: "" }])).toBeUndefined();
  });

  test("several changes of one event are applied in their order, from the end as VS Code sends them", () => {
    const { text, range } = marked("a; [b;] c;");
    const changes = [
      { offset: 6, length: 2, text: "ccc;" },
      { offset: 0, length: 2, text: "aaa;" },
    ];
    expect(applied(text, changes)).toBe("aaa; b; ccc;");
    expect(followRange(range, changes)).toEqual({ start: 5, end: 7 });
  });
});

test("random edits: what is followed has the selection's own characters, or it has ended", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  let ends = 0;
  let moves = 0;
  for (let round = 0; round < 1000; round++) {
    // Each character has an identity of its own, so that equal text from elsewhere does not count.
    let next = 0;
    const fresh = (characters: string) => [...characters].map((character) => ({ character, id: next++ }));
    const some = (count: number) => fresh(Array.from({ length: count }, () => "ab\n  "[below(5)]).join(""));
    let document = some(20 + below(60));
    const start = below(document.length - 2);
    const end = start + 1 + below(document.length - start - 1);
    const original = document.slice(start, end).map(({ id }) => id);
    let range: { start: number; end: number } | undefined = { start, end };
    for (let step = 0; step < 12 && range; step++) {
      const offset = below(document.length + 1);
      const length = below(3) === 0 ? 0 : below(Math.min(6, document.length - offset + 1));
      const inserted = some(below(4));
      const text = inserted.map(({ character }) => character).join("");
      const touchesInside: boolean = offset < range.end && offset + length > range.start;
      const own = document.slice(range.start, range.end).map(({ character }) => character);
      range = followRange(range, [{ offset, length, text }], own.join(""));
      document = [...document.slice(0, offset), ...inserted, ...document.slice(offset + length)];
      if (!range) {
        ends++;
        continue;
      }
      moves++;
      const where = `seed ${seed}, round ${round}, step ${step}`;
      expect(touchesInside && (length > 0 || text !== ""), where).toBe(false);
      expect(
        document.slice(range.start, range.end).map(({ id }) => id),
        where,
      ).toEqual(original);
    }
  }
  expect(Math.min(ends, moves)).toBeGreaterThan(200); // both were seen
});

describe("the selection of a document", () => {
  /** A document as VS Code mirrors one: lines, and an end-of-line sequence. */
  function open(text: string, eol = 1) {
    let lines = text.split("\n");
    const document = {
      eol,
      isClosed: false,
      get text(): string {
        return lines.join(document.eol === 2 ? "\r\n" : "\n");
      },
      positionAt(offset: number) {
        const before = document.text.slice(0, offset).split(/\r?\n/);
        return { line: before.length - 1, character: before.at(-1)!.length };
      },
      offsetAt({ line, character }: { line: number; character: number }): number {
        const width = document.eol === 2 ? 2 : 1;
        return lines.slice(0, line).reduce((sum, one) => sum + one.length + width, 0) + character;
      },
      replace(old: string, by: string) {
        const rangeOffset = document.text.indexOf(old);
        lines = document.text.replace(old, by).split(/\r?\n/);
        return { contentChanges: [{ rangeOffset, rangeLength: old.length, text: by }] };
      },
      setEol(next: 1 | 2) {
        const rangeLength = document.text.length;
        document.eol = next;
        return { contentChanges: [{ rangeOffset: 0, rangeLength, text: document.text }] };
      },
    };
    const follow = (selected: string) => {
      const start = document.text.indexOf(selected);
      const range = { start, end: start + selected.length };
      return followSelection(document as unknown as FollowedDocument, range, selected);
    };
    return { document, follow };
  }
  type Changed = Parameters<ReturnType<typeof followSelection>["changed"]>[0];
  const event = (changes: object) => changes as Changed;

  test("survives another end-of-line sequence, there and back, and what is typed above in between", () => {
    const { document, follow } = open("a;\nb;\nc;\nd;\n");
    const selection = follow("c;");
    selection.changed(event(document.setEol(2)));
    expect(selection.range).toEqual({ start: 8, end: 10 });
    selection.changed(event(document.replace("a;", "a;\r\nnew;")));
    selection.changed(event(document.setEol(1)));
    const { start, end } = selection.range!;
    expect(document.text.slice(start, end)).toBe("c;");
  });

  test("ends with a replacement of the whole text that keeps the end-of-line sequence", () => {
    const { document, follow } = open("a;\nb;\n");
    const selection = follow("b;");
    selection.changed(event(document.replace("a;\nb;\n", "b;\na;\n")));
    expect([selection.range, selection.ended]).toEqual([undefined, "changed"]);
  });

  test("ends when the document is closed, not when its language mode changes, and stays ended", () => {
    const { document, follow } = open("a;\nb;\n");
    const selection = follow("b;");
    selection.closed(); // a change of the language mode closes and opens the same document
    expect(selection.range).toEqual({ start: 3, end: 5 });
    document.isClosed = true;
    selection.closed();
    expect([selection.range, selection.ended]).toEqual([undefined, "closed"]);
    document.isClosed = false;
    selection.changed(event(document.replace("a;", "x;")));
    expect([selection.range, selection.ended]).toEqual([undefined, "closed"]);
  });
});
