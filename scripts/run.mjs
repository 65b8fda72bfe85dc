// `npm start` and `npm test`: set up what is missing, then show the engine at work or check everything. So do
// `npm run test:editor`, `test:desktop`, `torture` and `vscode`, for what their names say.
// Runs before node_modules exists, so set-up imports nothing but Node's own modules.
import { existsSync, readFileSync, rmSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const newEnough = (version, wanted) => {
  const [[major, minor], [wantedMajor, wantedMinor]] = [version, wanted].map((text) =>
    text.match(/\d+/g).map(Number),
  );
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
};
if (!newEnough(process.versions.node, engines.node)) {
  console.error(`Node is ${process.versions.node} and Foretype needs ${engines.node}: install a newer one.`);
  process.exit(1);
}

const { closeApt } = await import("./setup/apt.mjs");
const { findDesktop } = await import("./setup/desktop.mjs");
const { editorUnavailable, setUpBrowser, setUpEditor } = await import("./setup/editor.mjs");
const { installPackages } = await import("./setup/packages.mjs");
const { capture, ROOT, runSteps, show, Stop } = await import("./steps.mjs");
const { probeAdapter, setUpLoader, setUpSoftwareDevices } = await import("./setup/vulkan.mjs");

const SAMPLE = "test/fixtures/sample/stack.ts:27:11";
const LINUX = process.platform === "linux";
const tools = {
  tsc: "node_modules/typescript/bin/tsc",
  biome: "node_modules/@biomejs/biome/bin/biome",
  depcruise: "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
  knip: "node_modules/knip/bin/knip.js",
  vitest: "node_modules/vitest/vitest.mjs",
};

const packages = { title: "node packages", run: installPackages };
const loader = { title: "Vulkan loader", run: setUpLoader };
const build = { title: "build", run: (note) => check(note, "scripts/build.mjs") };

/** Runs a script quietly; what it says is shown when it fails. */
async function check(note, script, ...args) {
  const { status, text } = await capture(process.execPath, [script, ...args]);
  if (status === 0) return undefined;
  note("");
  console.log(text.trimEnd());
  throw new Stop(`${[script.split("/").at(-1), ...args].join(" ")} failed with status ${status}: see above.`);
}

let hardware; // description of the GPU that answered; the GPU tests run on it too

async function findHardware() {
  const { adapter } = await probeAdapter();
  hardware = adapter && !adapter.software ? adapter.description : undefined;
}

async function chooseDevice(note) {
  await findHardware();
  if (hardware) {
    closeApt();
    return hardware;
  }
  if (!LINUX) throw new Stop("No GPU answered: install your GPU's driver, then run `npm start` again.");
  return (await setUpSoftwareDevices(note)) ?? "no GPU answered: software devices";
}

async function setUpTestDevices(note) {
  const remark = LINUX ? await setUpSoftwareDevices(note) : undefined;
  await findHardware();
  return [remark, hardware].filter(Boolean).join("; ");
}

async function start() {
  await runSteps([
    packages,
    ...(LINUX ? [loader] : []),
    { title: "device", run: chooseDevice },
    build,
    {
      title: `complete ${SAMPLE}`,
      run: async (note) => {
        note("");
        // Drafts are asked for, so that they are seen at work: by itself a software device would do without.
        const drafts = ["--draft", "mtp", "--draft-max", "3"];
        const command = ["out/cli.js", "complete", SAMPLE, "--model", "mini", ...drafts];
        const status = await show(process.execPath, command);
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

const counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs a vitest project, its output going to the terminal, and adds its tests to `counts`. */
async function vitest(project, note, extra = {}, files = []) {
  note("");
  const file = `${ROOT}/.cache/vitest-${project}.json`;
  rmSync(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const env = { ...(hardware ? { FORETYPE_HARDWARE: hardware } : {}), ...extra };
  const status = await show(
    process.execPath,
    [tools.vitest, "run", "--project", project, ...reporters, ...files],
    env,
  );
  if (existsSync(file)) count(JSON.parse(readFileSync(file, "utf8")));
  if (status !== 0) throw new Stop(`vitest --project ${project} failed with status ${status}: see above.`);
}

function count({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  // A file that cannot be loaded has no tests to fail.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  counts.passed += numPassedTests;
  counts.failed += numFailedTests + broken.length;
  counts.skipped += numPendingTests + numTodoTests;
}

const devices = [packages, ...(LINUX ? [loader] : []), { title: "test devices", run: setUpTestDevices }];
const vsix = { title: "package", run: (note) => check(note, "scripts/package/package.mjs") };

let noEditor; // why there is none, in one sentence

const editorTests = [
  vsix,
  {
    title: "a VS Code",
    run: async (note) => {
      noEditor = editorUnavailable() ?? (await setUpBrowser(note)).missing;
      return noEditor ?? (await setUpEditor(note));
    },
  },
  {
    title: "the extension in VS Code",
    run: (note) => (noEditor ? `skipped: ${noEditor}` : vitest("editor", note)),
  },
];

const test = () =>
  runSteps([
    ...devices,
    build,
    {
      title: "types",
      run: async (note) => {
        await check(note, tools.tsc, "--noEmit");
        await check(note, tools.tsc, "--project", "extension/webviews/pages"); // they know a browser, not Node
      },
    },
    { title: "lint", run: (note) => check(note, tools.biome, "check", ".") },
    { title: "structure", run: (note) => check(note, tools.depcruise, "engine", "extension") },
    { title: "unused code", run: (note) => check(note, tools.knip) },
    { title: "unit tests", run: (note) => vitest("unit", note) },
    { title: "kernels and models, on each device", run: (note) => vitest("gpu", note) },
    ...editorTests,
  ]);

const editor = () => runSteps([...devices, ...editorTests]);

/** Drafts over many whole texts, an hour of it; `npm run torture -- 40` takes fewer. */
const torture = () =>
  runSteps([
    ...devices,
    {
      title: "drafts over whole texts",
      run: (note) =>
        vitest("gpu", note, { FORETYPE_TORTURE: process.argv[3] ?? "200" }, [
          "test/gpu/session/torture.test.ts",
          "test/gpu/session/speculation.test.ts",
        ]),
    },
  ]);

async function desktop() {
  await runSteps([packages]);
  const { code, missing } = await findDesktop();
  if (missing) {
    console.log(`The tests in a desktop VS Code are skipped: ${missing}`);
    return;
  }
  const run = (note) => vitest("editor", note, { FORETYPE_DESKTOP: code });
  await runSteps([...devices, vsix, { title: `the extension in ${code}`, run }]);
}

async function vscode() {
  await runSteps([packages, ...(LINUX ? [loader] : []), { title: "device", run: chooseDevice }]);
  process.exitCode = await show(process.execPath, ["scripts/vscode.mjs", ...process.argv.slice(3)]);
}

function fail(error) {
  console.error(error instanceof Stop ? error.message : error);
  process.exitCode = 1;
}

/** Runs tests and says, last of all, how many passed. */
async function counted(tests) {
  await tests().catch((error) => {
    fail(error);
    counts.failed ||= 1; // a step that is not a test failed
  });
  const { passed, failed, skipped } = counts;
  if (passed + failed === 0) return;
  console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
}

const commands = {
  start: () => start().catch(fail),
  test: () => counted(test),
  editor: () => counted(editor),
  desktop: () => counted(desktop),
  torture: () => counted(torture),
  vscode: () => vscode().catch(fail),
};
const command = commands[process.argv[2]];
if (command) {
  await command();
} else {
  console.error(`Say what to run: node scripts/run.mjs ${Object.keys(commands).join(", ")}.`);
  process.exitCode = 2;
}
