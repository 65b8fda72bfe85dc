// What hands do with files, editors and windows: others, renames, changes from outside, splits, closing and opening again.
import { existsSync, renameSync } from "node:fs";
import { extname, join } from "node:path";
import { press, renameActive } from "../actions.ts";
import { type EditorWindow, ID, writeFiles } from "../window.ts";
import { intoText, open } from "./focus.ts";
import { type Action, type Hands, keys, pick } from "./hands.ts";
import { filesOf, isNotebook, saveAll } from "./looks.ts";

const SHOWS_MS = 3000;
const STARTS_MS = 90_000;
const GONE_MS = 4000; // longer than a window without its page has an extension host

async function openAnother({ window, random }: Hands): Promise<string> {
  return open(window, pick(filesOf(window), random));
}

/** A name that no file has; now and then of another language. */
function freshName(hands: Hands, old: string): string {
  const { window, random } = hands;
  const other = pick([".ts", ".py", ".html", ".md"], random);
  const ending = random() < 0.7 || isNotebook(old) ? extname(old) : other;
  const name = `${pick(["one", "two", "three"], random)}${Math.floor(random() * 1000)}${ending}`;
  return existsSync(join(window.folder, name)) ? freshName(hands, old) : name;
}

/** As the explorer does it, which keeps the editor and what was typed into it. */
async function rename(hands: Hands): Promise<string> {
  const { window } = hands;
  const active = window.page.locator(".tab.active[data-resource-name]").first();
  const old = (await active.getAttribute("data-resource-name", { timeout: SHOWS_MS })) ?? "";
  const name = freshName(hands, old);
  try {
    await renameActive(window, old, name, SHOWS_MS);
  } catch {
    await press(window, "Escape", "Escape");
    return `${old} not found in the explorer`;
  }
  return `${old} → ${name}`;
}

/** As another program does it, under an editor that may have it open. */
async function renameOutside(hands: Hands): Promise<string> {
  const old = pick(filesOf(hands.window), hands.random);
  const name = freshName(hands, old);
  renameSync(join(hands.window.folder, old), join(hands.window.folder, name));
  return `${old} → ${name}`;
}

async function changeOutside({ window, random }: Hands): Promise<string> {
  const path = pick(
    filesOf(window).filter((one) => !isNotebook(one)),
    random,
  );
  writeFiles(window.folder, { [path]: "// from outside\n".repeat(Math.ceil(random() * 9)) });
  return path;
}

async function renameSymbol({ window, random }: Hands): Promise<string> {
  await press(window, "F2");
  await window.page.waitForTimeout(300);
  const name = `renamed${Math.floor(random() * 100)}`;
  await window.page.keyboard.type(name); // into the text, where nothing can be renamed
  await press(window, "Enter");
  return name;
}

async function closeEditor({ window }: Hands): Promise<string> {
  await saveAll(window);
  await press(window, "Control+Alt+C");
  return "";
}

/** Leaves the page for a moment, or until its extension host has ended, and comes back. */
async function reopenWindow(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const { page } = window;
  await saveAll(window);
  const url = page.url();
  const ms = Math.floor(random() * 2 * GONE_MS);
  await page.goto("about:blank");
  await page.waitForTimeout(ms);
  await page.goto(url, { waitUntil: "domcontentloaded" });
  await waitForStart(window);
  await intoText(hands);
  return `${ms} ms`;
}

async function waitForStart({ page }: EditorWindow): Promise<void> {
  await page.locator(`.statusbar-item[id^="${ID}"]`).first().waitFor({ timeout: STARTS_MS });
}

export const FILES: readonly Action[] = [
  { name: "another editor", weight: 3, act: keys("Control+PageDown") },
  { name: "open a file", weight: 3, act: openAnother },
  { name: "rename", weight: 1.5, act: rename },
  { name: "rename outside", weight: 0.7, act: renameOutside },
  { name: "change on disk", weight: 0.5, act: changeOutside },
  { name: "rename a symbol", weight: 0.7, act: renameSymbol },
  { name: "split", weight: 0.7, act: keys("Control+Backslash") },
  { name: "another group", weight: 1.5, act: keys("Control+Alt+G") },
  { name: "join groups", weight: 0.5, act: keys("Control+Alt+J") },
  { name: "close an editor", weight: 1.5, act: closeEditor },
  { name: "open it again", weight: 1.2, act: keys("Control+Alt+T") },
];

/** Takes some seconds. */
export const WINDOW: readonly Action[] = [{ name: "open the window again", weight: 0.4, act: reopenWindow }];
