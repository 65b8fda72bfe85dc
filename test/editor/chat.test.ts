import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, openAt, press, save, waitForNotification } from "./support/actions.ts";
import { writeChatModel } from "./support/chat_model.ts";
import { openedPage } from "./support/pages.ts";
import { findEngine } from "./support/processes.ts";
import { useWindow } from "./support/use_window.ts";
import { readFile, writeFiles } from "./support/window.ts";

const CODE = `export function add(a: number, b: number) {
  return a + b;
}
`;
const WRITES_MS = 90_000; // some hundred tokens, on the software device

let models: string;
beforeAll(() => {
  models = mkdtempSync(join(tmpdir(), "foretype-models-"));
  writeChatModel(join(models, "chat.gguf"));
});
afterAll(() => rmSync(models, { recursive: true }));
const window = useWindow(() => ({
  settings: { "workbench.editor.enablePreview": false },
  machineSettings: { "foretype.model.chat": join(models, "chat.gguf") },
}));

/** Opens a file with all of its code selected. */
async function selectCode(path: string): Promise<void> {
  await openAt(window, path, `‸${CODE}`);
  await press(window, "Control+A");
}

test("Explain streams into a panel beside the code, and Stop ends it midway", async () => {
  await selectCode("explain.ts");
  await command(window, "Foretype: Explain Selection");
  const panel = await openedPage(window, "Foretype Explain");
  const text = async () => (await panel.locator(".conversation").textContent()) ?? "";
  const length = async () => (await text()).length;
  await expect.poll(length, { timeout: WRITES_MS, interval: 10 }).toBeGreaterThan(0);
  // SIGSTOP keeps the engine from finishing before the click; Stop must release the panel at once even so.
  const { pid } = findEngine(window.pid)!;
  process.kill(pid, "SIGSTOP");
  try {
    await panel.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => panel.locator(".notice").textContent()).toBe("Stopped.");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const stopped = await text();
  await panel.getByRole("button", { name: "Copy" }).click();
  const copied = () => window.page.evaluate<string>("navigator.clipboard.readText()");
  await expect.poll(async () => (await copied()).trim()).not.toBe("");
  expect(await text()).toBe(stopped);
  expect(await save(window, "explain.ts")).toBe(CODE);
});

/** Asks for a refactoring of a file's code and waits until the model has written it. */
async function refactor(path: string): Promise<void> {
  await selectCode(path);
  await command(window, "Foretype: Refactor Selection");
  await window.page.locator(".quick-input-title", { hasText: "Refactor Selection" }).waitFor();
  await window.page.locator(".quick-input-widget input").fill("Return a string");
  await press(window, "Enter");
  const writing = window.page.locator(".notification-toast", { hasText: "Foretype is refactoring" });
  await writing.waitFor();
  await window.page.locator(".monaco-diff-editor").waitFor();
  await writing.waitFor({ state: "detached", timeout: WRITES_MS });
}

const action = (title: string) =>
  window.page.locator(`.editor-actions .action-label[aria-label^="${title}"]`).first();

test("Refactor streams into a diff; a model that repeats itself is stopped, and what it wrote shown, not applied", async () => {
  await refactor("apply.ts");
  await waitForNotification(window, /The model was stopped because it repeated itself/);
  await action("Apply").click();
  await window.page.locator(".tab.active", { hasText: "Return a string" }).waitFor(); // nothing is lost
  expect(readFile(window, "apply.ts")).toBe(CODE);
});

test("Refactor refuses to apply when the code has changed in the meantime, and says so", async () => {
  await refactor("changed.ts");
  const changed = CODE.replace("return", "// return");
  writeFiles(window.folder, { "changed.ts": changed });
  const diff = window.page.locator(".monaco-diff-editor");
  await expect.poll(() => diff.textContent()).toMatch(/\/\/\sreturn/); // the editor has read it again
  await action("Apply").click();
  await waitForNotification(window, /The code has changed since it was selected/);
  await window.page.locator(".tab.active", { hasText: "Return a string" }).waitFor(); // nothing is lost
  expect(readFile(window, "changed.ts")).toBe(changed);
});
