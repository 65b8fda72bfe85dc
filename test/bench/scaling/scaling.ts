// What steps, prompts and passes cost, by the size of what they do. Started by ../scaling.mjs, which says how.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { benchPrompt, generateFrom, passTimes } from "../../../engine/cli/bench/index.ts";
import { median, type OpenModel, table, withModel } from "../../../engine/cli/commands/index.ts";
import { Rounds } from "../../../engine/generate/index.ts";
import { maxRows } from "../../../engine/model/index.ts";
import { type ModelShape, QWEN3, writeModel } from "../../reference/write_model.ts";
import { lineOf, type Point } from "../plot/line.ts";
import { type Curve, plotOf } from "../plot/plot.ts";

const [out = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "foretype-scaling-"));
const SEED = 7;
const RUNS = 3; // of a prompt
const CONTEXT = 4096; // what synthetic models say that they were trained for

/** Layers as Qwen3.5 has them, three delta nets for each attention, narrow enough for a software device. */
const MIXED: ModelShape = {
  architecture: "qwen35",
  embedding: 512,
  blocks: 8,
  feedForward: 1536,
  vocabulary: 2048,
  attention: { heads: 4, kvHeads: 2, headSize: 128, rotary: 64 },
  delta: { keyHeads: 8, valueHeads: 8, headSize: 64 },
};
/** Attention alone, whose cost is the only one that grows with positions. */
const ATTENTION: ModelShape = { ...QWEN3, blocks: 4, vocabulary: 2048 };
const MB = 1e6; // bytes

let deviceName = "";
const curves: Curve[] = [];
try {
  const layers: Point[] = [];
  for (const blocks of [4, 8, 12, 16, 20, 24])
    layers.push([blocks, await withShape({ ...MIXED, blocks }, (open) => passMs(open, 1))]);
  add("a step of decoding, by layers", "layers", layers);

  const bytes: Point[] = [];
  for (const embedding of [256, 512, 768, 1024, 1280]) {
    const shape = { ...MIXED, embedding, feedForward: 3 * embedding, blocks: 4 };
    bytes.push(
      await withShape(shape, async (open) => [open.gpu.bytesHeld().weights / MB, await passMs(open, 1)]),
    );
  }
  add("a step of decoding, by weights", "MB", bytes);

  const passes: Point[] = await withShape(MIXED, async (open) => {
    const points: Point[] = [];
    for (const rows of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64]) points.push([rows, await passMs(open, rows)]);
    return points;
  });
  add("a pass, by its rows", "rows", passes);

  await withShape(ATTENTION, async (open) => {
    const steps: Point[] = [];
    for (const position of [0, 512, 1024, 1536, 2048, 2560, 3072, 3584, 4095])
      steps.push([position, await passMs(open, 1, position)]);
    add("a step of decoding, by positions", "positions", steps);

    const prompts: Point[] = [];
    for (const length of [256, 512, 1024, 1536, 2048, 2560, 3072, 3584, 4032])
      prompts.push([length, await promptMs(open, length)]);
    add("a token of a prompt, by the prompt's length", "tokens", prompts);
  });
} finally {
  rmSync(folder, { recursive: true });
}

mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, plotOf(`Cost against size, on ${deviceName}`, curves));
console.log(
  table([
    ["", "from", "to", "at nothing, ms", "ms for each", "R²", "farthest from the line"],
    ...curves.map(({ name, points, line, xUnit }) => [
      name,
      ...[points[0]!, points.at(-1)!].map(([x, y]) => `${Number(x.toFixed(1))} ${xUnit}: ${y.toFixed(2)} ms`),
      line!.at0.toFixed(2),
      `${line!.slope.toPrecision(3)} ± ${line!.error.toPrecision(1)}`,
      line!.explained.toFixed(4),
      `${(100 * Math.max(...points.map(([x, y]) => Math.abs(y - line!.at0 - line!.slope * x) / y))).toFixed(0)} %`,
    ]),
  ]),
);
console.log(`${out} has the plot.`);

function add(name: string, xUnit: string, points: readonly Point[]): void {
  curves.push({ name, unit: "ms", xUnit, points, line: lineOf(points) });
}

async function withShape<T>(shape: ModelShape, use: (open: OpenModel) => Promise<T>): Promise<T> {
  const path = join(folder, "model.gguf");
  await writeModel(path, shape, () => "Q8_0", SEED);
  const device = process.env.FORETYPE_DEVICE;
  const options = { context: CONTEXT, ...(device && { device }) };
  return withModel(path, options, async (open) => {
    const { description, software } = open.gpu;
    deviceName = `${description}, ${software ? "processor time" : "time on the wall"}`;
    return use(open);
  });
}

function nowOf({ gpu }: OpenModel): () => number {
  if (!gpu.software) return () => performance.now();
  return () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
}

/** Milliseconds of a pass over `rows` rows after `position` others, median. */
async function passMs(open: OpenModel, rows: number, position = 0): Promise<number> {
  const { evaluator } = open.session;
  const rounds = new Rounds(evaluator, maxRows);
  try {
    evaluator.reset();
    await evaluator.sequence.prepare();
    const plan = await rounds.plan({ rows, sampled: false });
    return median(await passTimes(evaluator, plan, { rows, position, now: nowOf(open) }));
  } finally {
    rounds.free();
    open.session.forget();
  }
}

/** Milliseconds a token of a prompt that is read from its start, median. */
async function promptMs(open: OpenModel, length: number): Promise<number> {
  const ids = benchPrompt(length, open.h.vocabulary);
  const now = nowOf(open);
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const started = now();
    await generateFrom("cold prompt", open.session, ids, { maxTokens: 1 });
    if (run > 0) times.push((now() - started) / length);
  }
  return median(times);
}
