// The long form of random hands: 10,000 actions in windows of a real VS Code, 200 in each, each window by a seed of its own. What
// was done is kept in .cache/hands.json: when it is ended and started again, it goes on from there, and tries again what was lost,
// whose logs stay in .cache/hands/. Ends in the table of RESULTS.md.
//
//   node test/torture/hands.mjs [ACTIONS, else 10000]
//
// FORETYPE_SEED is the first window's seed. A window is lost where a suggestion is in a document that nobody accepted, or in a wrong
// place, where a log tells of an exception, or where the editor does not come to its end; why is kept with its seed.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture } from "../../scripts/steps.mjs";
import { openCounts } from "./long_run.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [all = "10000"] = process.argv.slice(2);
const EACH = 200; // actions of a window
const SEED = Number(process.env.FORETYPE_SEED || 18);
const HANG_MS = 30 * 60_000; // of a window
const SLOW_SHOWN = 12;
const KINDS = /** @type {const} */ (["other", "garbage", "process", "start"]);
const TITLES = {
  other: "while hands act",
  garbage: "while V8 collects garbage, the host's and ours",
  process: "the engine's process is started",
  start: "the extension starts",
};

/** @typedef {import("../editor/support/host_thread/host_thread.ts").HostThread} HostThread */
/** @typedef {{ seed: number, actions: number, accepted: number, fault?: string, host: HostThread[] }} Outcome */
/** @type {ReturnType<typeof openCounts<Outcome>>} */
const counts = openCounts(join(root, ".cache", "hands.json"), SEED);

/** @param {number} seed @returns {Promise<Outcome>} */
async function tryWindow(seed) {
  const folder = mkdtempSync(join(tmpdir(), "foretype-hands-"));
  const report = join(folder, "report.json");
  const env = { FORETYPE_SEED: String(seed), FORETYPE_HANDS: report, FORETYPE_ACTIONS: String(EACH) };
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "editor", "random"];
  const { status, text } = await capture(process.execPath, vitest, { env, timeoutMs: HANG_MS });
  /** @type {Outcome} */
  const none = { seed, actions: 0, accepted: 0, host: [] };
  const outcome = existsSync(report)
    ? /** @type {Outcome} */ (JSON.parse(readFileSync(report, "utf8")))
    : none;
  rmSync(folder, { recursive: true });
  if (status === 0) return outcome;
  const log = join(root, ".cache", "hands", `${seed}.log`);
  mkdirSync(join(root, ".cache", "hands"), { recursive: true });
  writeFileSync(log, text);
  return { ...outcome, fault: outcome.fault ?? `vitest ended with status ${status}: see ${log}` };
}

/** @param {Outcome[]} rows @param {typeof KINDS[number]} kind */
function hostThread(rows, kind) {
  const parts = rows.flatMap(({ host }) => host.map((one) => one[kind]));
  const pieces = parts.reduce((sum, part) => sum + part.pieces, 0);
  const stepMs = parts[0]?.stepMs ?? 0;
  /** @type {Map<number, number>} */
  const times = new Map();
  for (const part of parts)
    for (const [step, count] of part.times) times.set(step, (times.get(step) ?? 0) + count);
  const steps = [...times].sort(([a], [b]) => a - b);
  /** The least time that this share of the pieces keeps within. @param {number} share */
  const within = (share) => {
    let left = share * pieces;
    const last = steps.find(([, count]) => {
      left -= count;
      return left <= 0;
    });
    return (((last?.[0] ?? 0) + 1) * stepMs).toFixed(2);
  };
  const longest = Math.max(0, ...parts.map((part) => part.longest));
  const slow = parts.flatMap((part) => part.slow).sort((a, b) => b.ms - a.ms);
  return { pieces, longest, slow, median: within(0.5), p99: within(0.99), p999: within(0.999) };
}

const windows = Math.ceil(Number(all) / EACH);
for (let index = 0; index < windows; index++) {
  const seed = SEED * 1000 + index;
  const before = counts.rows[seed];
  if (before !== undefined && before.fault === undefined) continue;
  const outcome = await tryWindow(seed);
  counts.rows[seed] = outcome;
  counts.save();
  const rows = Object.values(counts.rows);
  const done = rows.reduce((sum, { actions }) => sum + actions, 0);
  const lost = rows.filter(({ fault }) => fault !== undefined).length;
  const { p999, longest } = hostThread(rows, "other");
  console.log(
    `${done} of ${all} actions, ${lost} windows lost, host's thread ${p999} ms at p99.9, ${longest.toFixed(1)} at most`,
  );
  if (outcome.fault !== undefined) console.error(`LOST seed ${seed}: ${outcome.fault}`);
}

const rows = Object.values(counts.rows);
const lost = rows.filter(({ fault }) => fault !== undefined);
const actions = rows.reduce((sum, one) => sum + one.actions, 0);
const accepted = rows.reduce((sum, one) => sum + one.accepted, 0);
console.log(
  "\n| windows | actions | suggestions near an accepting key | survived | lost |\n|---:|---:|---:|---:|---:|",
);
console.log(`| ${rows.length} | ${actions} | ${accepted} | ${rows.length - lost.length} | ${lost.length} |`);
console.log("\n| host's thread | pieces | median | p99 | p99.9 | longest |\n|---|---:|---:|---:|---:|---:|");
for (const kind of KINDS) {
  const { pieces, median, p99, p999, longest } = hostThread(rows, kind);
  console.log(`| ${TITLES[kind]} | ${pieces} | ${median} | ${p99} | ${p999} | ${longest.toFixed(1)} ms |`);
}
console.log("\nThe longest:");
for (const { ms, name } of hostThread(rows, "other").slow.slice(0, SLOW_SHOWN))
  console.log(`  ${ms.toFixed(1)} ms: ${name}`);
for (const { seed, fault } of lost) console.log(`LOST seed ${seed}: ${fault}`);
console.log(`seed ${SEED}`);
if (lost.length === 0) counts.remove(); // all is well: the next run begins again
process.exitCode = lost.length > 0 ? 1 : 0;
