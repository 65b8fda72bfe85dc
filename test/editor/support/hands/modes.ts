// What hands change about suggestions while they come: settings, as a file that is written, and commands; the model.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { press } from "../actions.ts";
import { type Action, type Hands, keys, pick } from "./hands.ts";

/** Names of model files; the scripted engine opens any. */
export const MODELS = ["one.gguf", "two.gguf"];

const SHOWS_MS = 3000;
const MODEL = "foretype.model.completion";
const OTHERS: Readonly<Record<string, readonly unknown[]>> = {
  "foretype.enable": [true, false],
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

/** Writes some settings, and puts all others back as suggestions want them. */
function write({ window, settings }: Hands, some: Readonly<Record<string, unknown>>): void {
  const { user, machine } = window.settingsFiles;
  const all = Object.entries({ ...settings, ...some });
  const isOurs = (name: string) => name in OTHERS || name in settings || name === MODEL;
  for (const path of new Set([user, machine])) {
    const now = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : {};
    const kept = Object.entries(now).filter(([name]) => !isOurs(name));
    const own = all.filter(([name]) => path === (OF_MACHINE.has(name) ? machine : user));
    // In its place, as editors do: the watcher of a file may lose one that another takes the place of.
    writeFileSync(path, JSON.stringify(Object.fromEntries([...kept, ...own])));
  }
}

async function changeSettings(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const names = Object.keys(OTHERS);
  const chosen = Array.from({ length: Math.ceil(random() * 3) }, () => pick(names, random));
  const some = Object.fromEntries(chosen.map((name) => [name, pick(OTHERS[name]!, random)]));
  write(hands, some);
  await window.page.waitForTimeout(Math.floor(random() * 300));
  return JSON.stringify(some);
}

/** Another model, while suggestions of the last one may be on their way. */
async function switchModel(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const model = pick(["mini", ...MODELS.map((name) => join(window.profile, name))], random);
  write(hands, { [MODEL]: model });
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
  await press(window, "Control+Alt+Z");
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
  await press(window, "Control+Alt+Z");
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
      write(hands, {});
      return "";
    },
  },
  { name: "suggestions off and on", weight: 0.8, act: offAndOn("Control+Alt+E") },
  { name: "language off and on", weight: 0.8, act: offAndOn("Control+Alt+A") },
  { name: "snooze", weight: 0.8, act: snooze },
  { name: "language mode", weight: 0.8, act: languageMode },
  { name: "overtype", weight: 0.5, act: keys("Insert", "x", "y", "Insert") },
  { name: "another model", weight: 2, act: switchModel },
  { name: "unload the model", weight: 0.4, act: keys("Control+Alt+U") },
  { name: "restart the engine", weight: 0.4, act: keys("Control+Alt+R") },
];
