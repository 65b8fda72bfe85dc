// Changes many inputs of every kind, each kind in a process of its own, guided by the code that they reach, and prints what
// became of them. What was done is kept in .cache/fuzz.json: when it is ended and started again, it goes on from there.
//
//   node test/fuzz/long.mjs [TRIES of model files, else 20000] [KIND, else all]
//
// A try is lost where the reader crashes, hangs for 10 s, takes 512 MiB more, writes elsewhere, or reads something else in silence.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { linePace, openCounts, runWatched } from "../torture/long_run.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [tries = "20000", only] = process.argv.slice(2);
const SEED = Number(process.env.FORETYPE_SEED || 18);
const HANG_MS = 10_000;
const START_MS = 120_000; // to write and read the sound inputs

/** Tries of each kind as a share of those of model files. */
const shares = {
  "model files": 1,
  "split models": 0.2,
  "MTP files": 0.2,
  "chat templates": 0.5,
  listings: 0.1,
  "download records": 0.1,
  recordings: 0.2,
  settings: 0.2,
  statistics: 0.2,
  "speed reports": 0.1,
  "lost devices": 0.1,
};

/** @typedef {{ tries: number, read: number, refused: number, lost: number, kept: string[] }} Row */
/** @type {ReturnType<typeof openCounts<Row>>} */
const counts = openCounts(join(here, "../../.cache/fuzz.json"), SEED);

/**
 * Tries one kind from where it was left; ends when all are done, or the process hung or died in one of them, which is lost.
 * @param {string} kind @param {Row} row @param {number} to
 */
async function go(kind, row, to) {
  let trying = "its start";
  const isTime = linePace();
  /** @param {string} what */
  const lose = (what) => {
    row.kept.push(what);
    console.error(`LOST ${kind} ${what}`);
  };
  const failure = await runWatched(
    join(here, "worker.mjs"),
    { kind, seed: SEED, from: row.tries, to },
    {
      startMs: START_MS,
      patienceMs: HANG_MS,
      onWord(/** @type {import("./worker.ts").Word} */ said) {
        if (said.word === "try") trying = `${said.number}, ${said.what}`;
        if (said.word === "done") {
          row.tries = said.number + 1;
          row[said.outcome]++;
          if (said.outcome === "lost") lose(`${trying}: ${said.why}`);
          trying = "its end";
        }
        if (!isTime()) return;
        console.log(
          `${kind}: ${row.tries} of ${to}, ${row.read} read, ${row.refused} refused, ${row.lost} lost`,
        );
        counts.save();
      },
    },
  );
  if (failure !== undefined) {
    row.tries++;
    row.lost++;
    lose(`${trying}: ${failure}`);
  }
  counts.save();
}

for (const [kind, share] of Object.entries(shares)) {
  if (only !== undefined && kind !== only) continue;
  counts.rows[kind] ??= { tries: 0, read: 0, refused: 0, lost: 0, kept: [] };
  const row = counts.rows[kind];
  const to = Math.ceil(Number(tries) * share);
  while (row.tries < to) await go(kind, row, to);
}

console.log("\n| kind | tries | read | refused | survived | lost |\n|---|---:|---:|---:|---:|---:|");
for (const [kind, { tries: done, read, refused, lost }] of Object.entries(counts.rows))
  console.log(`| ${kind} | ${done} | ${read} | ${refused} | ${read + refused} | ${lost} |`);
console.log(`seed ${SEED}`);
if (only === undefined) counts.remove(); // all are done: the next run begins again
process.exitCode = Object.values(counts.rows).some(({ lost }) => lost > 0) ? 1 : 0;
