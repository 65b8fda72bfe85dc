// The long form of the checks on the engine's process: kills, losses, missing memory, bad messages, many times, each part
// in a process of its own, and prints what became of them. What was done is kept in .cache/torture.json: when it is ended
// and started again, it goes on from there.
//
//   node test/torture/long.mjs [PART, or the beginning of its name, else all]
//
// FORETYPE_SEED gives other moments. A try is lost where text is lost or comes twice, a process, a file or GPU memory is
// left behind, there is no sentence, or it does not end within two minutes.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePrograms } from "../gpu/support/bundle.mjs";
import { linePace, openCounts, runWatched } from "./long_run.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "out", "test");
const [only = ""] = process.argv.slice(2);
const SEED = Number(process.env.FORETYPE_SEED || 18);
const DEVICE = process.env.FORETYPE_DEVICE || "lavapipe";
const HANG_MS = 120_000;

/** Tries of each part. */
const tries = {
  "client over a bad channel": 20_000,
  "engine and any messages": 1000,
  "killed in its start": 40,
  "killed in its load": 40,
  "killed in its prompt": 40,
  "killed in its decode": 40,
  "killed in its download": 40,
  "killed in its snapshot": 40,
  "host killed": 30,
  "window closed": 30,
  "host killed, driver blocks the engine": 10,
  "window closed, driver blocks the engine": 10,
  "GPU lost": 60,
  "no memory for any buffer, told at once": 1,
  "no memory for any buffer, told later": 1,
  "windows killed while they store": 60,
  "host that does not read": 40,
  "pull ended, or failing, several times": 400,
  "changed models, computed with": 20_000,
};

/** @typedef {{ tries: number, lost: string[], outcomes?: Record<string, number> }} Row */
/** @type {ReturnType<typeof openCounts<Row>>} */
const counts = openCounts(join(root, ".cache", "torture.json"), SEED);

const programs = {
  parts: "test/torture/parts.ts",
  host: "test/torture/host.ts",
  window: "test/torture/window.ts",
  cli: "engine/cli/main.ts",
  process: "engine/server/process.ts",
  hanging_process: "test/gpu/support/hanging_process.ts",
};

/**
 * Goes on with a part; ends when all is done, or its process hung or died in a try, which is lost.
 * @param {string} part @param {Row} row @param {number} to
 */
async function go(part, row, to) {
  const isTime = linePace();
  /** @param {string} why */
  const lose = (why) => {
    row.lost.push(`try ${row.tries}: ${why}`);
    console.error(`LOST ${part}, try ${row.tries}: ${why}`);
  };
  const failure = await runWatched(
    join(folder, "parts.js"),
    { part, seed: SEED, from: row.tries, to, folder, device: DEVICE },
    {
      patienceMs: HANG_MS,
      onWord(/** @type {import("./parts.ts").Word} */ { number, lost, outcome }) {
        row.tries = number + 1;
        row.outcomes ??= {};
        if (outcome !== undefined) row.outcomes[outcome] = (row.outcomes[outcome] ?? 0) + 1;
        if (lost !== undefined) lose(lost);
        if (!isTime() && row.tries < to) return;
        console.log(`${part}: ${row.tries} of ${to}, ${row.lost.length} lost`);
        counts.save();
      },
    },
  );
  if (failure !== undefined) {
    if (row.tries < to) row.tries++;
    lose(failure);
  }
  counts.save();
}

await bundlePrograms(programs, folder);
for (const [part, to] of Object.entries(tries)) {
  if (!part.startsWith(only)) continue;
  counts.rows[part] ??= { tries: 0, lost: [] };
  const row = counts.rows[part];
  while (row.tries < to) await go(part, row, to);
}

console.log("\n| what | tries | survived | lost |\n|---|---:|---:|---:|");
for (const [part, { tries: done, lost, outcomes = {} }] of Object.entries(counts.rows)) {
  const ways = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  console.log(`| ${[part, ...ways].join(", ")} | ${done} | ${done - lost.length} | ${lost.length} |`);
}
console.log(`seed ${SEED}, on ${DEVICE}`);
if (only === "") counts.remove(); // all are done: the next run begins again
process.exitCode = Object.values(counts.rows).some(({ lost }) => lost.length > 0) ? 1 : 0;
