// What a person does in the window: opens files, types, runs commands, reads what the screen says.
import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { type EditorWindow, readFile, writeFiles } from "./window.ts";

const SHOWS_MS = 20_000; // for something that the workbench itself shows
const INPUT_MS = 5000; // for an input that a key opens, and what it finds

/** Hands' rhythm, in milliseconds: never twice the same pause in a row. */
const RHYTHM = [70, 45, 95, 60, 130, 50, 80];

/** Types into the editor as a person does. */
export async function type(window: EditorWindow, text: string): Promise<void> {
  for (const [index, key] of [...text].entries()) {
    await window.page.keyboard.type(key, { delay: RHYTHM[index % RHYTHM.length]! });
  }
}

export const press = (window: EditorWindow, ...keys: string[]): Promise<void> =>
  keys.reduce((before, key) => before.then(() => window.page.keyboard.press(key)), Promise.resolve());

/** Text with `‸` where the cursor goes → the text, and the place as an editor counts. */
function splitCursor(marked: string): { text: string; line: number; column: number } {
  const [before, after] = marked.split("‸");
  if (before === undefined || after === undefined) throw new Error(`no ‸ in ${JSON.stringify(marked)}`);
  const lines = before.split("\n");
  return { text: before + after, line: lines.length, column: lines.at(-1)!.length + 1 };
}

/** Writes a file with `‸` where the cursor goes, opens it, and puts the cursor there. */
export async function openAt(window: EditorWindow, path: string, marked: string): Promise<void> {
  const { text, line, column } = splitCursor(marked);
  writeFiles(window.folder, { [path]: text });
  await openFile(window, path);
  await goTo(window, line, column);
}

async function openFile(window: EditorWindow, path: string): Promise<void> {
  await openTab(window, path);
  await focusEditor(window);
}

/**
 * Writes into the input that a key opens. An editor that takes the focus late closes it again: then the key comes once more, and never
 * while an input is there, where it means something else.
 * @param rowText waits for a row with this text @returns that row
 */
async function fillInput(
  window: EditorWindow,
  key: string,
  text: string,
  { rowText = "", patienceMs = SHOWS_MS } = {},
): Promise<Locator> {
  const input = window.page.locator(".quick-input-widget input");
  const row = window.page.locator(".quick-input-list .monaco-list-row", { hasText: rowText }).first();
  await input.waitFor({ state: "hidden", timeout: INPUT_MS }).catch(() => {}); // the one before may still be closing
  await press(window, key);
  let pressedMs = performance.now();
  const isFilled = async () => {
    if (!(await input.isVisible())) {
      if (performance.now() - pressedMs < INPUT_MS) return false;
      await press(window, key);
      pressedMs = performance.now();
      return false;
    }
    try {
      if ((await input.inputValue({ timeout: INPUT_MS })) !== text)
        await input.fill(text, { timeout: INPUT_MS });
    } catch {
      return false; // it was closed meanwhile
    }
    return rowText === "" || (await row.isVisible());
  };
  await expect.poll(isFilled, { timeout: patienceMs, interval: 200 }).toBe(true);
  return row;
}

/** Opens a file in the editor that VS Code has for it. `patienceMs`: for each step of it. */
export async function openTab(window: EditorWindow, path: string, patienceMs = SHOWS_MS): Promise<void> {
  const name = path.split("/").at(-1)!;
  // A path from the root: the search for names would need its index first.
  await fillInput(window, "Control+P", `${window.folder}/${path}`, { rowText: name, patienceMs });
  await press(window, "Enter");
  await window.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor({ timeout: patienceMs });
}

export async function focusEditor(window: EditorWindow): Promise<void> {
  await command(window, "View: Focus Active Editor Group");
  await window.page.locator(".editor-instance .monaco-editor.focused").first().waitFor({ timeout: SHOWS_MS });
}

export async function goTo(window: EditorWindow, line: number, column: number): Promise<void> {
  const { page } = window;
  await fillInput(window, "Control+G", `:${line}:${column}`);
  await press(window, "Enter");
  await page.locator(".quick-input-widget input").waitFor({ state: "hidden", timeout: SHOWS_MS });
  await page
    .locator(".statusbar-item", { hasText: `Ln ${line}, Col ${column}` })
    .waitFor({ timeout: SHOWS_MS });
}

/** Runs a command by its title in the palette, as in `Foretype: Show Statistics`. */
export async function command(window: EditorWindow, title: string): Promise<void> {
  const row = await fillInput(window, "F1", `>${title}`, { rowText: title });
  await row.click();
}

/** Saves the active file and returns its text on disk. */
export async function save(window: EditorWindow, path: string): Promise<string> {
  await press(window, "Control+S");
  await window.page.locator(".tab.active:not(.dirty)").first().waitFor({ timeout: SHOWS_MS });
  return readFile(window, path);
}

/** The text of our item in the status bar, as shown, and as a screen reader says it. */
export async function statusBar(window: EditorWindow): Promise<{ text: string; label: string }> {
  const item = window.page.locator('.statusbar-item[id^="foretype.foretype"]').first();
  await item.waitFor({ timeout: SHOWS_MS });
  return {
    text: ((await item.textContent()) ?? "").trim(),
    label: (await item.locator("[aria-label]").first().getAttribute("aria-label")) ?? "",
  };
}

export const notifications = (window: EditorWindow): Promise<string[]> =>
  window.page.locator(".notification-toast .notification-list-item-message").allTextContents();

/** Waits for a notification and answers its text. */
export async function waitForNotification(window: EditorWindow, text: RegExp): Promise<string> {
  await expect
    .poll(async () => (await notifications(window)).join("\n"), { timeout: SHOWS_MS })
    .toMatch(text);
  return (await notifications(window)).find((one) => text.test(one)) ?? "";
}

/** Closes what is open, without saving and without questions. */
export async function closeEditors(window: EditorWindow): Promise<void> {
  const tabs = window.page.locator(".tab");
  await press(window, "Escape", "Escape");
  for (let count = await tabs.count(); count > 0; count = await tabs.count()) {
    await press(window, "Control+Alt+K");
    await expect.poll(() => tabs.count(), { timeout: SHOWS_MS }).toBeLessThan(count);
  }
}

/** What `Why No Suggestion Here?` lists: first what holds now, then what became of the last questions. */
export async function whyRows(window: EditorWindow): Promise<string[]> {
  const rows = window.page.locator(".quick-input-list .monaco-list-row");
  await press(window, "Control+Alt+W");
  await window.page
    .locator(".quick-input-title", { hasText: "Why No Suggestion Here?" })
    .waitFor({ timeout: SHOWS_MS });
  await rows.first().waitFor({ timeout: SHOWS_MS });
  const texts = await rows.allInnerTexts();
  await press(window, "Escape");
  await rows.first().waitFor({ state: "hidden" });
  return texts;
}

/** Gives the file of the active editor another name, in the explorer. @param timeout milliseconds, for each thing that is to show */
export async function renameActive(
  window: EditorWindow,
  old: string,
  name: string,
  timeout = 10_000,
): Promise<void> {
  const row = window.page.locator(".explorer-viewlet .monaco-list-row.focused", { hasText: old });
  const input = window.page.locator(".explorer-viewlet .explorer-item-edited input");
  await press(window, "Control+Alt+X");
  await row.first().waitFor({ timeout });
  await press(window, "F2");
  await input.waitFor({ timeout });
  await input.fill(name);
  await press(window, "Enter");
  await input.waitFor({ state: "hidden", timeout });
}
