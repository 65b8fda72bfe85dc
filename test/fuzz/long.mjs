// Changes many inputs of every kind, each kind in a process of its own, guided by the code that they reach, and prints what
// became of them. What was done is kept in .cache/fuzz.json: when it is ended and started again, it goes on from there.
//
//   node test/fuzz/long.mjs [TRIES of model files, else 20000] [KIND, else all]
//
// A try is lost where the reader crashes, hangs for 10 s, takes 512 MiB more, writes elsewhere, or reads something else in silence.
import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "../../scripts/environment.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const store = join(here, "../../.cache/fuzz.json");
const [tries = "20000", only] = process.argv.slice(2);
const SEED = Number(process.env.FORETYPE_SEED || 18);
const HANG_MS = 10_000;
const START_MS = 120_000; // to write and read the sound inputs
const LINE_MS = 5000;

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
/** @type {{ seed: number, rows: Record<string, Row> }} */
const state = existsSync(store) ? JSON.parse(readFileSync(store, "utf8")) : { seed: SEED, rows: {} };
if (state.seed !== SEED) Object.assign(state, { seed: SEED, rows: {} });

function save() {
  mkdirSync(dirname(store), { recursive: true });
  writeFileSync(store, JSON.stringify(state));
}

/**
 * Tries one kind from where it was left; ends when all are done, or the process hung or died in one of them, which is lost.
 * @param {string} kind @param {Row} row @param {number} to
 */
function go(kind, row, to) {
  return new Promise((resolve) => {
    const child = fork(join(here, "worker.mjs"), {
      env: childEnvironment(),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let trying = "its start";
    let hung = false;
    let ended = false;
    let began = Date.now();
    let patience = START_MS;
    let shown = Date.now();
    const watch = setInterval(() => {
      if (Date.now() - began < patience) return;
      hung = true;
      child.kill("SIGKILL");
    }, 500);
    child.on("message", (/** @type {import("./worker.ts").Word} */ said) => {
      began = Date.now();
      patience = HANG_MS;
      if (said.word === "try") trying = `${said.number}, ${said.what}`;
      if (said.word === "end") ended = true;
      if (said.word === "done") {
        row.tries = said.number + 1;
        row[said.outcome]++;
        if (said.outcome === "lost") lose(`${trying}: ${said.why}`);
        trying = "its end";
      }
      if (Date.now() - shown > LINE_MS) {
        shown = Date.now();
        console.log(
          `${kind}: ${row.tries} of ${to}, ${row.read} read, ${row.refused} refused, ${row.lost} lost`,
        );
        save();
      }
    });
    /** @param {string} what */
    const lose = (what) => {
      row.kept.push(what);
      console.error(`LOST ${kind} ${what}`);
    };
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (!ended) {
        row.tries++;
        row.lost++;
        lose(`${trying}: ${hung ? "it hung" : `the process ended (${signal ?? code})`}`);
      }
      save();
      resolve(undefined);
    });
    child.send({ kind, seed: SEED, from: row.tries, to });
  });
}

for (const [kind, share] of Object.entries(shares)) {
  if (only !== undefined && kind !== only) continue;
  state.rows[kind] ??= { tries: 0, read: 0, refused: 0, lost: 0, kept: [] };
  const row = state.rows[kind];
  const to = Math.ceil(Number(tries) * share);
  while (row.tries < to) await go(kind, row, to);
}

console.log("\n| kind | tries | read | refused | survived | lost |\n|---|---:|---:|---:|---:|---:|");
for (const [kind, { tries: done, read, refused, lost }] of Object.entries(state.rows))
  console.log(`| ${kind} | ${done} | ${read} | ${refused} | ${read + refused} | ${lost} |`);
console.log(`seed ${SEED}`);
if (only === undefined) rmSync(store); // all are done: the next run begins again
process.exitCode = Object.values(state.rows).some(({ lost }) => lost > 0) ? 1 : 0;
