// What hands do to a text: keys, pastes, undo, several cursors.
import { press } from "../actions.ts";
import type { EditorWindow } from "../window.ts";
import { type Action, type Hands, keys, pick } from "./hands.ts";

const WORDS = [
  "const a = ",
  "this.",
  "if (b) {",
  "\n",
  "return ",
  "items",
  "(",
  ")",
  '"',
  " ",
  "; ",
  "# x\n",
  "\t",
  "é",
  "<p>",
];
const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "Control+Home"];
const BIG = "let a = 1;\n".repeat((5 << 20) / 11); // 5 MB
const SMALL = "const pasted = [\n  1,\n];\n";

async function paste(window: EditorWindow, text: string): Promise<string> {
  await window.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await press(window, "Control+V");
  return `${text.length} characters`;
}

/** Stays with it, types into it and takes it back; or at once, while the extension host still hears of it. */
async function pasteBig({ window, random }: Hands): Promise<string> {
  const pasted = await paste(window, BIG);
  if (random() < 0.4) {
    await press(window, "Control+Z");
    return `${pasted}, undone`;
  }
  await window.page.keyboard.type("const big = ");
  await window.page.waitForTimeout(300 + Math.floor(random() * 1000));
  await press(window, "Escape", "Control+A", "Delete");
  return `${pasted}, deleted`;
}

async function severalCursors(hands: Hands): Promise<string> {
  const { window, random } = hands;
  hands.severalCursors = true;
  await press(window, pick(["Control+Alt+ArrowDown", "Control+Alt+ArrowUp", "Control+D"], random));
  await window.page.keyboard.type(pick(WORDS, random));
  if (random() < 0.7) {
    await press(window, "Escape", "Escape", "ArrowLeft");
    hands.severalCursors = false;
  }
  return "";
}

export const TEXT: readonly Action[] = [
  {
    name: "type",
    weight: 50,
    async act({ window, random }) {
      const text = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(WORDS, random)).join("");
      await window.page.keyboard.type(text, { delay: random() < 0.3 ? 60 : 0 });
      return JSON.stringify(text);
    },
  },
  {
    name: "wait",
    weight: 12,
    async act({ window, random }) {
      const ms = Math.floor(random() * 400);
      await window.page.waitForTimeout(ms);
      return `${ms} ms`;
    },
  },
  { name: "escape", weight: 4, act: keys("Escape") },
  { name: "ask", weight: 3, act: keys("Alt+Backslash") },
  { name: "backspace", weight: 6, act: keys("Backspace", "Backspace", "Backspace") },
  { name: "delete", weight: 2, act: keys("Delete") },
  { name: "delete a word", weight: 2, act: keys("Control+Backspace") },
  { name: "undo", weight: 4, act: keys("Control+Z") },
  { name: "redo", weight: 2, act: keys("Control+Shift+Z") },
  { name: "move", weight: 7, act: (hands) => keys(pick(ARROWS, hands.random))(hands) },
  { name: "several cursors", weight: 2, act: severalCursors },
  { name: "paste", weight: 2, act: ({ window }) => paste(window, SMALL) },
  { name: "select all and cut", weight: 0.3, act: keys("Control+A", "Control+X") },
];

/** Takes some seconds. */
export const BIG_TEXT: readonly Action[] = [{ name: "paste 5 MB", weight: 0.4, act: pasteBig }];
