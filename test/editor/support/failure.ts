// What a test that failed leaves behind, for those who see its output alone.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFailed } from "vitest";
import { whyRows } from "./actions.ts";
import { type EditorWindow, ID, SHOTS, shoot } from "./window.ts";

const SHOWN_LINES = 40; // of each log
const ITEM_MS = 1000; // for the item in the status bar, which is there from the start

/**
 * If the current test fails, saves a screenshot, and prints what the status bar says, how the extension's log ends and why it
 * has no suggestion, which an extension host that hangs does not answer.
 */
export function explainFailure(window: EditorWindow): void {
  onTestFailed(async ({ task }) => {
    const path = join(SHOTS, `${task.name.replace(/\W+/g, "-").slice(0, 80)}.png`);
    await shoot(window, path).catch(() => {});
    const item = window.page.locator(`.statusbar-item[id^="${ID}"] [aria-label]`).first();
    const label = await item.getAttribute("aria-label", { timeout: ITEM_MS }).catch(String);
    const log = logEnds(window.logs);
    const why = await whyRows(window).catch(String);
    console.log(`screen: ${path}\nstatus bar: ${label}\nwhy no suggestion: ${why}\n${log}`);
  });
}

/** The last lines of each log that the extension wrote below a folder. */
function logEnds(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /foretype/i.test(path) && path.endsWith(".log"))
    .toSorted()
    .map((path) => {
      const lines = readFileSync(join(folder, path), "utf8").trimEnd().split("\n");
      return `${path} ends:\n${lines.slice(-SHOWN_LINES).join("\n")}`;
    })
    .join("\n");
}
