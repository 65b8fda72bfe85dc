// Runs in the extension host, before the measured bundle: how long Foretype keeps the host's thread each time that it is entered.
//
// A piece begins where code of the bundle is entered from outside and ends where the outermost call of it returns; pieces less than
// JOINED_MS apart are one, with what lies between them. Its time is the clock's, less the time in which the thread was ready and
// another thread of the machine had its core (`/proc/self/schedstat`, Linux): a loaded machine does not make a piece longer. It
// counts what the thread waits for (files that are read synchronously), calls into the editor's API and garbage that is collected
// meanwhile. It does not count what the editor does before it calls us and after we return.
//
// Three kinds of pieces are counted apart: those in which the extension starts; those in which it starts a process, which Node waits
// for; and those of which V8 collected garbage for half the time or more, which is the whole host's, and comes when it comes.
const childProcess = require("node:child_process");
const { closeSync, openSync, readSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { PerformanceObserver } = require("node:perf_hooks");

const JOINED_MS = 0.1;
const LOOKED_AT_MS = 1; // a shorter piece is not worth a look at who had the core
const SLOW_MS = 5;
const MOST_SLOW = 200; // that are told one by one
const STEP_MS = 0.02; // of the counts
const SAVE_MS = 1000;
const TOLD_MS = 500; // after which a collection of garbage has been told of

/** @type {number | undefined} */
let schedule;
try {
  schedule = openSync("/proc/self/schedstat", "r");
} catch {
  // Not Linux: the clock's time alone.
}
const line = Buffer.alloc(80);

/** Milliseconds that this process's first thread, the host's, was ready and did not run. */
function waitedMs() {
  if (schedule === undefined) return 0;
  const length = readSync(schedule, line, 0, line.length, 0);
  return Number(line.toString("latin1", 0, length).split(" ")[1]) / 1e6;
}

/** @type {readonly string[]} Names of the functions, by their numbers. */
let names = [];
const STARTS = /^(the bundle is loaded|activate),?/;
const KINDS = /** @type {const} */ (["start", "process", "garbage", "other"]);
/** @typedef {typeof KINDS[number]} Kind */
/** @typedef {{ ms: number, clockMs: number, name: string }} Slow */
/** Pieces by their time, in steps of STEP_MS; the last one has all that are longer. */
const empty = () => ({
  pieces: 0,
  longest: 0,
  slow: /** @type {Slow[]} */ ([]),
  times: new Uint32Array(50_001),
});
const kinds = { start: empty(), process: empty(), garbage: empty(), other: empty() };

let first = 0; // number of the function that was entered
let startMs = 0;
let startWaitedMs = 0;
let endMs = 0;
let endWaitedMs = 0;
let open = false; // a piece; another one that begins at once belongs to it
let inside = false; // the bundle's code runs
let forked = false; // the piece has started a process

for (const name of /** @type {const} */ (["fork", "spawn", "execFile"])) {
  const original = /** @type {(...all: unknown[]) => unknown} */ (childProcess[name]);
  Object.assign(childProcess, {
    [name](/** @type {unknown[]} */ ...all) {
      if (inside) forked = true;
      return original(...all);
    },
  });
}

/** When garbage was collected. @type {{ startMs: number, endMs: number }[]} */
let collections = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push({ startMs: startTime, endMs: startTime + duration });
}).observe({ entryTypes: ["gc"] });

/** @typedef {{ name: string, startMs: number, endMs: number, ms: number, forked: boolean }} Piece */
/** Pieces of which it is not known yet whether garbage was collected. @type {Piece[]} */
let waiting = [];

function finish() {
  if (!open) return;
  open = false;
  const ms = Math.max(0, endMs - startMs - (endWaitedMs - startWaitedMs));
  const piece = { name: names[first] ?? "", startMs, endMs, ms, forked };
  if (ms < LOOKED_AT_MS) count(piece, kindOf(piece, 0));
  else waiting.push(piece);
}

/** @param {Piece} piece @param {number} garbageMs @returns {Kind} */
function kindOf({ name, ms, forked: starts }, garbageMs) {
  if (STARTS.test(name)) return "start";
  if (starts) return "process";
  return garbageMs > 0 && garbageMs >= ms / 2 ? "garbage" : "other";
}

/** @param {Piece} piece @param {Kind} of */
function count({ name, startMs: fromMs, endMs: toMs, ms }, of) {
  const kind = kinds[of];
  const step = Math.min(kind.times.length - 1, Math.floor(ms / STEP_MS));
  kind.pieces++;
  kind.longest = Math.max(kind.longest, ms);
  kind.times[step] = (kind.times[step] ?? 0) + 1;
  if (ms >= SLOW_MS && kind.slow.length < MOST_SLOW) kind.slow.push({ ms, clockMs: toMs - fromMs, name });
}

/** Counts the pieces that waited for word of garbage. @param {number} beforeMs those that ended before */
function settle(beforeMs) {
  const told = waiting.filter((piece) => piece.endMs < beforeMs);
  waiting = waiting.filter((piece) => piece.endMs >= beforeMs);
  for (const piece of told) {
    const shared = collections.map(
      (one) => Math.min(one.endMs, piece.endMs) - Math.max(one.startMs, piece.startMs),
    );
    count(
      piece,
      kindOf(
        piece,
        shared.filter((ms) => ms > 0).reduce((sum, ms) => sum + ms, 0),
      ),
    );
  }
  collections = collections.filter((one) => one.endMs >= beforeMs - TOLD_MS);
}

/** Code of the bundle is entered from outside, by this function. @param {number} number */
function begin(number) {
  inside = true;
  const nowMs = performance.now();
  if (open && nowMs - endMs < JOINED_MS) return;
  finish();
  open = true;
  forked = false;
  first = number;
  startWaitedMs = waitedMs();
  endWaitedMs = startWaitedMs;
  startMs = performance.now();
}

/** It has returned. */
function end() {
  inside = false;
  endMs = performance.now();
  if (endMs - startMs > LOOKED_AT_MS) endWaitedMs = waitedMs();
}

const path = join(process.env.HOST_TIMES ?? "", `${process.pid}.json`);
/** @param {number} toldMs */
function save(toldMs = TOLD_MS) {
  if (!inside) finish();
  settle(performance.now() - toldMs);
  const told = KINDS.map((kind) => {
    const times = [...kinds[kind].times].flatMap((count, step) => (count > 0 ? [[step, count]] : []));
    return [kind, { ...kinds[kind], stepMs: STEP_MS, times }];
  });
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(told)));
  renameSync(`${path}.new`, path);
}
setInterval(save, SAVE_MS).unref();
process.once("exit", () => {
  save(0);
  if (schedule !== undefined) closeSync(schedule);
});

module.exports = {
  begin,
  end,
  /** @param {readonly string[]} all */
  name(all) {
    names = all;
  },
};
