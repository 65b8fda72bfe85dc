// `profile` and `bench --report` as a program: what they print, write, and leave where they are stopped.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProfileReport } from "../../../engine/cli/profile/profile_report.ts";
import { groups, parseSpeedReport, type SpeedReport } from "../../../engine/cli/report/speed_report.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { buildCommandLine, type CommandLine } from "../support/cli.ts";

let cli: CommandLine;
beforeAll(async () => {
  cli = await buildCommandLine();
});
afterAll(() => cli[Symbol.asyncDispose]());

const files = ["report.html", "report.json", "report.md"];

async function readReport(folder: string): Promise<SpeedReport> {
  expect((await readdir(folder)).sort()).toEqual(files);
  return parseSpeedReport("report.json", await readFile(join(folder, "report.json"), "utf8"));
}

test("profile --json prints one document, of each kind of pass", async () => {
  const run = await cli.run("profile mini --rows 2 --at 64 --rounds 1 --json".split(" "));
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  const report = JSON.parse(run.stdout) as ProfileReport;
  expect(report).toMatchObject({ model: "mini", context: 512, kvType: "f16", at: 64, runs: 1 });
  expect(report.bandwidth?.bytesPerSecond).toBeGreaterThan(0);
  expect(report.steps.map(({ name }) => name)).toEqual([
    "decode step",
    "verify pass, 2 rows",
    "prompt piece, 64 rows",
    "round with a chain of 3 drafts",
  ]);
});

test("profile prints a table of kernels and bars of parts", async () => {
  const { stdout, status } = await cli.run("profile mini --rows 1 --rounds 1".split(" "));
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^mini on .+; context 512, f16 cache, at position 0; medians of 1 runs\nMemory reads at/,
  );
  expect(stdout).toMatch(/^kernel +weights +part +n +time +share/m);
  expect(stdout).toMatch(/^ {2}ffn +[\d.]+ % {2}[█▏]+ {2}.+, \d+ dispatch/m);
  expect(stdout).not.toMatch(/NaN|undefined|null|\[object/);
});

test("bench --report writes page, table and numbers, and compares with an earlier one", async () => {
  const [first, second] = [cli.at("first"), cli.at("second")];
  const run = await cli.run(["bench", "mini", "--report", first, "--quick", "--budget", "30"]);
  expect(run.status).toBe(0);
  expect(run.stderr).toMatch(/^1 of \d+: preparing the kernels .*\n(.*\n)*Written: .*report\.html\n$/);
  const report = await readReport(first);
  expect(report).toMatchObject({
    ended: null,
    quick: true,
    budgetSeconds: 30,
    about: { model: "foretype-mini.gguf" },
  });
  expect(report.lines.map(({ id }) => id)).toEqual(expect.arrayContaining(["load", "decode 0"]));
  for (const { group } of report.lines) expect(groups).toContain(group);
  // What a model of 512 positions cannot be asked for is told, whatever the time was enough for.
  expect(report.missing).toContainEqual(
    expect.objectContaining({ id: "text 2048", reason: "the model was trained for 512 positions" }),
  );
  const markdown = readFileSync(join(first, "report.md"), "utf8");
  expect(run.stdout).toBe(`${markdown}\n`);
  for (const { label } of [...report.lines, ...report.missing]) expect(markdown).toContain(`| ${label} |`);
  const html = readFileSync(join(first, "report.html"), "utf8");
  expect(html).not.toMatch(/\b(src|href)=|@import|url\(/);
  const everything = files.map((name) => readFileSync(join(first, name), "utf8")).join();
  expect(everything).not.toContain(cli.at("").replace(/\/$/, ""));

  const args = ["bench", "mini", "--report", second, "--quick", "--budget", "10"];
  const again = await cli.run([...args, "--compare", join(first, "report.json"), "--json"]);
  expect(JSON.parse(again.stdout)).toEqual(await readReport(second));
  const compared = readFileSync(join(second, "report.md"), "utf8");
  expect(compared).toMatch(/^## Compared with the run of [\d-]+ [\d:]+ UTC$/m);
  expect(compared).toContain("Machine, model and versions are the same.");
  expect(compared).toMatch(/^\| decoding after 0 \| .* ms\/token \| .* ms\/token \| [\d.,]+× \|$/m);
});

test("Ctrl+C ends a report with what it has, and the program says so", async () => {
  const folder = cli.at("stopped");
  const program = join(import.meta.dirname, "../../../out/cli.js");
  const device = process.env.FORETYPE_DEVICE ?? "lavapipe";
  const args = [program, "bench", "mini", "--report", folder];
  const child = spawn(process.execPath, args, { env: childEnvironment({ FORETYPE_DEVICE: device }) });
  child.stdout.resume();
  let said = "";
  let isStopped = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (isStopped || !said.includes("decoding at 0 positions")) return;
    isStopped = true;
    child.kill("SIGINT");
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect(said).toContain("Stopping: what was measured is written.");
  expect(status).toBe(130);
  const report = await readReport(folder);
  expect(report.ended).toBe("it was stopped");
  expect(report.lines.map(({ id }) => id)).toContain("load");
  expect(report.missing.filter(({ reason }) => reason === "it was stopped").length).toBeGreaterThan(3);
  expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("It ended early: it was stopped.");
});
