import { performance } from "node:perf_hooks";
import { median } from "../../engine/cli/commands/terminal.ts";
import { Evaluator } from "../../engine/generate/evaluator.ts";
import { type Round, Rounds } from "../../engine/generate/rounds.ts";
import { openGguf } from "../../engine/gguf/index.ts";
import { openGpu } from "../../engine/gpu/index.ts";
import { allocateModel, readHyperparameters } from "../../engine/model/index.ts";

const [path = "", count = "1000"] = process.argv.slice(2);
await using file = await openGguf(path);
using gpu = await openGpu();
const { model } = allocateModel(gpu, file, readHyperparameters(file));
const evaluator = new Evaluator(gpu, model, { context: 4096, mtp: model.mtp !== undefined });
const rounds = new Rounds(evaluator, 4);
await evaluator.sequence.prepare();
console.log(`${gpu.description}; milliseconds, median and 99th percentile of ${count} rounds`);

const chain = { most: 3, cut: [], acceptance: [] };
const kinds: Record<string, Round> = {
  "a row": { rows: 1, tokens: [0], budget: 1 },
  "4 rows": { rows: 4, tokens: [0, 1, 2, 3], budget: 1 },
  ...(model.mtp && { "4 rows, a chain of 3": { rows: 4, tokens: [0], budget: 4, chain } }),
};
for (const [name, round] of Object.entries(kinds)) {
  const before = gpu.counters.dispatches;
  const submits: number[] = [];
  const records: number[] = [];
  for (let i = -100; i < Number(count); i++) {
    const started = performance.now();
    const { record } = await rounds.submit(round);
    const submitted = performance.now();
    await record;
    if (i < 0) continue; // V8 compiles what runs often
    submits.push(submitted - started);
    records.push(performance.now() - submitted);
  }
  const dispatches = (gpu.counters.dispatches - before) / (Number(count) + 100);
  console.log(
    `${name}, ${dispatches} dispatches: to encode and submit ${figures(submits)}, until its record is read ${figures(records)}`,
  );
}
process.exit(0);

function figures(ms: number[]): string {
  const sorted = ms.sort((a, b) => a - b);
  return `${median(sorted).toFixed(3)}, ${sorted[Math.floor(0.99 * sorted.length)]!.toFixed(3)}`;
}
