import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type HubServer, startHub } from "../reference/hub_server.ts";
import {
  command,
  notifications,
  openAt,
  press,
  type,
  waitForNotification,
  whyRows,
} from "./support/actions.ts";
import { writeChatModel } from "./support/chat_model.ts";
import { STACK } from "./support/samples.ts";
import { type EditorWindow, explainFailure, openWindow, ROOT } from "./support/window.ts";

const MINI = join(ROOT, "media/model/foretype-mini.gguf");

let folder: string; // of models
let hub: HubServer;
let listings: number;
let window: EditorWindow;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "foretype-models-"));
  copyFileSync(MINI, join(folder, "old.gguf"));
  const chat = join(folder, "chat");
  writeChatModel(chat);
  hub = await startHub({
    "README.md": Buffer.from("# Models\n"),
    "Model-Q8_0.gguf": readFileSync(MINI),
    "Model-Q4_K_M.gguf": readFileSync(chat),
  });
  hub.listing = {
    get status() {
      listings++;
      return 200;
    },
  };
  rmSync(chat);
  window = await openWindow({
    machineSettings: {
      "foretype.model.folder": folder,
      "foretype.model.hub": hub.url,
      "foretype.gpu.memoryMB": 8192,
    },
  });
});
beforeEach(async () => {
  explainFailure(window);
  listings = 0;
  hub.requests.length = 0;
  hub.fault = () => undefined;
  await press(window, "Escape", "Escape");
  await command(window, "Notifications: Clear All Notifications");
});
afterAll(async () => {
  expect([...window.sockets]).toEqual([]);
  await window.close();
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const rows = () => window.page.locator(".quick-input-list .monaco-list-row");
const row = (text: string | RegExp) => rows().filter({ hasText: text }).first();

async function openList(): Promise<void> {
  await command(window, "Foretype: Manage Models");
  await window.page.locator(".quick-input-title", { hasText: "Models" }).waitFor();
  await row("Embedded model").waitFor();
}

/** Types what leaves the row in the list, however long that is, and picks it. */
async function pick(filter: string, text: string | RegExp = filter): Promise<void> {
  await window.page.locator(".quick-input-widget input").fill(filter);
  await row(text).click();
}

/** Presses a button of a row. */
async function action(text: RegExp, label: string): Promise<void> {
  await row(text).hover();
  await row(text).locator(`.action-label[aria-label^="${label}"]`).click();
}

/** Presses a button of a modal dialog or of a notification. */
async function answer(where: "dialog" | "toast", label: string): Promise<void> {
  const box = where === "dialog" ? ".monaco-dialog-box" : ".notification-toast";
  await window.page.locator(`${box} .monaco-button`, { hasText: label }).first().click();
}

test("Opening the list asks the network nothing, and shows what is here and what can be had", async () => {
  await openList();
  await row(/old\b/).waitFor();
  await row("From the Hub by Name…").waitFor();
  await row("recommended for this GPU").waitFor();
  expect(listings).toBe(0);
  expect(hub.requests).toEqual([]);
});

test("A model is fetched by its name after a question with its size, and then does what it is chosen for", async () => {
  await openList();
  await pick("Hub by Name");
  const input = window.page.locator(".quick-input-widget input");
  await window.page.locator(".quick-input-title", { hasText: "Get a Model" }).waitFor();
  await input.fill("someone");
  await window.page.locator(".quick-input-message", { hasText: "names no model" }).waitFor();
  await input.fill(hub.repository);
  expect(listings).toBe(0); // not while it is typed
  await press(window, "Enter");
  await row("the usual choice").waitFor();
  await row("the usual choice").click();
  const question = window.page.locator(".monaco-dialog-box");
  await question.waitFor();
  expect(await question.textContent()).toMatch(/Download Model-Q4_K_M \([\d.]+ MB\) to .*\? .* is free\./);
  expect(hub.requests).toEqual([]); // no request before the user agrees
  await answer("dialog", "Download");
  await waitForNotification(window, /Model-Q4_K_M is on this machine; its checksum is the published one/);
  await answer("toast", "Use It…");
  await row("Both").waitFor();
  await row("Both").click();
  await row("Both").waitFor({ state: "hidden" });
  await openList();
  await row(/Model-Q4_K_M.*completes, explains and refactors/).waitFor();
});

test("A download that is stopped is listed with its progress, and resumes from there", async () => {
  const whole = hub.files.get("Model-Q8_0.gguf")!.bytes.length;
  const after = whole >> 1;
  hub.fault = () => ({ kind: "stall", after });
  await openList();
  await pick("Hub by Name");
  await window.page.locator(".quick-input-title", { hasText: "Get a Model" }).waitFor();
  await window.page.locator(".quick-input-widget input").fill(`${hub.repository}:Q8_0`);
  await press(window, "Enter");
  await answer("dialog", "Download");
  await hub.stalled;
  await answer("toast", "Cancel");
  await waitForNotification(window, /The download of Model-Q8_0 stopped at [\d.]+ MB of [\d.]+ MB/);
  const target = join(folder, hub.repository, "Model-Q8_0.gguf");
  expect(existsSync(target)).toBe(false);

  hub.fault = () => undefined;
  await openList();
  await row(/Model-Q8_0.*download stopped at/).waitFor();
  await row(/Model-Q8_0.*download stopped at/).click();
  await waitForNotification(window, /Model-Q8_0 is on this machine/);
  expect(readFileSync(target).equals(readFileSync(MINI))).toBe(true);
  expect(hub.requests.at(-1)!.range).toMatch(/^bytes=[1-9]\d*-$/);
  expect(readdirSync(join(folder, hub.repository)).filter((name) => name.includes(".part"))).toEqual([]);
});

test("A model is deleted after a question that names its files, and leaves the list", async () => {
  await openList();
  await action(/old\b/, "Delete");
  const question = window.page.locator(".monaco-dialog-box");
  await question.waitFor();
  expect(await question.textContent()).toContain(join(folder, "old.gguf"));
  await answer("dialog", "Delete");
  // The list comes back without it; until then the page still holds the rows of the old one.
  const isWithout = async () => {
    const text = (await rows().allTextContents()).join("\n");
    return text.includes("Embedded model") && !text.includes("old.gguf");
  };
  await expect.poll(isWithout, { timeout: 20_000 }).toBe(true);
  await row("Embedded model").waitFor();
  expect(existsSync(join(folder, "old.gguf"))).toBe(false);
});

test("A model on this machine is verified from the list", async () => {
  await openList();
  await action(/Model-Q8_0/, "Verify");
  await waitForNotification(window, /Model-Q8_0 is whole: its checksum is the published one/);
});

test("Where the chosen model is gone, the error says so once and leads to the list", async () => {
  const gone = join(folder, hub.repository, "Model-Q4_K_M.gguf");
  rmSync(gone, { force: true });
  await command(window, "Foretype: Restart Engine"); // it may hold what it read of the file
  await openAt(window, "stack.ts", STACK);
  await type(window, "this");
  const says = /There is no file .*Model-Q4_K_M\.gguf/;
  await waitForNotification(window, says);
  await type(window, ".items");
  expect((await whyRows(window))[0]).toMatch(says);
  expect((await notifications(window)).filter((text) => says.test(text))).toHaveLength(1);
  await answer("toast", "Manage Models…");
  await row(/Model-Q4_K_M.*missing/).waitFor();
});
