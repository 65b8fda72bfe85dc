// Hours of typing through the pipeline, the client and a real engine's process, in virtual time: what both processes hold.
// Started by ../endurance.mjs, which says how.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { readTraces, syntaxFromFiles, table } from "../../../engine/cli/commands/index.ts";
import { forkEngine } from "../../../engine/client/child.ts";
import { createEngineClient, type EngineChild } from "../../../engine/client/client.ts";
import { DEFAULT_SETTINGS, playTrace } from "../../../engine/complete/index.ts";
import type { ToEngine } from "../../../engine/contract/index.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { type Curve, plotOf } from "../plot/plot.ts";
import { endless } from "./endless.ts";
import { type EngineMemory, type Memory, type MemoryAnswer, memoryOf, memoryQuestion } from "./memory.ts";
import { curvesOf, MB, type Sample, totalOf } from "./samples.ts";

const hourMs = 3_600_000;
/** States of earlier prompts fill what they may have, and in hours even the default of half a gigabyte: so they get less here. */
const snapshotBytes = 32 * 2 ** 20;
const [engineScript = "", out = "", hoursWished = "8", minutesGiven = "Infinity"] = process.argv.slice(2);
const device = process.env.FORETYPE_DEVICE || "lavapipe";

let answer: ((memory: EngineMemory) => void) | undefined;
let child: EngineChild | undefined;
const client = createEngineClient({
  command: () => ({
    execPath: process.execPath,
    script: engineScript,
    env: childEnvironment(),
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
await client.load({ path: "mini" });

const began = performance.now();
const samples: Sample[] = [];
const asked: Promise<unknown>[] = [];
let keys = 0;
let round = 0;
let isOver = false;

/** When a recording was played to its end, and its documents are closed. */
function sample(at: number): void {
  const [hours, host, now] = [at / hourMs, memoryOf(), round];
  asked.push(
    engineMemory().then((engine) => {
      samples.push({ hours, round: now, host, engine });
    }),
  );
}

function nextRound(at: number): void {
  round++;
  const minutes = (performance.now() - began) / 60_000;
  isOver = minutes > Number(minutesGiven);
  const { host, engine } = samples.at(-1)!;
  const held = (memory: Memory) =>
    `heap ${(memory.heap / MB).toFixed(2)}, resident ${(memory.resident / MB).toFixed(1)}`;
  console.log(
    `${(at / hourMs).toFixed(2)} h of typing, ${keys} keys, after ${minutes.toFixed(0)} min; in MB: host ${held(host)}; engine ${held(engine)}, GPU ${(totalOf(engine.gpu) / MB).toFixed(2)}`,
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
    }),
  },
  {
    completer: client.completerFor(() => ({ path: "mini" })),
    settings: () => DEFAULT_SETTINGS,
    syntax,
    contextTokens: 0, // as for the embedded model's 512 positions in the editor
    keepsKeys: false,
    onKey: () => keys++,
  },
);
await Promise.all(asked);
const curves = write();
client.dispose();

const grown = curves.filter(({ line }) => line && line.slope > 3 * line.error && line.slope > 0.5);
console.log(
  `\n${table([
    ["", "at first, MB", "at the end, MB", "slope, MB/h"],
    ...curves.map(({ name, points, line }) => [
      name,
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
  const all = curvesOf(samples);
  const { hours } = samples.at(-1)!;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(
    `${out}.json`,
    JSON.stringify({ device, keys, minutes: (performance.now() - began) / 60_000, samples }),
  );
  writeFileSync(out, plotOf(`${hours.toFixed(1)} hours of typing, ${keys} keys, on ${device}`, all));
  return all;
}
