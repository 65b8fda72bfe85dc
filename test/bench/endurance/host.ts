// Hours of typing through the pipeline, the client and a real engine's process, in virtual time: what both processes hold.
// Started by ../endurance.mjs, which says how.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { readTraces, syntaxFromFiles, table } from "../../../engine/cli/commands/index.ts";
import { forkEngine } from "../../../engine/client/child.ts";
import { createEngineClient, type EngineChild } from "../../../engine/client/client.ts";
import { DEFAULT_SETTINGS, type Keystroke, playTrace } from "../../../engine/complete/index.ts";
import type { ScreenText } from "../../../engine/complete/replay/player.ts";
import type { ToEngine } from "../../../engine/contract/index.ts";
import { modelPath } from "../../../engine/model_file/index.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { seededRandom } from "../../reference/random.ts";
import { writeCopyingModel } from "../../reference/write_copying_model.ts";
import { type Curve, plotOf } from "../plot/plot.ts";
import { endless } from "./endless.ts";
import { type EngineMemory, type Memory, type MemoryAnswer, memoryOf, memoryQuestion } from "./memory.ts";
import { curvesOf, MB, type Sample, totalOf } from "./samples.ts";

const hourMs = 3_600_000;
/** States of earlier prompts fill what they may have, and in hours even the default of half a gigabyte: so they get less here. */
const snapshotBytes = 8 * 2 ** 20;
const copyingContext = 1024; // positions that the copying model has
const [engineScript = "", out = "", model = "", hoursWished = "8", minutesGiven = "Infinity"] =
  process.argv.slice(2);
const device = process.env.FORETYPE_DEVICE || "lavapipe";
const engineName = model === "scripted" ? "a scripted engine" : `${basename(model)} on ${device}`;
/** What a real engine writes in all recordings but the first: blocks would be most of what a software device computes. */
const lineByLine = { ...DEFAULT_SETTINGS, multiline: "never" } as const;

let answer: ((memory: EngineMemory) => void) | undefined;
let child: EngineChild | undefined;
const client = createEngineClient({
  command: () => ({
    execPath: process.execPath,
    script: engineScript,
    // A small model's passes are over before lavapipe's threads are awake.
    env: childEnvironment({ LP_NUM_THREADS: "0" }),
    flags: ["--expose-gc"],
  }),
  settings: { device, memoryLimit: 0, unloadAfterMinutes: 30, snapshotBytes },
  onState: ({ kind }) => {
    if (kind === "crashed" || kind === "failed") throw new Error(`the engine ${kind}`);
  },
  onLog: (level, text) => {
    if (level === "error" || level === "warn") console.error(`${level}: ${text}`);
  },
  start(command) {
    const started = forkEngine(command);
    child = started;
    return {
      ...started,
      onMessage: (listener) =>
        started.onMessage((message) => {
          if ((message as { kind?: unknown }).kind !== memoryQuestion.kind) listener(message);
          else answer?.((message as MemoryAnswer).memory);
        }),
    };
  },
});

const engineMemory = (): Promise<EngineMemory> =>
  new Promise((resolve) => {
    answer = resolve;
    child!.send(memoryQuestion as unknown as ToEngine);
  });

const traces = join(import.meta.dirname, "..", "..", "test", "bench", "traces");
const recordings = await readTraces(
  readdirSync(traces)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => join(traces, name)),
);
const syntax = syntaxFromFiles((message) => console.error(message));
for (const { events } of recordings)
  for (const event of events) if (event.type === "open") await syntax.ready(event.languageId);
mkdirSync(dirname(out), { recursive: true });
const path = model === "copying" ? join(dirname(out), "copying.gguf") : model;
if (model === "copying") await writeCopyingModel(path, modelPath("mini"), copyingContext);
await client.load({ path });

const began = performance.now();
/** Samples are on the disk: in the heap they would be what grows. */
const samplesPath = `${out}.jsonl`;
writeFileSync(samplesPath, "");
let asked: Promise<unknown> = Promise.resolve();
let latest: Sample | undefined;
const spent = { keys: 0, requests: 0, computedTokens: 0, decodedTokens: 0 };
const handled = { seen: 0, accepted: 0, "accepted in part": 0, dismissed: 0 };
let screen: ScreenText | undefined;
let played = 0; // recordings
let round = 0;
let isOver = false;

function onKey({ streams, computedTokens, decodedTokens, idle }: Keystroke): void {
  spent.keys++;
  spent.requests += streams + idle.streams + idle.prepared;
  spent.computedTokens += computedTokens + idle.computedTokens;
  spent.decodedTokens += decodedTokens + idle.decodedTokens;
}

/** When a recording was played to its end, and its documents are closed. */
function sample(at: number): void {
  played++;
  const [hours, host, now] = [at / hourMs, memoryOf(), round];
  asked = engineMemory().then((engine) => {
    latest = { hours, round: now, host, engine };
    appendFileSync(samplesPath, `${JSON.stringify(latest)}\n`);
  });
}

function nextRound(at: number): void {
  round++;
  const minutes = (performance.now() - began) / 60_000;
  isOver = minutes > Number(minutesGiven);
  const { host, engine } = latest!;
  const held = (memory: Memory) =>
    `heap ${(memory.heap / MB).toFixed(2)}, resident ${(memory.resident / MB).toFixed(1)}`;
  console.log(
    `${(at / hourMs).toFixed(2)} h of typing, ${spent.keys} keys, after ${minutes.toFixed(0)} min; in MB: host ${held(host)}; engine ${held(engine)}, GPU ${(totalOf(engine.gpu) / MB).toFixed(2)}`,
  );
  write();
}

await playTrace(
  {
    name: "hours of typing",
    events: endless(recordings, {
      goesOn: (at) => at < Number(hoursWished) * hourMs && !isOver,
      onRecording: sample,
      onRound: nextRound,
      hands: { screen: () => screen, random: seededRandom(18), done: (what) => handled[what]++ },
    }),
  },
  {
    completer: client.completerFor(() => ({ path })),
    settings: () =>
      model === "scripted" || played % recordings.length === 0 ? DEFAULT_SETTINGS : lineByLine,
    syntax,
    contextTokens: 0, // as for the embedded model's 512 positions in the editor
    keepsKeys: false,
    onKey,
    onScreen(now) {
      screen = now;
    },
  },
);
await asked;
const curves = write();
client.dispose();

const grown = curves.filter(({ line }) => line && line.slope > 3 * line.error && line.slope > 0.5);
console.log(JSON.stringify({ ...spent, ...handled }));
console.log(
  `\n${table([
    ["", "at first", "at the end", "slope, an hour"],
    ...curves.map(({ name, unit, points, line }) => [
      `${name}, ${unit}`,
      points[0]![1].toFixed(2),
      points.at(-1)![1].toFixed(2),
      line ? `${line.slope.toFixed(3)} ± ${line.error.toFixed(3)}` : "–",
    ]),
  ])}`,
);
for (const { name } of grown) console.error(`LOST: ${name} grows`);
process.exitCode = grown.length > 0 ? 1 : 0;

/** What there is so far: an end by force loses no more than a round. */
function write(): readonly Curve[] {
  const lines = readFileSync(samplesPath, "utf8").trim().split("\n");
  const samples = lines.map((line) => JSON.parse(line) as Sample);
  const all = curvesOf(samples);
  const { hours } = samples.at(-1)!;
  const minutes = (performance.now() - began) / 60_000;
  writeFileSync(`${out}.json`, JSON.stringify({ device, model, ...spent, ...handled, minutes }));
  const what = [`${hours.toFixed(1)} hours of typing`, `${spent.keys} keys`, engineName];
  writeFileSync(out, plotOf(what.join(", "), all));
  return all;
}
