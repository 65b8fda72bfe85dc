// Not a test: pictures of what people see, in a light and in a dark theme, into .cache/editor/shots. Run it with
// FORETYPE_SCREENSHOTS=1 npx vitest run --project editor
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import { command, goTo, openAt, press, type } from "./support/actions.ts";
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
        "foretype.model.chat": chat,
        "workbench.editor.enablePreview": false,
      },
    });
    const { page } = window;
    const picture = (what: string) => shoot(window, join(SHOTS, `${what}-${name}.png`));
    try {
      await openAt(window, "stack.ts", STACK);
      await type(window, "this");
      await waitForGhost(window);
      await picture("ghost");
      await press(window, "Tab");
      await page.locator('.statusbar-item[id^="foretype.foretype"]').hover();
      await page.locator(".monaco-hover:visible").first().waitFor();
      await picture("status-bar");
      await page.mouse.move(600, 300);
      await command(window, "Foretype: Show Statistics");
      await openedPage(window, "Foretype Statistics");
      await picture("statistics");
      await command(window, "Foretype: Show Trace");
      await openedPage(window, "Foretype Trace");
      await picture("trace");
      await command(window, "Foretype: Show Model and Device");
      const device = await openedPage(window, "Foretype Model and Device");
      await device.locator("table, dl, h2").first().waitFor();
      await picture("device");
      await command(window, "Foretype: Open Walkthrough");
      await page.locator(".gettingStartedContainer .getting-started-step").first().waitFor();
      await picture("walkthrough");
      await press(window, "Control+Alt+K");
      await openAt(window, "why.ts", STACK);
      await press(window, "Control+Alt+W");
      await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
      await picture("why");
      await press(window, "Escape");
      await goTo(window, 15, 1);
      await press(window, "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown");
      await command(window, "Foretype: Refactor Selection");
      await page.locator(".quick-input-title", { hasText: "Refactor Selection" }).waitFor();
      await picture("refactor-instruction");
      await page.locator(".quick-input-widget input").fill("Return the new size");
      await press(window, "Enter");
      await page.locator(".tab.active", { hasText: "Return the new size" }).waitFor();
      await page.locator(".line-insert").first().waitFor({ timeout: 60_000 });
      await picture("refactor-diff");
      await press(window, "Control+Alt+K");
      await press(window, "Control+A");
      await command(window, "Foretype: Explain Selection");
      const explain = await openedPage(window, "Foretype Explain");
      await explain.locator(".conversation p, .conversation pre").first().waitFor({ timeout: 60_000 });
      await picture("explain");
    } finally {
      await window.close();
      rmSync(models, { recursive: true });
    }
  });
}
