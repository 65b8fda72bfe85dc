import { expect, test } from "vitest";
import { openAt, type } from "./support/actions.ts";
import { waitForGhost } from "./support/ghost.ts";
import { useWindow } from "./support/use_window.ts";

const window = useWindow();

const METHOD = "  push(item: T): void {\n    this.items.push(item);\n  }\n\n";
const METHODS = 175_000; // of 57 characters: 10 MB on each side of the cursor

test("in the middle of a file of 20 MB suggestions come as the user types", async () => {
  const half = METHOD.repeat(METHODS);
  const text = `export class Stack<T> {\n  items: T[] = [];\n\n${half}  pop(): void {\n    ‸\n  }\n\n${half}}\n`;
  expect(text.length).toBeGreaterThan(19_900_000);
  await openAt(window, "big.ts", text);
  await type(window, "this.items.");
  expect(await waitForGhost(window)).not.toBe("");
});
