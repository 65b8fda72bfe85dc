// Random hands: keys, pastes, undo, several cursors, files and splits, while suggestions arrive. The scripted model marks each
// suggestion with an identifier that nobody types, and with a sum of the line before the cursor. So a document shows whether a
// suggestion got into it that nobody accepted, or into the wrong place. `npm run torture` takes 10,000 actions.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Random, seededRandom } from "../reference/random.ts";
import { testSeed } from "../reference/seed.ts";
import { closeEditors, focusEditor, openAt, openTab, press, save, type } from "./support/actions.ts";
import { ghost, waitForGhost } from "./support/ghost.ts";
import { STACK } from "./support/samples.ts";
import { headSum, scriptEngine } from "./support/scripted_engine.ts";
import { useWindow } from "./support/use_window.ts";
import { writeFiles } from "./support/window.ts";

const LONG = process.env.FORETYPE_TORTURE !== undefined;
const ACTIONS = LONG ? 10_000 : 60;
const CHECK_EVERY = 20; // actions
const TELL_EVERY = LONG ? 500 : ACTIONS;
const BIG = 5 << 20; // characters of a large paste
const MARK = /gh0st(\d+)x([0-9a-z]{3})z/g;
const FILES = ["stack.ts", "tool.py", "page.html", "Makefile", "notes.md"];

let engine: ReturnType<typeof scriptEngine>;
beforeAll(() => {
  engine = scriptEngine();
  engine.markCompletions();
});
afterAll(() => engine.restore());
const window = useWindow(() => ({
  settings: { "foretype.languages": { "*": true, markdown: true, plaintext: true }, "foretype.delay": 20 },
  env: engine.env,
}));

/** What hands may do, with how often; what each does next depends on `random` alone, so that a seed plays again. */
interface Action {
  readonly name: string;
  readonly weight: number;
  /** Answers what was done, for the report of a failure. */
  readonly act: (random: Random) => Promise<string>;
}

/** Identifiers of suggestions that were on the screen when a key was pressed that accepts. */
const accepted = new Set<string>();
let severalCursors = false;
const misplaced: string[] = [];

const keysOf =
  (...keys: string[]) =>
  async (): Promise<string> => {
    await press(window, ...keys);
    return keys.join(" ");
  };

const pick = <Item>(items: readonly Item[], random: Random): Item =>
  items[Math.floor(random() * items.length)]!;

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

const marksIn = (text: string): string[] => [...text.matchAll(MARK)].map(([mark]) => mark);

interface Screen {
  readonly line: string;
  readonly ghost: string;
}

/** Remembers what the screen shows when a key comes down, before the editor sees the key. */
const WATCH_KEYS = `addEventListener("keydown", () => {
  globalThis.atKey = { line: screenReader.readLine(), ghost: screenReader.readGhost() };
}, true)`;

/**
 * Presses a key that may accept what is on the screen, and looks at where it went. `settlesMs`: how long the key may take; a
 * command of ours runs in the extension host, and what has come to the screen by then is accepted.
 */
const accepting =
  (key: string, settlesMs = 40) =>
  async (): Promise<string> => {
    await window.page.evaluate("screenReader.watch()");
    await press(window, key);
    await window.page.waitForTimeout(settlesMs);
    const frames = await window.page.evaluate<Screen[]>("screenReader.stop()");
    const atKey = await window.page.evaluate<Screen>("atKey");
    // The editor may have a suggestion that it has not painted yet, and accept it: the line shows it at once.
    const there = atKey.ghost === "" ? marksIn(atKey.line) : [];
    const seen = [atKey, ...frames].flatMap(({ line, ghost }) => marksIn(line + ghost));
    const fresh = [...new Set(seen)].filter((mark) => !there.includes(mark) && !accepted.has(mark));
    for (const mark of fresh) accepted.add(mark);
    if (fresh.length > 0 && !severalCursors) await lookAtPlaces(fresh);
    return `${key} → ${fresh.join(" ")}`;
  };

/** Each of these identifiers that is in a document comes after the text that it was made for. */
async function lookAtPlaces(marks: readonly string[]): Promise<void> {
  const lines = [...(await documents()).values()].join("\n").split("\n");
  for (const mark of marks) {
    const line = lines.find((one) => one.includes(mark));
    if (line === undefined) continue; // it was on the screen, and not accepted
    const head = line.slice(0, line.indexOf(mark));
    if (headSum(head) !== mark.slice(-4, -1)) misplaced.push(`${mark} after ${JSON.stringify(head)}`);
  }
}

const ACTIONS_OF_HANDS: readonly Action[] = [
  {
    name: "type",
    weight: 50,
    async act(random) {
      const text = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(WORDS, random)).join("");
      await window.page.keyboard.type(text, { delay: random() < 0.3 ? 60 : 0 });
      return JSON.stringify(text);
    },
  },
  {
    name: "wait",
    weight: 12,
    async act(random) {
      const ms = Math.floor(random() * 400);
      await window.page.waitForTimeout(ms);
      return `${ms} ms`;
    },
  },
  {
    name: "type along",
    weight: 4,
    async act(random) {
      const text = (await ghost(window)).split("\n")[0]!.slice(0, 1 + Math.floor(random() * 3));
      await window.page.keyboard.type(text);
      return JSON.stringify(text);
    },
  },
  { name: "accept", weight: 9, act: accepting("Tab") },
  { name: "accept a word", weight: 3, act: accepting("Control+ArrowRight") },
  { name: "accept a line", weight: 2, act: accepting("Control+Alt+L", 500) },
  { name: "escape", weight: 4, act: keysOf("Escape") },
  { name: "ask", weight: 3, act: keysOf("Alt+Backslash") },
  { name: "backspace", weight: 6, act: keysOf("Backspace", "Backspace", "Backspace") },
  { name: "delete", weight: 2, act: keysOf("Delete") },
  { name: "delete a word", weight: 2, act: keysOf("Control+Backspace") },
  { name: "undo", weight: 4, act: keysOf("Control+Z") },
  { name: "redo", weight: 2, act: keysOf("Control+Shift+Z") },
  {
    name: "move",
    weight: 7,
    async act(random) {
      const key = pick(
        ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "Control+Home"],
        random,
      );
      await press(window, key);
      return key;
    },
  },
  {
    name: "several cursors",
    weight: 2,
    async act(random) {
      severalCursors = true;
      await press(window, pick(["Control+Alt+ArrowDown", "Control+Alt+ArrowUp", "Control+D"], random));
      await window.page.keyboard.type(pick(WORDS, random));
      if (random() < 0.7) {
        await press(window, "Escape", "Escape", "ArrowLeft");
        severalCursors = false;
      }
      return "";
    },
  },
  {
    name: "paste",
    weight: 2,
    async act(random) {
      const big = LONG && random() < 0.05;
      const text = big ? "let a = 1;\n".repeat(BIG / 11) : "const pasted = [\n  1,\n];\n";
      await window.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
      await press(window, "Control+V");
      if (big) await press(window, "Control+Z");
      return `${text.length} characters`;
    },
  },
  { name: "another file", weight: 3, act: keysOf("Control+PageDown") },
  {
    name: "change on disk",
    weight: 0.5,
    async act(random) {
      const path = pick(FILES, random);
      writeFiles(window.folder, { [path]: `${"// from outside\n".repeat(Math.ceil(random() * 9))}` });
      return path;
    },
  },
  { name: "split", weight: 0.5, act: keysOf("Control+Backslash") },
  { name: "select all and cut", weight: 0.3, act: keysOf("Control+A", "Control+X") },
];

// Where a line ends, suggestions come: hands that only wander would see few.
const TASKS: readonly Action[] = [
  {
    name: "begin a line and look",
    weight: 30,
    async act(random) {
      const text = pick(["const a = ", "this.", "return ", "items.", "if (a) ", "let b = a + "], random);
      await press(window, "End", "Enter");
      await window.page.keyboard.type(text);
      const patience = 100 + Math.floor(random() * 900);
      await window.page.waitForTimeout(patience);
      const what = pick(
        ["accept", "accept", "accept a word", "accept a line", "escape", "type along", "undo"],
        random,
      );
      return `${text}, ${patience} ms, ${what}: ${await actionOf(what).act(random)}`;
    },
  },
  ...ACTIONS_OF_HANDS,
];

const actionOf = (name: string): Action => ACTIONS_OF_HANDS.find((action) => action.name === name)!;

const TOTAL = TASKS.reduce((sum, { weight }) => sum + weight, 0);

function next(random: Random): Action {
  let left = random() * TOTAL;
  for (const action of TASKS) {
    left -= action.weight;
    if (left < 0) return action;
  }
  return TASKS[0]!;
}

/** All files of the workspace as they are in the editors: path → text. */
async function documents(): Promise<Map<string, string>> {
  await press(window, "Control+Alt+S");
  // A file that was changed on the disk meanwhile is not saved, and the editor says so: its text there counts.
  await expect
    .poll(() => window.page.locator(".tab.dirty").count(), { timeout: 1000 })
    .toBe(0)
    .catch(() => {});
  return new Map(FILES.map((path) => [path, readFileSync(join(window.folder, path), "utf8")]));
}

/** Lines of all logs that tell of an exception in our code. */
function exceptions(): string[] {
  const paths = readdirSync(window.profile, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".log"),
  );
  return paths.flatMap((path) => {
    const ours = /foretype/i.test(path);
    const tells = ours
      ? /\[error\]|TypeError|RangeError/
      : /foretype.*\[error\]|\[error\].*foretype|extension\.cjs:\d/i;
    const lines = readFileSync(join(window.profile, path), "utf8").split("\n");
    return lines.filter((line) => tells.test(line)).map((line) => `${path}: ${line}`);
  });
}

test(`${ACTIONS} random actions: nothing that nobody accepted, nothing in a wrong place, no exception`, {
  retry: 0,
  timeout: LONG ? 7_200_000 : 180_000,
}, async () => {
  const seed = testSeed(LONG ? undefined : 20_261_129);
  const random = seededRandom(seed);
  console.log(`seed ${seed}`);
  writeFiles(window.folder, Object.fromEntries(FILES.map((path) => [path, "\n"])));
  for (const path of FILES) {
    await openTab(window, path);
    await press(window, "Control+K", "Enter"); // keeps the tab
  }
  await focusEditor(window);
  await window.page.evaluate(WATCH_KEYS);
  const done: string[] = [];
  const tally = new Map<string, number>();
  for (let at = 1; at <= ACTIONS; at++) {
    const { name, act } = next(random);
    done.push(`${name}: ${await act(random)}`);
    tally.set(name, (tally.get(name) ?? 0) + 1);
    if (at % CHECK_EVERY === 0 || at === ACTIONS) {
      const last = () => `after action ${at}, seed ${seed}:\n${done.slice(-CHECK_EVERY).join("\n")}`;
      const strangers = [...(await documents())].flatMap(([path, text]) =>
        marksIn(text)
          .filter((mark) => !accepted.has(mark))
          .map((mark) => `${path}: ${mark}`),
      );
      expect(strangers, last()).toEqual([]);
      expect(misplaced, last()).toEqual([]);
      expect(exceptions(), last()).toEqual([]);
      await focusEditor(window); // what a notification or a menu took
    }
    if (at % TELL_EVERY === 0)
      console.log(`${at} actions, ${accepted.size} suggestions near an accepting key`);
  }
  console.log([...tally].map(([name, count]) => `${name} ${count}`).join(", "));
  expect(accepted.size).toBeGreaterThan(0);

  // And it still works.
  await closeEditors(window);
  await openAt(window, "last.ts", STACK);
  await type(window, "this");
  const text = await waitForGhost(window);
  await press(window, "Tab");
  expect(await save(window, "last.ts")).toBe(STACK.replace("‸", `this${text}`));
});
