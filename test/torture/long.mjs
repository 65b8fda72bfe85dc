// The long form of the checks on the engine's process: kills, losses, missing memory, bad messages, many times, each part
// in a process of its own, and prints what became of them. What was done is kept in .cache/torture.json: when it is ended
// and started again, it goes on from there.
//
//   node test/torture/long.mjs [PART, or the beginning of its name, else all]
//
// FORETYPE_SEED gives other moments. A try is lost where text is lost or comes twice, a process, a file or GPU memory is
// left behind, there is no sentence, or it does not end within two minutes.
import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { childEnvironment } from "../../scripts/environment.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "out", "test");
const store = join(root, ".cache", "torture.json");
const [only = ""] = process.argv.slice(2);
const SEED = Number(process.env.FORETYPE_SEED || 18);
const DEVICE = process.env.FORETYPE_DEVICE || "lavapipe";
const HANG_MS = 120_000;
const LINE_MS = 5000;

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
};

/** @typedef {{ tries: number, lost: string[] }} Row */
/** @type {{ seed: number, rows: Record<string, Row> }} */
const state = existsSync(store) ? JSON.parse(readFileSync(store, "utf8")) : { seed: SEED, rows: {} };
if (state.seed !== SEED) Object.assign(state, { seed: SEED, rows: {} });

function save() {
  mkdirSync(dirname(store), { recursive: true });
  writeFileSync(store, JSON.stringify(state));
}

/** Bundles what runs, as the engine's process is bundled. */
async function bundle() {
  const entries = {
    parts: "test/torture/parts.ts",
    host: "test/torture/host.ts",
    window: "test/torture/window.ts",
    process: "engine/server/process.ts",
    hanging_process: "test/gpu/support/hanging_process.ts",
  };
  await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: path, out })),
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "node20",
    platform: "node",
    external: ["webgpu"],
    loader: { ".wgsl": "text" },
    logLevel: "error",
    banner: {
      js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url); const __filename = import.meta.filename;',
    },
  });
}

/**
 * Goes on with a part; ends when all is done, or its process hung or died in a try, which is lost.
 * @param {string} part @param {Row} row @param {number} to
 */
function go(part, row, to) {
  return new Promise((resolve) => {
    const child = fork(join(folder, "parts.js"), {
      env: childEnvironment(),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let began = Date.now();
    let shown = 0;
    /** @param {string} why */
    const lose = (why) => {
      row.lost.push(`try ${row.tries}: ${why}`);
      console.error(`LOST ${part}, try ${row.tries}: ${why}`);
    };
    const watch = setInterval(() => {
      if (Date.now() - began > HANG_MS) child.kill("SIGKILL");
    }, 500);
    child.on("message", (/** @type {import("./parts.ts").Word} */ { number, lost }) => {
      began = Date.now();
      row.tries = number + 1;
      if (lost !== undefined) lose(lost);
      if (Date.now() - shown < LINE_MS && row.tries < to) return;
      shown = Date.now();
      console.log(`${part}: ${row.tries} of ${to}, ${row.lost.length} lost`);
      save();
    });
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (code !== 0) {
        if (row.tries < to) row.tries++;
        lose(Date.now() - began > HANG_MS ? "it hung" : `its process ended (${signal ?? code})`);
      }
      save();
      resolve(undefined);
    });
    child.send({ part, seed: SEED, from: row.tries, to, folder, device: DEVICE });
  });
}

await bundle();
for (const [part, to] of Object.entries(tries)) {
  if (!part.startsWith(only)) continue;
  state.rows[part] ??= { tries: 0, lost: [] };
  const row = state.rows[part];
  while (row.tries < to) await go(part, row, to);
}

console.log("\n| what | tries | survived | lost |\n|---|---:|---:|---:|");
for (const [part, { tries: done, lost }] of Object.entries(state.rows))
  console.log(`| ${part} | ${done} | ${done - lost.length} | ${lost.length} |`);
console.log(`seed ${SEED}, on ${DEVICE}`);
process.exitCode = Object.values(state.rows).some(({ lost }) => lost.length > 0) ? 1 : 0;
