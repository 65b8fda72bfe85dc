// Not a test: pictures of what people see, in a light and in a dark theme, into .cache/editor/shots. Run it with
// FORETYPE_SCREENSHOTS=1 npx vitest run --project editor
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command, goTo, notifications, openAt, press, type } from "./support/actions.ts";
import { writeChatModel } from "./support/chat_model.ts";
import { waitForGhost } from "./support/ghost.ts";
import { openedPage } from "./support/pages.ts";
import { STACK } from "./support/samples.ts";
import { openWindow, SHOTS, shoot } from "./support/window.ts";

for (const [name, theme] of [
  ["light", "Light Modern"],
  ["dark", "Dark Modern"],
] as const) {
  test(`pictures in ${theme}`, async () => {
    const models = mkdtempSync(join(tmpdir(), "foretype-models-"));
    const chat = join(models, "chat.gguf");
    writeChatModel(chat);
    const window = await openWindow({
      settings: {
        "workbench.colorTheme": theme,
        "workbench.editor.enablePreview": false,
      },
      machineSettings: { "foretype.model.chat": chat, "foretype.gpu.memoryMB": 8192 },
    });
    const { page } = window;
    const missed: string[] = [];
    /** Takes one picture; the others are taken all the same. */
    const picture = async (what: string, prepare: () => Promise<unknown>) => {
      try {
        await prepare();
        await shoot(window, join(SHOTS, `${what}-${name}.png`));
      } catch (error) {
        const said = (await notifications(window)).join(" ");
        missed.push(`${what}: ${(error as Error).message.split("\n", 1)[0]} ${said}`);
        await shoot(window, join(SHOTS, `${what}-${name}-missed.png`));
      }
      await press(window, "Escape");
    };
    page.setDefaultTimeout(8_000);
    try {
      await picture("ghost", async () => {
        await openAt(window, "stack.ts", STACK);
        await type(window, "this");
        await waitForGhost(window);
      });
      await picture("status-bar", async () => {
        const item = page.locator('.statusbar-item[id^="foretype.foretype"] a');
        const hover = page.locator(".hover-contents", { hasText: "Foretype" }).first();
        // A number that changes meanwhile takes the hover away: the pointer comes again then.
        let isShown = false;
        for (let tries = 3; tries > 0 && !isShown; tries--) {
          await page.mouse.move(600, 300);
          await item.hover();
          const shown = hover.waitFor({ timeout: 3_000 });
          isShown = await shown.then(
            () => true,
            () => false,
          );
        }
        expect(isShown).toBe(true);
      });
      await page.mouse.move(600, 300);
      await picture("statistics", async () => {
        await command(window, "Foretype: Show Statistics");
        await openedPage(window, "Foretype Statistics");
      });
      await picture("trace", async () => {
        await command(window, "Foretype: Show Trace");
        await openedPage(window, "Foretype Trace");
      });
      await picture("device", async () => {
        await command(window, "Foretype: Show Model and Device");
        const device = await openedPage(window, "Foretype Model and Device");
        await device.locator("table").first().waitFor();
      });
      await picture("walkthrough", async () => {
        await command(window, "Foretype: Open Walkthrough");
        await page.locator(".gettingStartedContainer .getting-started-step").first().waitFor();
      });
      await picture("why", async () => {
        await openAt(window, "why.ts", STACK);
        await press(window, "Control+Alt+W");
        await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
      });
      await picture("models", async () => {
        await command(window, "Foretype: Manage Models");
        await page.locator(".quick-input-list .monaco-list-row", { hasText: "recommended" }).waitFor();
      });
      await picture("refactor-instruction", async () => {
        await goTo(window, 15, 1);
        await press(window, "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown");
        await command(window, "Foretype: Refactor Selection");
        await page.locator(".quick-input-title", { hasText: "Refactor Selection" }).waitFor();
      });
      await picture("refactor-diff", async () => {
        await command(window, "Foretype: Refactor Selection");
        await page.locator(".quick-input-title", { hasText: "Refactor Selection" }).waitFor();
        await page.locator(".quick-input-widget input").fill("Return the new size");
        await press(window, "Enter");
        await page.locator(".tab.active", { hasText: "Return the new size" }).waitFor();
        await page.locator(".line-insert").first().waitFor();
      });
      await picture("explain", async () => {
        await openAt(window, "explained.ts", STACK);
        await press(window, "Control+A");
        await command(window, "Foretype: Explain Selection");
        const explain = await openedPage(window, "Foretype Explain");
        await explain.locator(".conversation p, .conversation pre").first().waitFor();
      });
      expect(missed).toEqual([]);
    } finally {
      await window.close();
      rmSync(models, { recursive: true });
    }
  });
}
