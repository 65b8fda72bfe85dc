import { expect, test, vi } from "vitest";
import { cursorTextAt, windowAround } from "../../../engine/complete/index.ts";
import { textAround, textOfLines } from "../../../extension/editor/index.ts";
import { questionAt } from "../../../extension/suggest/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { Position, read, type TextDocument, user } from "../support/editor.ts";
import { createTypingHost } from "../support/typing_host.ts";

vi.mock("vscode", () => import("../support/editor.ts"));

type Real = Parameters<typeof questionAt>;

const LINE = "  const total = sum(values, (value) => value.count);\n";
const SIZE = 20_000_000;
const BOUND = 200_000; // characters: what is read before the cursor and after it, and some lines twice
const SUMS = 50_000; // line lengths added up for offsets: those of the longest document that is read whole

/** Types at a place of a document while another big one is open, and answers what each key cost, and what it showed. */
async function typeIn(text: string, line: number, character: number, keys: string, recordTyping = false) {
  const host = createTypingHost({ answer: "items.filter(Boolean);\n", recordTyping });
  const other = user.open("/other.ts", "typescript", LINE.repeat(SIZE / LINE.length));
  const document = user.open("/big.ts", "typescript", text);
  user.goTo(document, new Position(line, character));
  const costs: { characters: number; sums: number }[] = [];
  let shown = 0;
  for (const key of keys) {
    Object.assign(read, { characters: 0, sums: 0 });
    shown += (await user.type(key)).length;
    costs.push({ ...read });
  }
  host.dispose();
  for (const one of [document, other]) user.close(one);
  const last = host.pipeline.traces().at(-1)!;
  return { costs: costs.slice(1), shown, last }; // the first key adds up all lines above it, once
}

const code = LINE.repeat(SIZE / LINE.length);
const lines = Math.floor(SIZE / LINE.length);

for (const recordTyping of [false, true])
  for (const [where, line] of [
    ["start", 1],
    ["middle", lines >> 1],
    ["end", lines - 1],
  ] as const)
    test(`a key at the ${where} of 20 MB reads no more than a prompt has room for${recordTyping ? ", recorded or not" : ""}`, async () => {
      const { costs, shown } = await typeIn(code, line, LINE.length - 1, "\n  next = ", recordTyping);
      expect(shown).toBeGreaterThan(5);
      for (const { characters, sums } of costs) {
        expect(characters).toBeLessThan(BOUND);
        expect(sums).toBeLessThan(SUMS);
      }
    });

test("a key among 7 million short lines reads no more, and looks at no more lines", async () => {
  const { costs, shown } = await typeIn("a;\n".repeat(SIZE / 3), 3_000_000, 2, "\nb = ");
  expect(shown).toBeGreaterThan(2);
  for (const { characters, sums } of costs) {
    expect(characters).toBeLessThan(BOUND);
    expect(sums).toBeLessThan(SUMS);
  }
});

test("in one line of 20 MB nothing is read, at its end and at its start, and the reason says so", async () => {
  const long = LINE.trimEnd().repeat(SIZE / LINE.length);
  for (const character of [long.length, 5]) {
    const { costs, shown, last } = await typeIn(long, 0, character, "abc");
    expect(shown).toBe(0);
    expect(last.outcome).toMatchObject({ kind: "nothing", silence: { id: "long-line" } });
    expect([last.line, last.column]).toEqual([1, character + 4]);
    for (const { characters } of costs) expect(characters).toBe(0);
  }
});

test("a key below a line of 20 MB reads its end only", async () => {
  const { costs, shown } = await typeIn(`${LINE.trimEnd().repeat(SIZE / LINE.length)}\n\n`, 1, 0, "next = ");
  expect(shown).toBeGreaterThan(5);
  for (const { characters } of costs) expect(characters).toBeLessThan(BOUND);
});

test("a pasted part of 20 MB is not read again with each key in another file", async () => {
  const host = createTypingHost({ answer: "items.filter(Boolean);\n" });
  const pasted = user.open("/pasted.ts", "typescript", "");
  user.goTo(pasted, new Position(0, 0));
  await user.type(code);
  const document = user.open("/small.ts", "typescript", "\n");
  user.goTo(document, new Position(0, 0));
  await user.type("a");
  Object.assign(read, { characters: 0, sums: 0 });
  await user.type("b");
  expect(read.characters).toBeLessThan(BOUND);
  host.dispose();
  for (const one of [pasted, document]) user.close(one);
});

/** A text with lines of all lengths, and a cursor in it. */
function randomText(random: () => number): string {
  const parts: string[] = [];
  for (let size = random() * 600_000; size > 0; ) {
    const length = Math.floor(random() < 0.01 ? random() * 60_000 : random() * 60);
    parts.push("x".repeat(length));
    size -= length + 1;
  }
  return parts.join("\n");
}

test("random texts and cursors: a part of a document gives the same text at the cursor as all of it", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 60; round++) {
    const text = randomText(random);
    const cursor = Math.floor(random() * (text.length + 1));
    const { start, end } = windowAround(cursor);
    const whole = { uri: "u", path: "p", languageId: "l", text, version: 1, readOnly: false };
    const part = { ...whole, text: text.slice(start, end), start };
    expect(cursorTextAt(part, cursor), `seed ${seed}, round ${round}`).toEqual(cursorTextAt(whole, cursor));
  }
});

test("random documents: the editor's question has the text at the cursor, and where it begins", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round++) {
    const text = randomText(random);
    const document: TextDocument = user.open("/random.ts", "typescript", text);
    const position = document.positionAt(Math.floor(random() * (text.length + 1)));
    const cursor = document.offsetAt(position);
    const question = questionAt(document as unknown as Real[0], position as unknown as Real[1], {
      trigger: "automatic",
      readOnly: false,
    });
    const { text: part, start = 0 } = question.document;
    const note = `seed ${seed}, round ${round}`;
    expect(question.cursor, note).toBe(cursor);
    expect(text.slice(start, start + part.length), note).toBe(part);
    expect(question.linePlace, note).toMatchObject({ line: position.line, character: position.character });
    if (position.character <= 1000)
      expect(cursorTextAt(question.document, cursor), note).toEqual(
        cursorTextAt({ ...question.document, text, start: 0 }, cursor),
      );
    user.close(document);
  }
});

test("lines are read up to a limit", () => {
  const document = user.open("/lines.ts", "typescript", "one\ntwo\nthree") as unknown as Real[0];
  expect(textOfLines(document, 0, 2, 100)).toBe("one\ntwo\nthree");
  expect(textOfLines(document, 0, 1, 100)).toBe("one\ntwo");
  expect(textOfLines(document, 0, 2, 6)).toBe("one\ntw");
  expect(textOfLines(document, 0, 2, 4)).toBe("one\n");
  expect(textOfLines(document, 2, 2, 2)).toBe("th");
  expect(textAround(document, new Position(1, 1) as unknown as Real[1])).toEqual({
    text: "one\ntwo\nthree",
    start: 0,
    linePlace: { line: 1, character: 1, lineLength: 3 },
  });
});
