import { expect, test } from "vitest";
import { openAt, type } from "./support/actions.ts";
import { waitForGhost } from "./support/ghost.ts";
import { useWindow } from "./support/use_window.ts";

// In a browser the editor asks before it opens a file of more than 10 MB.
const window = useWindow(() => ({ settings: { "workbench.editorLargeFileConfirmation": 100 } }));

// The editor itself draws no ghost text in a document of more than 300,000 lines, or 20 MiB: hence the long ones.
const NOTE = `    // ${"Items are kept in the order in which they were pushed. ".repeat(3)}\n`;
const METHOD = `${NOTE.repeat(5)}  push(item: T): void {\n    this.items.push(item);\n  }\n\n`;
const HALF = METHOD.repeat(Math.ceil(9_990_000 / METHOD.length));

// Opening it takes half a minute: with the torture tests only. What a keystroke reads is counted in the unit tests.
test.skipIf(!process.env.FORETYPE_TORTURE)(
  "in the middle of a file of 20 MB suggestions come as the user types",
  async () => {
    const text = `export class Stack<T> {\n  items: T[] = [];\n\n${HALF}  pop(): void {\n    ‸\n  }\n\n${HALF}}\n`;
    expect(text.length).toBeGreaterThan(19_900_000);
    expect(text.split("\n").length).toBeLessThan(300_000);
    await openAt(window, "big.ts", text);
    await type(window, "this.items.");
    expect(await waitForGhost(window)).not.toBe("");
  },
);
