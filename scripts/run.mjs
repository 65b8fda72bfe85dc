// `npm start` and `npm test`: set up what is missing, then show the engine at work or check everything. So do
// `npm run test:editor`, `test:desktop`, `torture` and `vscode`, for what their names say.
// Runs before node_modules exists, so set-up imports nothing but Node's own modules.
import { readFileSync } from "node:fs";
import { isAtLeast } from "./versions.mjs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
if (!isAtLeast(process.versions.node, engines.node)) {
  console.error(`Node is ${process.versions.node} and Foretype needs ${engines.node}: install a newer one.`);
  process.exit(1);
}

const { auditPackages } = await import("./audit.mjs");
const { closeApt } = await import("./setup/apt.mjs");
const { findDesktop } = await import("./setup/desktop.mjs");
const { editorUnavailable, setUpBrowser, setUpEditor } = await import("./setup/editor.mjs");
const { installPackages } = await import("./setup/packages.mjs");
const { probeAdapter, setUpLoader, setUpSoftwareDevices } = await import("./setup/vulkan.mjs");
const { capture, printError, runSteps, sideBySide, show, startEarly, Stop } = await import("./steps.mjs");
const { countFailedStep, printSummary, runTests } = await import("./tests.mjs");

/** @typedef {import("./steps.mjs").Note} Note */
/** @typedef {import("./steps.mjs").Step} Step */

const SAMPLE = "test/fixtures/sample/stack.ts:27:11";
const LINUX = process.platform === "linux";
const [command = "", ...args] = process.argv.slice(2);

/**
 * Runs a script quietly; what it says is shown when it fails.
 * @param {string} script
 * @param {string[]} flags
 */
async function check(script, ...flags) {
  const { status, text } = await capture(process.execPath, [script, ...flags]);
  if (status === 0) return;
  const name = [script.split("/").at(-1), ...flags].join(" ");
  throw new Stop(`${text.trimEnd()}\n${name} failed with status ${status}: see above.`);
}

/** @type {string | undefined} Description of the GPU that answered; the GPU tests run on it too. */
let hardware;

async function findHardware() {
  const { adapter } = await probeAdapter();
  hardware = adapter && !adapter.software ? adapter.description : undefined;
}

/** @param {Note} note */
async function chooseDevice(note) {
  await findHardware();
  if (hardware) {
    closeApt();
    return hardware;
  }
  if (!LINUX) throw new Stop("No GPU answered: install your GPU's driver, then run `npm start` again.");
  return (await setUpSoftwareDevices(note)) ?? "no GPU answered: software devices";
}

/** @param {Note} note */
async function setUpTestDevices(note) {
  const remark = LINUX ? await setUpSoftwareDevices(note) : undefined;
  await findHardware();
  return [remark, hardware].filter(Boolean).join("; ");
}

/** @param {string} project @param {import("./environment.mjs").Variables} [env] @param {readonly string[]} [files] @returns {Step["run"]} */
const tests =
  (project, env, files = []) =>
  (note) =>
    runTests(project, note, { env: { ...(hardware && { FORETYPE_HARDWARE: hardware }), ...env }, files });

/** A program that prints as it goes, and goes on where it was ended. @param {string} script @returns {Step["run"]} */
const longForm = (script) => async (note) => {
  note("");
  const status = await show(process.execPath, [script]);
  if (status !== 0) throw new Stop(`${script} failed with status ${status}: see above.`);
};

/** @type {Step} */
const packages = { title: "node packages", run: installPackages };
/** @type {Step} */
const device = { title: "device", run: chooseDevice };
/** @type {Step} */
const build = { title: "build", run: () => check("scripts/build.mjs") };
/** @type {Step} */
const types = { title: "types", run: () => check("node_modules/typescript/bin/tsc", "--noEmit") };
/** @type {Step} */
const pageTypes = {
  title: "types of the pages", // they know a browser, not Node
  run: async () => {
    await check("node_modules/typescript/bin/tsc", "--project", "engine/cli/report/page");
    return check("node_modules/typescript/bin/tsc", "--project", "extension/webviews/pages");
  },
};
/** @type {Step} */
const lint = { title: "lint", run: () => check("node_modules/@biomejs/biome/bin/biome", "check", ".") };
/** @type {Step} */
const structure = {
  title: "structure", // floors, rooms, circles
  run: () => check("node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "engine", "extension"),
};
/** @type {Step} */
const unused = { title: "unused code", run: () => check("node_modules/knip/bin/knip.js") };
/** @type {Step} */
const audit = { title: "known vulnerabilities", run: auditPackages };
/** @type {Step} */
const vsix = { title: "package", run: () => check("scripts/package/package.mjs") };

/** @type {readonly Step[]} */
const loader = LINUX ? [{ title: "Vulkan loader", run: setUpLoader }] : [];
/** @type {readonly Step[]} */
const testDevices = [packages, ...loader, { title: "test devices", run: setUpTestDevices }];

/** @type {string | undefined} Why there is no VS Code to test in, in one sentence. */
let noEditor;

/** @param {Note} note */
async function setUpVsCode(note) {
  noEditor = editorUnavailable() ?? (await setUpBrowser(note)).missing;
  return noEditor ?? (await setUpEditor(note));
}

/** @type {Step} */
const vsCode = { title: "a VS Code", run: setUpVsCode };
/** @type {Step} */
const inVsCode = {
  title: "the extension in VS Code",
  run: (note) => (noEditor ? `skipped: ${noEditor}` : tests("editor", {}, args)(note)),
};

/** @param {readonly Step[]} steps */
async function runTestSteps(steps) {
  /** @type {import("./steps.mjs").Part[]} */
  const parts = [];
  await runSteps(steps, parts).catch((error) => {
    fail(error);
    countFailedStep();
  });
  printSummary(parts);
}

/** @param {unknown} error */
function fail(error) {
  printError(error);
  process.exitCode = 1;
}

async function start() {
  // Drafts are asked for, so that they are seen at work: by itself a software device would do without.
  const drafts = ["--draft", "mtp", "--draft-max", "3"];
  await runSteps([
    packages,
    ...loader,
    device,
    build,
    {
      title: `complete ${SAMPLE}`,
      run: async (note) => {
        note("");
        const cli = ["out/cli.js", "complete", SAMPLE, "--model", "mini", ...drafts];
        const status = await show(process.execPath, cli);
        if (status !== 0) throw new Stop(`node out/cli.js complete failed with status ${status}: see above.`);
      },
    },
  ]);
  console.log(`
In the editor:      npm run vscode
In a file of yours: node out/cli.js complete FILE:LINE:COL --model mini
A larger model:     node out/cli.js models list
All commands:       node out/cli.js --help
Check everything:   npm test`);
}

async function test() {
  const vsCodeEarly = startEarly(vsCode); // it waits for the network, while the tests compute
  await runTestSteps([
    ...testDevices,
    vsCodeEarly.begin,
    build,
    sideBySide(types, pageTypes, lint, structure, unused, audit, vsix),
    { title: "unit tests", run: tests("unit") },
    { title: "kernels and models, on each device", run: tests("gpu") },
    vsCodeEarly.wait,
    inVsCode,
  ]);
}

/** `npm run test:editor [-- FILE …]`: all of them, or those whose path has one of these parts. */
const editor = () => runTestSteps([...testDevices, vsix, vsCode, inVsCode]);

async function desktop() {
  await runSteps([packages]);
  const { code, missing } = await findDesktop();
  if (missing !== undefined) {
    console.log(`The tests in a desktop VS Code are skipped: ${missing}`);
    return;
  }
  const inDesktop = { title: `the extension in ${code}`, run: tests("editor", { FORETYPE_DESKTOP: code }) };
  await runTestSteps([...testDevices, vsix, inDesktop]);
}

/**
 * Completions of real code, changed files of every kind, drafts over many whole texts, an engine that is killed and
 * spoiled, and random hands in an editor, hours of it; `npm run torture -- 40` takes fewer texts.
 */
const torture = () => {
  const long = { FORETYPE_TORTURE: args[0] ?? "200" };
  const hands = longForm("test/torture/hands.mjs");
  const drafts = ["test/gpu/session/torture.test.ts", "test/gpu/session/speculation.test.ts"];
  return runTestSteps([
    ...testDevices,
    { title: "completions of real code", run: tests("unit", long, ["complete/real", "complete/properties"]) },
    { title: "changed files of every kind", run: longForm("test/fuzz/long.mjs") },
    { title: "mixtures of experts as on a GPU", run: tests("gpu", long, ["model/families"]) },
    { title: "drafts over whole texts", run: tests("gpu", long, drafts) },
    { title: "the engine's process, killed and spoiled", run: longForm("test/torture/long.mjs") },
    { title: "eight hours of typing", run: longForm("test/bench/endurance.mjs") },
    vsix,
    vsCode,
    {
      title: "random hands in VS Code",
      run: (note) => (noEditor ? `skipped: ${noEditor}` : hands(note)),
    },
  ]);
};

async function vscode() {
  await runSteps([packages, ...loader, device]);
  process.exitCode = await show(process.execPath, ["scripts/vscode.mjs", ...args]);
}

/** @type {Readonly<Record<string, () => Promise<void>>>} */
const commands = { start, test, editor, desktop, torture, vscode };
const run = commands[command];
if (run) {
  await run().catch(fail);
} else {
  console.error(`Say what to run: node scripts/run.mjs ${Object.keys(commands).join(", ")}.`);
  process.exitCode = 2;
}
