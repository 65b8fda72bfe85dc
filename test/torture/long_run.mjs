// What the long forms share: tries in a process of their own, watched, with counts on the disk, so that a run that is ended goes on
// from there.
import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { childEnvironment } from "../../scripts/environment.mjs";
import { endsWithParent, startedFromHere } from "../../scripts/steps.mjs";

const LINE_MS = 5000; // between two lines of a part
const LOOK_MS = 500;

/**
 * Counts of each part, kept in a file; those of another seed are begun again.
 * @template Row
 * @param {string} path
 * @param {number} seed
 */
export function openCounts(path, seed) {
  /** @type {{ seed: number, rows: Record<string, Row> }} */
  const kept = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { seed, rows: {} };
  const state = kept.seed === seed ? kept : { seed, rows: /** @type {Record<string, Row>} */ ({}) };
  return {
    rows: state.rows,
    save() {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify(state));
    },
    /** All is done: the next run begins again. */
    remove: () => rmSync(path, { force: true }),
  };
}

/**
 * Runs a script with a task and hears its words. Answers why it did not end well, if so: it said nothing for too long, or died.
 * @template Word
 * @param {string} script
 * @param {object} task
 * @param {{ startMs?: number, patienceMs: number, onWord: (word: Word) => void }} options startMs: until its first word
 * @returns {Promise<string | undefined>}
 */
export function runWatched(script, task, { patienceMs, startMs = patienceMs, onWord }) {
  return new Promise((resolve) => {
    const child = fork(script, {
      env: childEnvironment(startedFromHere()),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: endsWithParent(),
    });
    let until = Date.now() + startMs;
    let hung = false;
    const watch = setInterval(() => {
      if (Date.now() < until) return;
      hung = true;
      child.kill("SIGKILL");
    }, LOOK_MS);
    child.on("message", (word) => {
      until = Date.now() + patienceMs;
      onWord(/** @type {Word} */ (word));
    });
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (code === 0) resolve(undefined);
      else resolve(hung ? "it hung" : `its process ended (${signal ?? code})`);
    });
    child.send(task);
  });
}

/** Whether it is time for another line: once every five seconds. */
export function linePace() {
  let shown = Date.now();
  return () => {
    if (Date.now() - shown < LINE_MS) return false;
    shown = Date.now();
    return true;
  };
}
