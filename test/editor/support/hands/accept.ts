// Keys that accept a suggestion, and what they accepted.
import { press } from "../actions.ts";
import { ghost } from "../ghost.ts";
import type { EditorWindow } from "../window.ts";
import { type Action, type Hands, keys, pick } from "./hands.ts";
import { lookAtPlaces, marksIn } from "./looks.ts";

interface Screen {
  readonly line: string;
  readonly ghost: string;
}

/** Remembers what the screen shows when a key comes down, before the editor sees the key. */
const WATCH_KEYS = `addEventListener("keydown", () => {
  globalThis.atKey = { line: screenReader.readLine(), ghost: screenReader.readGhost() };
}, true)`;

/** To be called before anything is accepted: from now on the page remembers, also when it is loaded again. */
export async function watchKeys({ page }: EditorWindow): Promise<void> {
  await page.addInitScript(WATCH_KEYS);
  await page.evaluate(WATCH_KEYS);
}

const TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
const COMMAND_MS = 3000; // a command of ours runs in the extension host, which may be busy

/**
 * Presses a key that may accept what is on the screen, and looks at where it went. `byCommand`: what has come to the screen by
 * the time that our command runs is accepted.
 */
const accepting =
  (key: string, byCommand = false): Action["act"] =>
  async (hands) => {
    const { page } = hands.window;
    await page.evaluate("screenReader.watch()");
    await press(hands.window, key);
    const before = (await page.evaluate<Screen>("atKey")).ghost;
    // A busy editor may take a suggestion late that was on the screen when the key came.
    if (byCommand || before !== "") await waitForChange(hands.window, before);
    else await page.waitForTimeout(40);
    await page.evaluate(TWO_FRAMES); // of a busy page none may have been painted since
    const frames = await page.evaluate<Screen[]>("screenReader.stop()");
    const atKey = await page.evaluate<Screen>("atKey");
    // The editor may have a suggestion that it has not painted yet, and accept it: the line shows it at once.
    const there = atKey.ghost === "" ? marksIn(atKey.line) : [];
    const seen = [atKey, ...frames].flatMap(({ line, ghost }) => marksIn(line + ghost));
    const fresh = [...new Set(seen)].filter((mark) => !there.includes(mark) && !hands.accepted.has(mark));
    for (const mark of fresh) hands.accepted.add(mark);
    if (fresh.length > 0 && !hands.severalCursors) await lookAtPlaces(hands, fresh);
    return `${key} → ${fresh.join(" ")}`;
  };

/** Waits until something else is suggested than before. */
async function waitForChange(window: EditorWindow, before: string): Promise<void> {
  const changed = `screenReader.readGhost() !== ${JSON.stringify(before)}`;
  const timeout = before === "" ? 500 : COMMAND_MS;
  await window.page.waitForFunction(changed, undefined, { timeout }).catch(() => {});
  await window.page.waitForTimeout(100);
}

async function typeAlong({ window, random }: Hands): Promise<string> {
  const text = (await ghost(window)).split("\n")[0]!.slice(0, 1 + Math.floor(random() * 3));
  await window.page.keyboard.type(text);
  return JSON.stringify(text);
}

const acceptTab: Action = { name: "accept", weight: 9, act: accepting("Tab") };
const acceptWord: Action = { name: "accept a word", weight: 3, act: accepting("Control+ArrowRight") };
const acceptLine: Action = { name: "accept a line", weight: 2, act: accepting("Control+Alt+L", true) };
const along: Action = { name: "type along", weight: 4, act: typeAlong };
const hide: Action = { name: "escape", weight: 0, act: keys("Escape") };
const undo: Action = { name: "undo", weight: 0, act: keys("Control+Z") };

/** What a look at a suggestion ends with. */
const ENDS = [acceptTab, acceptTab, acceptTab, acceptWord, acceptLine, hide, along, undo];
const HEADS = ["const a = ", "this.", "return ", "items.", "if (a) ", "let b = a + "];

/** Where a line ends, suggestions come: hands that only wander would see few. */
async function beginLine(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const text = pick(HEADS, random);
  await press(window, "End", "Enter");
  await window.page.keyboard.type(text);
  const patience = 100 + Math.floor(random() * 900);
  await window.page.waitForTimeout(patience);
  const { name, act } = pick(ENDS, random);
  return `${text}, ${patience} ms, ${name}: ${await act(hands)}`;
}

export const ACCEPTING: readonly Action[] = [
  { name: "begin a line and look", weight: 30, act: beginLine },
  along,
  acceptTab,
  acceptWord,
  acceptLine,
];
