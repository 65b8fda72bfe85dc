// Hours of typing, compressed: recordings are played in virtual time through the pipeline, the client and a real engine's
// process, and after each one it is asked what both processes hold, after a collection of garbage. Suggestions are typed into where the
// recording does, and some are accepted or dismissed. Leaves a plot, with the slope of each quantity, and the samples beside it; fails where
// something grows by more than half a megabyte an hour and three times its error.
//   node test/bench/endurance.mjs [--model PATH | --scripted] [HOURS, default 8 [MINUTES, after which it ends with what it has]]
// --model: default `copying`, a network of two blocks that writes what followed in its prompt (test/reference/write_copying_model.ts): 8
//   hours in about one on a software device. `mini` takes many there.
// --scripted: a process without a GPU in the engine's place, for the host's side alone: 8 hours in some minutes.
// It cannot be taken up again, since its processes are what is measured; it writes what it has after each round.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { childEnvironment } from "../../scripts/environment.mjs";
import { endsWithParent, ROOT, startedFromHere } from "../../scripts/steps.mjs";
import { bundlePrograms } from "../gpu/support/bundle.mjs";

const folder = join(ROOT, "out", "endurance");
const names = ["host", "engine", "scripted_engine"];
await bundlePrograms(
  Object.fromEntries(names.map((name) => [name, `test/bench/endurance/${name}.ts`])),
  folder,
);
const { values, positionals } = parseArgs({
  options: { model: { type: "string", default: "copying" }, scripted: { type: "boolean", default: false } },
  allowPositionals: true,
});
const model = values.scripted ? "scripted" : existsSync(values.model) ? resolve(values.model) : values.model;
const plot = join(ROOT, ".cache", "endurance", `${basename(model)}.svg`);
const engine = join(folder, values.scripted ? "scripted_engine.js" : "engine.js");
const { status } = spawnSync(
  process.execPath,
  endsWithParent(["--expose-gc", join(folder, "host.js"), engine, plot, model, ...positionals]),
  {
    stdio: "inherit",
    env: childEnvironment(startedFromHere()),
  },
);
console.log(`${plot} has the plot, and .jsonl beside it the samples.`);
process.exitCode = status ?? 1;
