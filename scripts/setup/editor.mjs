// A real VS Code, from packages alone: the server and workbench that npm's code-server carries, on a Node of its own,
// under .cache/editor. Code's server is started itself; code-server's front (passwords, proxies) stays out.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { childEnvironment } from "../environment.mjs";
import { checkIntegrity } from "../package/node.mjs";
import { isTarget, TARGETS } from "../package/targets.mjs";
import { capture, npm, ROOT, Stop, stopFor } from "../steps.mjs";
import { hasApt } from "./apt.mjs";

/** @typedef {import("../steps.mjs").Note} Note */
/**
 * @typedef {object} RunningEditor
 * @property {string} url Opens `folder` in the workbench; it has the token without which the server answers nobody.
 * @property {number} pid The server, whose process group holds the extension host and all that it starts.
 * @property {() => Promise<void>} stop After it, none of the server's processes is left.
 */
/**
 * @typedef {object} EditorOptions
 * @property {number} [port] 0: a free one.
 * @property {string} folder
 * @property {string} profile A folder for settings, state and logs, made when missing.
 * @property {string} [extensions]
 * @property {import("../environment.mjs").Variables} [env] On top of what every child gets.
 * @property {Readonly<Record<string, unknown>>} [settings] Merged into those of the profile.
 * @property {string} [log]
 */

const EDITOR = join(ROOT, ".cache", "editor");
const NODE = join(EDITOR, "node", "bin", "node");
const CODE = join(EDITOR, "code-server", "lib", "vscode");
const SERVER = join(CODE, "out", "server-main.js");
const MARKER = join(EDITOR, "ready.json"); // written last: a broken set-up starts again

const CODE_SERVER = "code-server@4.139.1"; // Code 1.139.1, which needs Node 24
const CODE_SERVER_INTEGRITY =
  "sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==";
// What Code loads only for terminals in containers, Copilot and single sign-on: a third of the download.
const LEFT_OUT = [
  "@devcontainers/cli",
  "@github/copilot-sdk",
  "@microsoft/mxc-sdk",
  "@vscode/copilot-api",
  "@vscode/sandbox-runtime",
  "@vscode/sqlite3",
  "kerberos",
  "ssh2",
];

// Ends the extension host when its server has died; we end the whole process group.
const WATCHDOG = "exports.start = () => {};\nexports.exit = (code) => process.exit(code ?? 0);\n";

const platform = `${process.platform}-${process.arch}`;
const own = isTarget(platform) && process.platform !== "win32" ? TARGETS[platform] : undefined; // the one that the package brings
const pinned = JSON.stringify({ code: CODE_SERVER, node: own?.node, leftOut: LEFT_OUT });

/** Why this machine cannot have the editor, in one sentence; undefined where it can. */
export const editorUnavailable = () =>
  own ? undefined : `code-server runs on Linux and macOS, not on ${platform}.`;

/**
 * Sets up the editor, without compiling anything: no native module is needed but the file watcher's, which is ready.
 * @param {Note} note
 */
export async function setUpEditor(note) {
  if (!own) throw new Stop(editorUnavailable() ?? "");
  if (existsSync(MARKER) && readFileSync(MARKER, "utf8") === pinned) return "there already";
  rmSync(EDITOR, { recursive: true, force: true });
  mkdirSync(EDITOR, { recursive: true });
  note(`fetching ${CODE_SERVER} and ${own.node}, 100 MB`);
  await Promise.all([
    unpack(CODE_SERVER, CODE_SERVER_INTEGRITY, "code-server", note),
    unpack(own.node, own.integrity, "node", note),
  ]);
  await installModules(note);
  writeFileSync(MARKER, pinned);
  return undefined;
}

/** @param {string} name @param {string} integrity @param {string} folder @param {Note} note */
async function unpack(name, integrity, folder, note) {
  const into = join(EDITOR, folder);
  mkdirSync(into);
  const packed = await npm(["pack", name, "--silent", "--pack-destination", into], {
    cwd: EDITOR,
    progress: (_, elapsed) => note(`${name}: ${elapsed} …`),
  });
  if (packed.status !== 0) throw stopFor("npm pack", packed.text);
  const archive = join(into, readdirSync(into).find((file) => file.endsWith(".tgz")) ?? "");
  checkIntegrity(name, readFileSync(archive), integrity);
  const { status, text } = await capture("tar", ["-xzf", archive, "-C", into, "--strip-components=1"]);
  if (status !== 0) throw stopFor("tar", text);
  rmSync(archive);
}

/** @param {Note} note */
async function installModules(note) {
  const manifest = join(CODE, "package.json");
  const json = JSON.parse(readFileSync(manifest, "utf8"));
  for (const name of LEFT_OUT) delete json.dependencies[name];
  writeFileSync(manifest, JSON.stringify(json));
  for (const [cwd, what] of /** @type {const} */ ([
    [CODE, "Code's packages"],
    [join(CODE, "extensions"), "TypeScript"],
  ])) {
    note(`npm install: ${what}`);
    const { status, text } = await npm(
      ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      { cwd, progress: (_, elapsed) => note(`${elapsed} …`) },
    );
    if (status !== 0) throw stopFor("npm install", text);
  }
  // Code cannot do without these two, and both would have to be compiled.
  const native = join(CODE, "node_modules", "@vscode");
  copyFileSync(join(ROOT, "scripts", "setup", "editor_log.cjs"), join(native, "spdlog", "index.js"));
  writeFileSync(join(native, "native-watchdog", "index.js"), WATCHDOG);
}

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_BROWSER = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The path of a Chromium or Chrome on this machine, else undefined. */
export function findBrowser() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name)));
  if (process.platform === "darwin") paths.push(`/${MAC_BROWSER}`, join(homedir(), MAC_BROWSER));
  return paths.find((path) => existsSync(path));
}

/**
 * Finds a browser, or installs Debian's where we are root; answers its path, or `{ missing }`, one sentence.
 * @param {Note} note
 * @returns {Promise<{ path: string, missing?: undefined } | { path?: undefined, missing: string }>}
 */
export async function setUpBrowser(note) {
  if (!findBrowser() && hasApt() && process.getuid?.() === 0) {
    note("apt-get install chromium, 100 MB");
    const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    /** @param {string} _ @param {string} elapsed */
    const progress = (_, elapsed) => note(`${elapsed} …`);
    await capture("apt-get", ["-q", "update"], { env, progress });
    await capture("apt-get", ["-q", "install", "-y", "--no-install-recommends", "chromium"], {
      env,
      progress,
    });
  }
  const path = findBrowser();
  // Ubuntu's package only sends for a snap, and does nothing without its daemon.
  if (path && (await capture(path, ["--version"])).status === 0) return { path };
  return { missing: "no Chromium was found: install chromium or Google Chrome, then run `npm test` again" };
}

/** Settings of a quiet editor: no welcome, no dialogs, no updates, nothing asked of the network. */
export const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.enabled": false,
  "chat.disableAIFeatures": true,
  "typescript.disableAutomaticTypeAcquisition": true,
  "json.schemaDownload.enable": false,
  "git.enabled": false,
  "npm.fetchOnlinePackageInfo": false,
};

// An empty gallery: the editor asks no market place for updates.
const OFFLINE = { EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "", itemUrl: "" }) };

/** @param {import("../environment.mjs").Variables} extra */
function serverEnvironment(extra) {
  const env = childEnvironment({ ...OFFLINE, ...extra });
  // Set inside a terminal of VS Code: they would send our files to that window instead.
  for (const name of Object.keys(env).filter((key) => key.startsWith("VSCODE_"))) delete env[name];
  return env;
}

/** @param {string} profile @param {string} extensions */
const serverFlags = (profile, extensions) => [
  `--server-data-dir=${profile}`,
  `--user-data-dir=${join(profile, "data")}`,
  `--extensions-dir=${extensions}`,
];

/**
 * Installs a VSIX into the folder `extensions`.
 * @param {string} vsix
 * @param {string} extensions
 */
export async function installExtension(vsix, extensions) {
  const profile = join(EDITOR, "install");
  mkdirSync(extensions, { recursive: true });
  const { status, text } = await capture(
    NODE,
    [SERVER, ...serverFlags(profile, extensions), `--install-extension=${vsix}`, "--force"],
    { env: serverEnvironment({}) },
  );
  if (status !== 0 || /Failed Installing/.test(text)) {
    throw new Stop(`${vsix} could not be installed: ${text.trim().split("\n").at(-1)}`);
  }
}

/**
 * Starts the editor's server on the loopback address and waits until it listens.
 * @param {EditorOptions} options
 * @returns {Promise<RunningEditor>}
 */
export async function startEditor({
  port = 0,
  folder,
  profile,
  extensions = join(profile, "extensions"),
  env = {},
  settings = {},
  log = "info",
}) {
  const user = join(profile, "data", "User");
  mkdirSync(user, { recursive: true });
  const settingsFile = join(user, "settings.json");
  const before = existsSync(settingsFile) ? JSON.parse(readFileSync(settingsFile, "utf8")) : QUIET;
  writeFileSync(settingsFile, JSON.stringify({ ...before, ...settings }, null, 2));

  // Whoever reaches the server can run a terminal in it: another user of this machine, or a page in the user's own browser.
  const tokenFile = join(profile, "token");
  if (!existsSync(tokenFile)) writeFileSync(tokenFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  const token = readFileSync(tokenFile, "utf8");

  const child = spawn(
    NODE,
    [
      SERVER,
      ...serverFlags(profile, extensions),
      "--host=127.0.0.1",
      `--port=${port}`,
      `--connection-token-file=${tokenFile}`,
      "--accept-server-license-terms",
      "--disable-telemetry",
      "--disable-workspace-trust",
      // Hours by default, in which the extension host outlives the window.
      "--reconnection-grace-time=2",
      `--log=${log}`,
    ],
    { cwd: profile, detached: true, stdio: ["ignore", "pipe", "pipe"], env: serverEnvironment(env) },
  );
  const { pid = 0 } = child; // 0: it did not start, and "error" says why
  const stop = () => endGroup(pid);
  const atExit = () => void signalGroup(pid, "SIGKILL");
  process.once("exit", atExit);
  child.once("close", () => process.off("exit", atExit));

  const file = createWriteStream(join(profile, "server.log"));
  /** @type {number} */
  const listening = await new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        file.write(chunk);
        said += chunk;
        const bound = /Server bound to 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (bound && said.includes("Extension host agent started")) resolve(Number(bound));
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      reject(new Stop(`The editor ended with status ${code}: ${said.trim().split("\n").at(-1)}`));
    });
  });
  return {
    url: `http://127.0.0.1:${listening}/?tkn=${token}&folder=${encodeURIComponent(folder)}`,
    pid,
    stop,
  };
}

/** @param {number} pid @param {NodeJS.Signals | 0} signal */
function signalGroup(pid, signal) {
  if (pid === 0) return false; // that would be our own group
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

const PATIENCE_MS = 5000; // for extensions to be deactivated and their children to end

/** @param {number} pid */
async function endGroup(pid) {
  signalGroup(pid, "SIGTERM");
  const startMs = Date.now();
  while (signalGroup(pid, 0)) {
    if (Date.now() - startMs > PATIENCE_MS) signalGroup(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
