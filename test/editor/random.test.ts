// Random hands: keys, pastes, undo, several cursors, files, renames, notebooks, modes, models and splits, while suggestions arrive.
// The scripted model marks each suggestion with an identifier that nobody types, and with a sum of the line before the cursor. So
// a document shows whether a suggestion got into it that nobody accepted, or into the wrong place. `npm run torture` takes 10,000
// actions (`test/torture/hands.mjs`), and says for how long Foretype keeps the thread of the extension host.
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../reference/random.ts";
import { testSeed } from "../reference/seed.ts";
import { closeEditors, openAt, openTab, press, save, type } from "./support/actions.ts";
import { waitForGhost, waitForNoGhost } from "./support/ghost.ts";
import { ACCEPTING, watchKeys } from "./support/hands/accept.ts";
import { CELLS, NOTEBOOK } from "./support/hands/cells.ts";
import { FILES, WINDOW } from "./support/hands/files.ts";
import { intoText } from "./support/hands/focus.ts";
import { type Action, draw, type Hands, shuffled } from "./support/hands/hands.ts";
import { exceptions, strangers } from "./support/hands/looks.ts";
import { asBefore, MODELS, MODES, settingsOf } from "./support/hands/modes.ts";
import { BIG_TEXT, TEXT } from "./support/hands/text.ts";
import { measureHostThread } from "./support/host_thread/host_thread.ts";
import { STACK } from "./support/samples.ts";
import { scriptEngine } from "./support/scripted_engine.ts";
import { useWindow } from "./support/use_window.ts";
import { writeFiles } from "./support/window.ts";

/** `FORETYPE_HANDS`: for the long form, a file where it is told what became of the actions. */
const REPORT = process.env.FORETYPE_HANDS;
const ACTIONS = Number(process.env.FORETYPE_ACTIONS ?? 40);
const FIRST = 4; // of the short form, which begin a line
const CHECK_EVERY = 20; // actions
const ACTION_MS = 10_000; // for each, on a busy machine
const TOGETHER_MS = 300_000; // the window opens, and is looked at in the end
const NAMES = ["stack.ts", "tool.py", "page.html", "Makefile", "notes.md", "plan.ipynb"];

const QUICK: readonly Action[] = [...ACCEPTING, ...TEXT, ...FILES, ...CELLS, ...MODES];
const ALL: readonly Action[] = [...QUICK, ...BIG_TEXT, ...WINDOW];

/** With which suggestions come. */
const settings = {
  "foretype.languages": { "*": true, markdown: true, plaintext: true },
  "foretype.delay": 20,
};

let engine: ReturnType<typeof scriptEngine>;
let thread: Awaited<ReturnType<typeof measureHostThread>>;
beforeAll(async () => {
  engine = scriptEngine();
  engine.markCompletions();
  thread = await measureHostThread();
});
afterAll(() => {
  engine.dispose();
  thread.dispose();
});
const window = useWindow(() => ({
  settings: {
    ...settings,
    "files.saveConflictResolution": "overwriteFileOnDisk",
    "workbench.editor.enablePreview": false,
  },
  env: { ...engine.env, ...thread.env },
}));

test(`${ACTIONS} random actions: nothing that nobody accepted, nothing in a wrong place, no exception`, {
  retry: 0,
  timeout: TOGETHER_MS + ACTIONS * ACTION_MS,
}, async () => {
  const seed = testSeed(20_261_129);
  const random = seededRandom(seed);
  const hands: Hands = {
    window,
    random,
    before: settingsOf(window),
    accepted: new Set(),
    misplaced: [],
    severalCursors: false,
  };
  writeFiles(window.folder, Object.fromEntries(NAMES.map((path) => [path, "\n"])));
  writeFiles(window.folder, { "plan.ipynb": NOTEBOOK });
  writeFiles(window.profile, Object.fromEntries(MODELS.map((name) => [name, ""])));
  for (const path of NAMES) await openTab(window, path);
  await watchKeys(window);

  const done: string[] = [];
  const tally = new Map<string, number>();
  const tell = (fault?: string) => {
    const outcome = { seed, actions: done.length, accepted: hands.accepted.size, fault, host: thread.read() };
    if (REPORT !== undefined) writeFileSync(REPORT, JSON.stringify(outcome));
  };
  const check = async (at: number) => {
    const found = {
      "that nobody accepted": await strangers(hands),
      "in a wrong place": hands.misplaced,
      exceptions: exceptions(window),
    };
    const none = { "that nobody accepted": [], "in a wrong place": [], exceptions: [] };
    expect(found, `after action ${at}, seed ${seed}: ${JSON.stringify(found)}`).toEqual(none);
  };
  try {
    for (const [index, { name, act }] of planned(random).entries()) {
      await intoText(hands);
      done.push(`${name}: …`);
      done[index] = `${name}: ${await act(hands)}`;
      tally.set(name, (tally.get(name) ?? 0) + 1);
      if ((index + 1) % CHECK_EVERY === 0 || index + 1 === ACTIONS) {
        await check(index + 1);
        tell();
      }
    }
    console.log([...tally].map(([name, count]) => `${name} ${count}`).join(", "));
    expect(hands.accepted.size).toBeGreaterThan(0);

    // And it still works.
    await closeEditors(window);
    await openAt(window, "last.ts", STACK);
    await asBefore(hands);
    await type(window, "this");
    const text = await waitForGhost(window);
    await press(window, "Tab");
    await waitForNoGhost(window); // a busy editor may save before it has accepted
    expect(await save(window, "last.ts")).toBe(STACK.replace("‸", `this${text}`));
    expect(thread.read().reduce((sum, { other }) => sum + other.pieces, 0)).toBeGreaterThan(ACTIONS);
    tell();
  } catch (error) {
    tell(`${(error as Error).message}\n${done.slice(-CHECK_EVERY).join("\n")}`);
    throw error;
  }
});

/** The long form draws; the short one has each action that is rare and quick once. */
function planned(random: Hands["random"]): readonly Action[] {
  const drawn = (count: number, from: readonly Action[]) =>
    Array.from({ length: count }, () => draw(from, random));
  if (REPORT !== undefined) return drawn(ACTIONS, ALL);
  const rare = [...FILES, ...CELLS, ...MODES];
  const first = drawn(FIRST, ACCEPTING.slice(0, 1)); // before a mode or a setting keeps suggestions away
  const others = drawn(ACTIONS - FIRST - rare.length, [...ACCEPTING, ...TEXT]);
  return [...first, ...shuffled([...rare, ...others], random)];
}
