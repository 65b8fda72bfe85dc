// Runs vitest's projects, counts their tests, and says at the end which files and which parts took how long.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ROOT, Stop, seconds, show } from "./steps.mjs";

/** @typedef {{ readonly file: string, readonly ms: number }} FileTime */
/**
 * @typedef {object} Results What is used of vitest's JSON report.
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {readonly { name: string, status: string, startTime: number, endTime: number, assertionResults: readonly { status: string }[] }[]} testResults
 */

const VITEST = "node_modules/vitest/vitest.mjs";
const SLOWEST = 10; // files in the table

const counts = { passed: 0, failed: 0, skipped: 0 };
/** @type {FileTime[]} */
const fileTimes = [];

/**
 * Runs a vitest project, its output going to the terminal, and counts its tests.
 * @param {string} project
 * @param {import("./steps.mjs").Note} note
 * @param {{ env?: import("./environment.mjs").Variables, files?: readonly string[] }} [options] `files`: only those that match one.
 * @throws Stop when a test fails.
 */
export async function runTests(project, note, { env = {}, files = [] } = {}) {
  note("");
  const report = join(ROOT, ".cache", `vitest-${project}.json`);
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = await show(
    process.execPath,
    [VITEST, "run", "--project", project, ...reporters, ...files],
    env,
  );
  if (existsSync(report)) take(JSON.parse(readFileSync(report, "utf8")));
  if (status !== 0) throw new Stop(`vitest --project ${project} failed with status ${status}: see above.`);
}

/** @param {Results} results */
function take({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults }) {
  // A file that cannot be loaded has no tests to fail.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  counts.passed += numPassedTests;
  counts.failed += numFailedTests + broken.length;
  counts.skipped += numPendingTests + numTodoTests;
  for (const { name, startTime, endTime } of testResults) {
    fileTimes.push({ file: relative(ROOT, name).split(sep).join("/"), ms: endTime - startTime });
  }
}

/** A step that is not a test failed. */
export function countFailedStep() {
  counts.failed ||= 1;
}

/**
 * Prints how long each part and the slowest files took and, last of all, how many tests passed.
 * @param {readonly import("./steps.mjs").Part[]} parts
 */
export function printSummary(parts) {
  const { passed, failed, skipped } = counts;
  if (passed + failed === 0) return;
  console.log(`\n${timeTable(parts, fileTimes)}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
}

/**
 * How long each part took, in the order in which they ran, and the slowest test files, the slowest first.
 * @param {readonly import("./steps.mjs").Part[]} parts
 * @param {readonly FileTime[]} files
 */
export function timeTable(parts, files) {
  const slowest = files.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  const inTurns = parts.filter(({ beside }) => !beside);
  /** @type {import("./steps.mjs").Part} */
  const all = { title: "all", ms: inTurns.reduce((sum, { ms }) => sum + ms, 0) };
  /** @param {string} name @param {number} ms */
  const line = (name, ms) => `${seconds(ms).padStart(10)}  ${name}`;
  return [
    "How long each part took:",
    ...[...parts, all].map(({ title, ms, beside }) => line(`${beside ? "  of which " : ""}${title}`, ms)),
    ...(slowest.length > 0 ? ["The slowest test files:"] : []),
    ...slowest.map(({ file, ms }) => line(file, ms)),
  ].join("\n");
}
