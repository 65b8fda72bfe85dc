import { expect, test } from "vitest";
import { openAt, press, save, type } from "./support/actions.ts";
import { waitForGhost } from "./support/ghost.ts";
import { STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";

// As VS Code comes: IntelliSense opens by itself.
const window = useWindow(() => ({
  settings: {
    "editor.quickSuggestions": { other: "on", comments: "off", strings: "off" },
    "editor.suggestOnTriggerCharacters": true,
  },
}));

test("while IntelliSense is open, ghost text continues its selected row; Tab takes the row, and then the rest", async () => {
  const { page } = window;
  await openAt(window, "sense.ts", STACK);
  await type(window, "this");
  await waitForGhost(window);
  await type(window, ".ite");
  const row = page.locator(".suggest-widget.visible .monaco-list-row.focused");
  await row.waitFor({ timeout: 60_000 });
  await expect.poll(() => row.getAttribute("aria-label")).toMatch(/^items/);
  expect(await waitForGhost(window)).toMatch(/^ms/);
  await press(window, "Tab");
  await row.waitFor({ state: "detached" });
  const rest = await waitForGhost(window);
  await press(window, "Tab");
  expect(await save(window, "sense.ts")).toBe(STACK.replace("‸", `this.items${rest}`));
});

test("brackets that the editor closes by itself are not closed again", async () => {
  await openAt(window, "brackets.ts", STACK);
  await type(window, "this.items.push(");
  const shown = await waitForGhost(window);
  await press(window, "Escape", "Escape");
  await press(window, "Alt+Backslash");
  await waitForGhost(window);
  await press(window, "Tab");
  const saved = await save(window, "brackets.ts");
  const line = saved.split("\n").find((one) => /^ {6}this\.items\.push\(/.test(one)) ?? "";
  expect(line.split("(").length, `${line} with ${shown}`).toBe(line.split(")").length);
});
