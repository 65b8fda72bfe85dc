// What hands change about suggestions while they come: settings, as a file that is written, and commands; the model.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { press, statusBar } from "../actions.ts";
import { ANSWER_MS } from "../ghost.ts";
import type { EditorWindow } from "../window.ts";
import { type Action, type Hands, keys, pick } from "./hands.ts";

/** Names of model files; the scripted engine opens any. */
export const MODELS = ["one.gguf", "two.gguf"];

const SHOWS_MS = 3000;
const MODEL = "foretype.model.completion";
const OTHERS: Readonly<Record<string, readonly unknown[]>> = {
  "foretype.trigger": ["automatic", "manual"],
  "foretype.profile": ["balanced", "eco"],
  "foretype.eagerness": ["conservative", "balanced", "eager"],
  "foretype.delay": ["adaptive", 0, 300],
  "foretype.multiline": ["auto", "always", "never"],
  "foretype.inComments": [true, false],
  "foretype.maxLines": [1, 4, 40],
  "foretype.speculate": [true, false],
  "foretype.contextTokens": [1024, 8192],
  "foretype.context.recentEdits": [true, false],
  "foretype.context.definitions": [true, false],
  "foretype.context.openFiles": [true, false],
  "foretype.exclude": [[], ["*.py"], ["!*", "one*"]],
  "foretype.statistics": [true, false],
  "foretype.recordTyping": [true, false],
  "foretype.statusBar": ["full", "compact"],
  "foretype.languages": [{ "*": true }, { "*": false, typescript: true }],
  "foretype.model.unloadAfterMinutes": [1, 30],
  "editor.inlineSuggest.enabled": [true, false],
  "editor.quickSuggestions": [{ other: "on", comments: "on", strings: "on" }],
  "editor.tabSize": [2, 8],
  "editor.autoClosingBrackets": ["always", "never"],
};

const OF_MACHINE = new Set([MODEL, "foretype.model.unloadAfterMinutes", "foretype.recordTyping"]);

/** The content of a window's files of settings, by path. */
export const settingsOf = ({ settingsFiles: { user, machine } }: EditorWindow): Hands["before"] =>
  new Map(
    [user, machine].map((path) => [path, existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {}]),
  );

const TOGGLE = "Control+Alt+E";
const SNOOZE = "Control+Alt+Z";

/** Writes some settings, and puts all others back as they were before, but for `foretype.enable`, which a key changes. */
function writeFiles({ window, before }: Hands, some: Readonly<Record<string, unknown>>): void {
  const { user, machine } = window.settingsFiles;
  for (const [path, settings] of before) {
    const own = Object.entries(some).filter(([name]) => path === (OF_MACHINE.has(name) ? machine : user));
    writeFileSync(path, JSON.stringify({ ...settings, ...Object.fromEntries(own) }));
  }
}

/**
 * The same, and has the editor see it. A served one does not see that its files changed: it reads them when it has written a
 * setting itself, as it does for the key that turns suggestions off and on.
 */
async function write(hands: Hands, some: Readonly<Record<string, unknown>>): Promise<void> {
  writeFiles(hands, some);
  await press(hands.window, TOGGLE, TOGGLE);
}

const OVERTYPE = '[id="status.editor.inputMode"]';

/** Undoes what the actions left on, each of which may have lost a key to a busy editor: suggestions come again. */
export async function asBefore(hands: Hands): Promise<void> {
  const { window } = hands;
  const shows = { timeout: ANSWER_MS };
  if ((await window.page.locator(OVERTYPE).count()) > 0) await press(window, "Insert");
  writeFiles(hands, {});
  // The status bar of a busy editor tells late; the file tells what the key has written.
  const { user } = window.settingsFiles;
  const isOn = (): unknown => JSON.parse(readFileSync(user, "utf8"))["foretype.enable"];
  await press(window, TOGGLE);
  await expect.poll(isOn, shows).toBeDefined();
  if (isOn() === false) await press(window, TOGGLE);
  await expect.poll(isOn, shows).toBe(true);
  const label = async () => (await statusBar(window)).label;
  await expect.poll(label, shows).toMatch(/Ready\.|Snoozed/);
  if ((await label()).includes("Snoozed")) await press(window, SNOOZE);
  await expect.poll(label, shows).toContain("Ready.");
}

async function changeSettings(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const names = Object.keys(OTHERS);
  const chosen = Array.from({ length: Math.ceil(random() * 3) }, () => pick(names, random));
  const some = Object.fromEntries(chosen.map((name) => [name, pick(OTHERS[name]!, random)]));
  await write(hands, some);
  await window.page.waitForTimeout(Math.floor(random() * 300));
  return JSON.stringify(some);
}

/** Another model, while suggestions of the last one may be on their way. */
async function switchModel(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const model = pick(["mini", ...MODELS.map((name) => join(window.profile, name))], random);
  await write(hands, { [MODEL]: model });
  await window.page.keyboard.type(pick(["this.", "a = ", "\n"], random));
  await window.page.waitForTimeout(Math.floor(random() * 300));
  return model;
}

/** Turns something off, types, and turns it on again. */
const offAndOn =
  (key: string): Action["act"] =>
  async ({ window, random }) => {
    await press(window, key);
    await window.page.keyboard.type(pick(["let c = ", "return "], random));
    await window.page.waitForTimeout(200 + Math.floor(random() * 300));
    await press(window, key);
    return key;
  };

/** For the least minutes that are offered, and wakes them. */
async function snooze({ window, random }: Hands): Promise<string> {
  const refuses = random() < 0.3;
  await press(window, SNOOZE);
  const row = window.page.locator(".quick-input-list .monaco-list-row", { hasText: "5 minutes" }).first();
  const asked = await row.waitFor({ timeout: SHOWS_MS }).then(
    () => true,
    () => false,
  );
  if (!asked) return "woken";
  if (refuses) {
    await press(window, "Escape");
    return "refused";
  }
  await press(window, "Enter");
  await window.page.keyboard.type("let d = ");
  await window.page.waitForTimeout(200);
  await press(window, SNOOZE);
  return "5 minutes, woken";
}

async function languageMode({ window, random }: Hands): Promise<string> {
  const language = pick(["Python", "TypeScript", "Markdown", "Plain Text"], random);
  await press(window, "Control+Alt+M");
  const input = window.page.locator(".quick-input-widget input");
  try {
    await input.waitFor({ timeout: SHOWS_MS });
    await input.fill(language);
    const row = window.page.locator(".quick-input-list .monaco-list-row", { hasText: language }).first();
    await row.waitFor({ timeout: SHOWS_MS });
    await press(window, "Enter");
  } catch {
    await press(window, "Escape");
    return "not asked";
  }
  return language;
}

export const MODES: readonly Action[] = [
  { name: "change settings", weight: 3, act: changeSettings },
  {
    name: "settings as before",
    weight: 8,
    async act(hands) {
      await write(hands, {});
      return "";
    },
  },
  { name: "suggestions off and on", weight: 0.8, act: offAndOn(TOGGLE) },
  { name: "language off and on", weight: 0.8, act: offAndOn("Control+Alt+A") },
  { name: "snooze", weight: 0.8, act: snooze },
  { name: "language mode", weight: 0.8, act: languageMode },
  { name: "overtype", weight: 0.5, act: keys("Insert", "x", "y", "Insert") },
  { name: "another model", weight: 2, act: switchModel },
  { name: "unload the model", weight: 0.4, act: keys("Control+Alt+U") },
  { name: "restart the engine", weight: 0.4, act: keys("Control+Alt+R") },
];
