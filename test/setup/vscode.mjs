// `npm run vscode`: a real VS Code with the extension on a sample folder. Desktop VS Code where `code` is on PATH, else
// the editor of the tests, on a local address for any browser.
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { editorUnavailable, installExtension, setUpEditor, startEditor } from "./editor.mjs";
import { makePackage, thisPlatform } from "./package.mjs";
import { capture, ROOT, runSteps, Stop, show } from "./steps.mjs";

const CACHE = join(ROOT, ".cache");
const SAMPLE = join(CACHE, "sample");
const PROFILE = join(CACHE, "vscode");

/** A copy to type in; what was typed there stays. */
function sampleFolder() {
  mkdirSync(SAMPLE, { recursive: true });
  cpSync(join(ROOT, "test", "fixtures", "sample"), SAMPLE, { recursive: true, force: false });
  return SAMPLE;
}

/** Without a GPU the engine takes the software device of set-up, which an installed extension cannot find by itself. */
const env = { FORETYPE_VULKAN_DIR: process.env.FORETYPE_VULKAN_DIR ?? join(CACHE, "vulkan") };

async function buildAndPackage() {
  let made;
  await runSteps([
    {
      title: "build",
      run: async () => {
        const { status, text } = await capture(process.execPath, ["test/setup/build.mjs"]);
        if (status !== 0) throw new Stop(`The build failed:\n${text.trimEnd()}`);
      },
    },
    {
      title: "package",
      run: async (note) => {
        made = await makePackage(thisPlatform, note);
        return `${made.megabytes.toFixed(1)} MB`;
      },
    },
  ]);
  return made;
}

async function desktop() {
  const { stage } = await buildAndPackage();
  console.log(`\nOpening VS Code on ${SAMPLE}.`);
  return show("code", ["--new-window", `--extensionDevelopmentPath=${stage}`, sampleFolder()], env);
}

async function served() {
  const reason = editorUnavailable();
  if (reason) throw new Stop(`No VS Code was found: install it with its \`code\` command (${reason})`);
  const { vsix } = await buildAndPackage();
  const extensions = join(PROFILE, "extensions");
  await runSteps([
    { title: "a VS Code", run: setUpEditor },
    { title: "install the extension", run: () => installExtension(vsix, extensions) },
  ]);
  const editor = await startEditor({ folder: sampleFolder(), profile: PROFILE, extensions, env });
  console.log(`
Open ${editor.url}
in a browser on this machine. Open stack.ts, type, and wait a moment: the first suggestion starts the engine.
Ctrl+C here ends it.`);
  await new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
  });
  await editor.stop();
  console.log("Ended.");
  return 0;
}

try {
  const hasCode =
    existsSync(join(ROOT, "node_modules")) &&
    (await capture("code", ["--version"], { shell: process.platform === "win32" })).status === 0;
  process.exitCode = await (hasCode ? desktop() : served());
} catch (error) {
  console.error(error instanceof Stop ? error.message : error);
  process.exitCode = 1;
}
