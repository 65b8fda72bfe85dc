import { expect, test } from "vitest";
import { command, goTo, openAt, press, save, statusBar, type } from "./support/actions.ts";
import { waitForGhost, waitForNoGhost } from "./support/ghost.ts";
import { openedPage } from "./support/pages.ts";
import { useWindow } from "./support/use_window.ts";

const MINIMUM = 20; // suggestions, before a share is shown
const ACCEPTED = 5;

const window = useWindow(() => ({ settings: { "foretype.speculate": false } }));

test("the status bar counts what was shown, and gives the share that was taken from the twentieth on", async () => {
  const methods = Array.from({ length: MINIMUM }, (_, i) => `  push${i}(item: T): void {\n    \n  }\n`);
  await openAt(
    window,
    "counts.ts",
    `export class Stack<T> {\n  items: T[] = [];\n\n${methods.join("\n")}}\n‸`,
  );
  for (let shown = 1; shown <= MINIMUM; shown++) {
    await goTo(window, shown * 4 + 1, 5);
    await window.page.keyboard.type("this.items.");
    await waitForGhost(window);
    if (shown <= ACCEPTED) await press(window, "Tab");
    // What goes after less than a quarter of a second was not seen, and would not count.
    const counted = shown < MINIMUM ? `Collecting: ${shown} shown` : "of 20 suggestions accepted";
    await expect.poll(async () => (await statusBar(window)).label).toContain(counted);
    if (shown < MINIMUM) expect((await statusBar(window)).text).not.toContain("%");
    if (shown > ACCEPTED) await press(window, "Escape");
    await waitForNoGhost(window);
  }
  await expect.poll(async () => (await statusBar(window)).text).toMatch(/^25% · \d+ ms$/);
  expect((await statusBar(window)).label).toContain("25% of 20 suggestions accepted");
  await save(window, "counts.ts");
}, 180_000); // twenty suggestions, and a quarter of a second for each

test("the statistics page shows the same numbers", async () => {
  await command(window, "Foretype: Show Statistics");
  const page = await openedPage(window, "Foretype Statistics");
  const text = await page.locator("#page").textContent();
  expect(text).toMatch(/25 ?%/);
  expect(text).toContain("20 suggestions");
});

test("the settings page lists all our settings, 28 at most", async () => {
  await command(window, "Preferences: Open Settings (UI)");
  const { page } = window;
  await page.locator(".settings-editor .settings-header .monaco-editor").click();
  await type(window, "@ext:foretype.foretype");
  const count = page.locator(".settings-count-widget");
  await expect.poll(() => count.textContent()).toMatch(/^\d+ Settings Found$/);
  expect(Number.parseInt((await count.textContent()) ?? "", 10)).toBeLessThanOrEqual(28);
});
