// Measures with `foretype bench` and writes its tables in RESULTS.md again, between their marks: each with commit, machine and start.
//   npm run build && node test/bench/results.mjs [--file RESULTS.md] [options of bench, such as --suite mtp or --peer llama.cpp]
// Tables whose suite did not run stay. test/gpu/session/results.test.ts compares what is exact in them.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { childEnvironment, ROOT } from "../../scripts/environment.mjs";

/** @typedef {import("../../engine/cli/bench/bench.ts").BenchReport} Report */

const args = process.argv.slice(2);
const fileAt = args.indexOf("--file");
const path = fileAt < 0 ? join(ROOT, "test/bench/RESULTS.md") : (args.splice(fileAt, 2)[1] ?? "");
const DEFAULTS = ["--context", "512", "--rounds", "7", "--device", "lavapipe"];
const SUITES = ["--suite", "load,prefill,decode,mtp,edit"];
const options = [...DEFAULTS, ...(args.includes("--suite") ? [] : SUITES), ...args];

/** @param {string[]} words */
const git = (...words) =>
  spawnSync("git", words, { cwd: ROOT, env: childEnvironment(), encoding: "utf8" }).stdout.trim();

const load = (loadavg()[0] ?? 0).toFixed(1);
const changed = git("status", "--porcelain", "--", "engine", "shaders") !== "" ? " with changes" : "";
const commit = `commit ${git("rev-parse", "--short", "HEAD")}${changed}, ${new Date().toISOString().slice(0, 10)}`;

const run = spawnSync(process.execPath, ["out/cli.js", "bench", "mini", ...options, "--json"], {
  cwd: ROOT,
  env: childEnvironment(),
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
  maxBuffer: 64 << 20,
});
if (run.status !== 0) process.exit(run.status ?? 1);
/** @type {Report} */
const report = JSON.parse(run.stdout);

const command = `\`node test/bench/results.mjs${args.length > 0 ? ` ${args.join(" ")}` : ""}\``;
/** @param {(keyof Report["starts"])[]} suites */
const stamp = (...suites) => {
  const starts = suites.flatMap((suite) => report.starts[suite] ?? []).map((start) => `from ${start}`);
  return `${report.device}; ${report.cpu}, load ${load} before; ${commit}; ${starts.join("; ")}. ${command}`;
};

/** @param {readonly (readonly string[])[]} rows */
const table = ([head = [], ...rows]) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
/** @param {number} part @param {number} whole */
const percent = (part, whole) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);
/** @param {number} ratio */
const times = (ratio) => `${ratio.toFixed(2)}×`;

/** @type {Record<string, string>} */
const blocks = {};
const { step, mtp, edit, measures, peer } = report;
if (Object.keys(measures).length > 0) {
  const rows = Object.entries(measures).map(([name, it]) => [
    name,
    `${it.median.toFixed(2)} ${it.unit} (${it.min.toFixed(2)}–${it.max.toFixed(2)})`,
    ...(peer ? [it.peer?.median.toFixed(2) ?? "", it.peer ? times(it.peer.ratio) : ""] : []),
  ]);
  const head = ["", "ours, median (min–max)", ...(peer ? ["llama.cpp", "ratio"] : [])];
  blocks[peer ? "peer" : "speed"] = `${stamp("load", "prefill", "decode")}\n\n${table([head, ...rows])}`;
}
if (step) {
  const parts = Object.entries(step.dispatchesByPart).map(([part, n]) => `${part} ${n}`);
  blocks.step = `${stamp("decode")}\n\n${table([
    ["a decode step", ""],
    ["dispatches", `${step.dispatches}: ${parts.join(", ")}`],
    ["bytes bound", `${(step.bytesBound / 2 ** 20).toFixed(1)} MiB`],
    ["host time", `${(step.hostMicroseconds / 1000).toFixed(2)} ms`],
    ["submits, bytes read back", `${step.submits}, ${step.bytesReadBack}`],
    ["buffers, bind groups, pipelines made", `${step.objectsMade}`],
  ])}`;
}
if (mtp) {
  const rows = Object.entries(mtp.texts).map(([kind, it]) => [
    kind,
    `${it.accepted} of ${it.drafted}`,
    percent(it.accepted, it.drafted),
    it.plain.toFixed(1),
    it.withDrafts.toFixed(1),
    times(it.withDrafts / it.plain),
  ]);
  const all = [`${mtp.accepted} of ${mtp.drafted}`, percent(mtp.accepted, mtp.drafted)];
  const seconds = [`${mtp.seconds.plain.toFixed(1)} s`, `${mtp.seconds.withDrafts.toFixed(1)} s`];
  const stray = Object.values(mtp.texts).reduce((sum, it) => sum + it.stray, 0);
  const { prefill, round } = mtp;
  blocks.drafts = `${stamp("mtp")}

${table([
  ["text", "accepted of drafted", "", "plain, tok/s", "with drafts", "ratio"],
  ...rows,
  ["all", ...all, ...seconds, times(mtp.ratio)],
])}

Accepted at depth 1, 2, 3: ${mtp.byDepth.map((it) => percent(it, 1)).join(", ")}. ${stray} of ${6 * rows.length} runs strayed over 5 % from their median.
Prompt of ${prefill.tokens} tokens: ${prefill.plain.toFixed(0)} tok/s, with the MTP block ${prefill.withMtp.toFixed(0)}. A round: ${round.submits.toFixed(2)} submits, ${round.bytesReadBack.toFixed(0)} bytes read back, ${round.dispatches.toFixed(0)} dispatches.`;
  blocks.verify = `${stamp("mtp")}

${table([
  ["rows", ...mtp.verify.map(({ rows: count }) => String(count))],
  ["times one row", ...mtp.verify.map(({ ratio }) => ratio.toFixed(2))],
])}`;
  blocks.strategies = `${stamp("mtp")}

${table([
  ["strategy", "acceptance", "to plain", "with 1, 2, 3 rejected"],
  ...mtp.strategies.map((it) => [
    it.strategy,
    it.acceptance.toFixed(1),
    times(it.ratio),
    it.rejectedMs.map((ms) => times(ms / it.acceptedMs)).join(", "),
  ]),
])}`;
}
if (edit) {
  blocks.edit = `${stamp("edit")}

Editing: ${edit.tokens} tokens (${edit.lines} lines), of which ${edit.changes} differ from the original: ${edit.accepted} of ${edit.drafted} drafted tokens accepted in ${edit.rounds} rounds; ${times(edit.ratio)} plain decoding.`;
}

let text = readFileSync(path, "utf8");
for (const [name, block] of Object.entries(blocks)) {
  const marked = new RegExp(`(<!-- bench ${name} -->\n)[^]*?(\n<!-- end ${name} -->)`);
  if (!marked.test(text)) throw new Error(`${path} has no place for ${name}: <!-- bench ${name} -->`);
  text = text.replace(marked, (_, begin, end) => `${begin}${block}${end}`);
}
writeFileSync(path, text);
console.log(`Wrote ${Object.keys(blocks).join(", ")} in ${path}.`);
