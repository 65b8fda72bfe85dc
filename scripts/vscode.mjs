// `npm run vscode [-- --browser] [-- --port N]`: a real VS Code with the extension on a copy of the sample folder, in a
// profile of its own. Desktop VS Code where `code` opens one, else the editor of the tests on a local address.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, makePackage, thisPlatform } from "./package/package.mjs";
import { editorUnavailable, installExtension, QUIET, setUpEditor, startEditor } from "./setup/editor.mjs";
import { capture, printError, ROOT, runSteps, Stop, show } from "./steps.mjs";
import { isAtLeast } from "./versions.mjs";

const CACHE = join(ROOT, ".cache");
const SAMPLE = join(CACHE, "sample");
const FIRST_FILE = join(SAMPLE, "stack.ts");
const PROFILES = join(CACHE, "vscode");
const WINDOWS = process.platform === "win32";

/** A copy to type in: what was typed there stays. */
function copySample() {
  mkdirSync(SAMPLE, { recursive: true });
  cpSync(join(ROOT, "test", "fixtures", "sample"), SAMPLE, { recursive: true, force: false });
}

/**
 * Whether `code` opens a window on this machine that is new enough for the extension; else why not, in half a sentence.
 * @returns {Promise<{ missing?: string }>}
 */
async function findDesktop() {
  const { env, platform } = process;
  // In a terminal of VS Code's that runs elsewhere than its window, `code` opens that window.
  if (env.VSCODE_IPC_HOOK_CLI || env.WSL_DISTRO_NAME) return { missing: "`code` opens a window elsewhere" };
  if (platform === "linux" && !env.DISPLAY && !env.WAYLAND_DISPLAY) return { missing: "there is no screen" };
  const { status, stdout } = await capture("code", ["--version"], { shell: WINDOWS });
  if (status !== 0) return { missing: "`code` is not on PATH" };
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const has = /\d+\.\d+/.exec(stdout)?.[0];
  const needs = engines.vscode.replace(/^\D+/, "");
  if (has && isAtLeast(has, needs)) return {};
  return { missing: `\`code\` is VS Code ${has ?? "of no version"}, older than ${needs}` };
}

/** @type {import("./package/package.mjs").Package} */
let made;

/** @type {readonly import("./steps.mjs").Step[]} */
const preparation = [
  { title: "build", run: build },
  {
    title: "package",
    run: async (note) => {
      made = await makePackage(thisPlatform, note);
      copySample();
      return `${made.megabytes.toFixed(1)} MB${made.kept ? ", there already" : ""}`;
    },
  },
];

async function openDesktop() {
  await runSteps(preparation);
  const profile = join(PROFILES, "desktop");
  const settings = join(profile, "User", "settings.json");
  mkdirSync(join(profile, "User"), { recursive: true });
  if (!existsSync(settings)) writeFileSync(settings, JSON.stringify(QUIET, null, 2));
  console.log("\nVS Code opens; close its window, or press Ctrl+C here, to end it.");
  const startMs = Date.now();
  onInterrupt(() => endDesktop(profile, startMs));
  const args = [
    "--wait",
    "--new-window",
    `--user-data-dir=${profile}`,
    `--extensions-dir=${join(PROFILES, "desktop-extensions")}`,
    `--extensionDevelopmentPath=${made.stage}`,
    SAMPLE,
    FIRST_FILE,
  ];
  // On Windows it is code.cmd, which only a shell runs.
  const program = WINDOWS ? "cmd" : "code";
  const rest = WINDOWS ? ["/c", "code", ...args] : args;
  return show(program, rest);
}

/**
 * Ends the VS Code that has opened on `profile` since then; one that was open before stays.
 * @param {string} profile
 * @param {number} startMs
 */
function endDesktop(profile, startMs) {
  const lock = join(profile, "code.lock"); // holds the main process's id while it runs
  if ((statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < startMs) return;
  try {
    process.kill(Number(readFileSync(lock, "utf8")));
  } catch {} // it has ended
}

/** @param {number} port */
async function openInBrowser(port) {
  const profile = join(PROFILES, "browser");
  const extensions = join(profile, "extensions");
  await runSteps([
    ...preparation,
    { title: "a VS Code", run: setUpEditor },
    { title: "the extension in it", run: () => installExtension(made.vsix, extensions) },
  ]);
  const interrupted = new Promise((resolve) => onInterrupt(() => resolve("interrupted")));
  const editor = await startEditor({ folder: SAMPLE, profile, extensions, port });
  const { host } = new URL(editor.url);
  const payload = JSON.stringify([["openFile", `vscode-remote://${host}${FIRST_FILE}`]]);
  console.log(`
Open ${editor.url}&payload=${encodeURIComponent(payload)}
in a browser on this machine, and type. The first suggestion takes a while: it starts the engine.
Ctrl+C here ends it.`);
  const ended = await Promise.race([interrupted, endOf(editor.pid)]);
  await editor.stop();
  if (ended === "by itself") {
    throw new Stop(`The editor ended by itself: ${join(profile, "server.log")} says why.`);
  }
  console.log("Ended.");
  return 0;
}

/**
 * Also the second Ctrl+C only asks: processes must not stay behind.
 * @param {() => void} action
 */
function onInterrupt(action) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, action);
}

/** @param {number} pid */
function endOf(pid) {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      try {
        process.kill(pid, 0);
      } catch {
        clearInterval(timer);
        resolve("by itself");
      }
    }, 1000);
    timer.unref();
  });
}

/** @param {string} text */
function readPort(text) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  throw new Stop(`--port ${text} is no port: give a number from 1 to 65535.`);
}

async function main() {
  const { values } = parseArgs({
    options: { browser: { type: "boolean", default: false }, port: { type: "string", default: "0" } },
  });
  const port = readPort(values.port);
  const { missing } = values.browser ? { missing: "a browser is wanted" } : await findDesktop();
  if (!missing) return openDesktop();
  const unavailable = editorUnavailable();
  if (unavailable) {
    throw new Stop(
      `No desktop VS Code, since ${missing}, and ${unavailable} Install VS Code with its \`code\`.`,
    );
  }
  console.log(`No desktop VS Code, since ${missing}: one in a browser instead.`);
  return openInBrowser(port);
}

try {
  process.exitCode = await main();
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
