// One window of a real VS Code on a workspace of its own, in a fresh profile, watched for sockets from start to end.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { inject } from "vitest";
import { findBrowser, startEditor } from "../../../scripts/setup/editor.mjs";
import { type DesktopOptions, openDesktop } from "./desktop.ts";
import { watchSockets } from "./sockets.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const SHOTS = join(ROOT, ".cache", "editor", "shots");

export interface EditorWindow {
  readonly page: Page;
  readonly folder: string;
  readonly profile: string;
  /** The files of the user's settings and of those of scope `machine`: one and the same in a desktop VS Code. */
  readonly settingsFiles: { readonly user: string; readonly machine: string };
  /** Logs of the workbench and of the extensions lie somewhere below. */
  readonly logs: string;
  /** The process above the extension host. */
  readonly pid: number;
  /** Sockets seen so far that lead out of this machine. */
  readonly sockets: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface WindowOptions {
  /** Path in the workspace → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings of scope `machine`: a served editor has a file for these, and drops them from the user's, sooner or later. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly size?: { readonly width: number; readonly height: number };
}

/** What makes a screen the same each time; on top of set-up's quiet settings. */
const STEADY = {
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "editor.accessibilitySupport": "off",
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.suggestOnTriggerCharacters": false,
  "editor.tabSize": 2,
  "editor.detectIndentation": true,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "window.confirmBeforeClose": "never",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

/** Keys for commands that have none: the palette would take the focus, and the ghost text with it. */
const KEYS = [
  { key: "ctrl+alt+l", command: "foretype.acceptNextLine" },
  { key: "ctrl+alt+k", command: "workbench.action.revertAndCloseActiveEditor" },
  { key: "ctrl+alt+w", command: "foretype.whyNoSuggestion" },
  { key: "ctrl+alt+s", command: "workbench.action.files.saveAll" },
  { key: "ctrl+alt+c", command: "workbench.action.closeActiveEditor" },
  { key: "ctrl+alt+t", command: "workbench.action.reopenClosedEditor" },
  { key: "ctrl+alt+g", command: "workbench.action.focusNextGroup" },
  { key: "ctrl+alt+j", command: "workbench.action.joinAllGroups" },
  { key: "ctrl+alt+m", command: "workbench.action.editor.changeLanguageMode" },
  { key: "ctrl+alt+f", command: "workbench.action.focusActiveEditorGroup" },
  { key: "ctrl+alt+x", command: "workbench.files.action.showActiveFileInExplorer" },
  { key: "ctrl+alt+u", command: "foretype.unloadModel" },
  { key: "ctrl+alt+r", command: "foretype.restartEngine" },
  { key: "ctrl+alt+e", command: "foretype.toggle" },
  { key: "ctrl+alt+a", command: "foretype.toggleLanguage" },
  { key: "ctrl+alt+z", command: "foretype.snooze" },
];

/** The quicker one of set-up's software devices; every child is told where they are. */
const DEVICE = { FORETYPE_DEVICE: "lavapipe" };

const CHROMIUM = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // Host names other than this machine's do not resolve: the page reaches no network.
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

const IN_PAGE = fileURLToPath(new URL("in_page.js", import.meta.url));
export const ID = "foretype.foretype"; // of the extension

const SETTINGS = "settings.json";
const STARTING_MS = 90_000; // the workbench's first paint takes 3 s here

/** Opens a window on a workspace of these files, in a fresh profile; `close()` leaves nothing of it behind. */
export async function openWindow(options: WindowOptions = {}): Promise<EditorWindow> {
  const base = mkdtempSync(join(tmpdir(), "foretype-editor-"));
  const folder = join(base, "workspace");
  const profile = join(base, "profile");
  for (const path of [folder, profile]) mkdirSync(path);
  writeFiles(folder, options.files ?? {});
  const settings = { ...STEADY, ...options.settings, ...options.machineSettings };
  const env = { ...DEVICE, ...options.env };
  const size = options.size ?? { width: 1280, height: 800 };
  const code = inject("desktop");
  const user = join(profile, code ? "User" : "data/User");
  writeFiles(user, { "keybindings.json": JSON.stringify(KEYS) });
  const machine = join(profile, "data", "Machine");
  if (!code && options.machineSettings)
    writeFiles(machine, { [SETTINGS]: JSON.stringify(options.machineSettings) });
  const shared = {
    folder,
    profile,
    settings,
    env,
    extensions: inject("extensions"),
    extensionId: ID,
    inPage: IN_PAGE,
  };
  const watch = watchSockets(process.pid);
  const opened = await (code ? openDesktop({ ...shared, code }) : openServed({ ...shared, size }));
  const { page } = opened;
  onPageError(page, profile);
  await page.locator(".monaco-workbench .statusbar").waitFor({ timeout: STARTING_MS });
  // Extensions start some seconds after the first paint; what is typed before gets no suggestion.
  await page.locator(`.statusbar-item[id^="${ID}"]`).first().waitFor({ timeout: STARTING_MS });
  return {
    page,
    folder,
    profile,
    settingsFiles: { user: join(user, SETTINGS), machine: join(code ? user : machine, SETTINGS) },
    logs: opened.logs,
    pid: opened.pid,
    sockets: watch.strangers,
    async close() {
      await opened.close();
      watch.stop();
      rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

interface Served extends Omit<DesktopOptions, "code"> {
  readonly size: { readonly width: number; readonly height: number };
}

async function openServed({ extensionId, inPage, size, ...options }: Served) {
  const editor = await startEditor(options);
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath: findBrowser()!, args: CHROMIUM });
  } catch (error) {
    await editor.stop();
    throw error;
  }
  const page = await browser.newPage({ viewport: size });
  await page.addInitScript({ path: inPage });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  // The server knows one level for all logs; the page knows one for each extension.
  const payload = JSON.stringify([["logLevel", `info,${extensionId}=trace`]]);
  await page.goto(`${editor.url}&payload=${encodeURIComponent(payload)}`, { waitUntil: "domcontentloaded" });
  return {
    page,
    pid: editor.pid,
    logs: join(options.profile, "data", "logs"),
    async close() {
      await browser.close();
      await editor.stop();
    },
  };
}

function onPageError(page: Page, profile: string): void {
  page.on("pageerror", (error) => {
    writeFileSync(join(profile, "page-errors.log"), `${error.stack}\n`, { flag: "a" });
  });
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export const readFile = (window: EditorWindow, path: string): string =>
  readFileSync(join(window.folder, path), "utf8");

export async function shoot(window: EditorWindow, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await window.page.screenshot({ path, animations: "disabled" }); // what fades in is there
}
