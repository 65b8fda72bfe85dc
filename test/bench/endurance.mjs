// Hours of typing, compressed: recordings are played in virtual time through the pipeline, the client and a real engine's
// process, and after each one it is asked what both processes hold, after a collection of garbage. Leaves a plot, with the
// slope of each quantity, and the samples beside it; fails where something grows by more than half a megabyte an hour and
// three times its error.
//   node test/bench/endurance.mjs [--scripted] [HOURS, default 8 [MINUTES, after which it ends with what it has]]
// --scripted: a process without a GPU in the engine's place, for the host's side alone: 8 hours in some minutes, else in some hours.
// It cannot be taken up again, since its processes are what is measured; it writes what it has after each round.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { childEnvironment } from "../../scripts/environment.mjs";
import { endsWithParent, ROOT, startedFromHere } from "../../scripts/steps.mjs";
import { bundlePrograms } from "../gpu/support/bundle.mjs";

const folder = join(ROOT, "out", "endurance");
const names = ["host", "engine", "scripted_engine"];
await bundlePrograms(
  Object.fromEntries(names.map((name) => [name, `test/bench/endurance/${name}.ts`])),
  folder,
);
const scripted = process.argv.includes("--scripted");
const plot = join(ROOT, ".cache", "endurance", scripted ? "scripted.svg" : "endurance.svg");
const engine = join(folder, scripted ? "scripted_engine.js" : "engine.js");
const limits = process.argv.slice(2).filter((it) => it !== "--scripted");
const { status } = spawnSync(
  process.execPath,
  endsWithParent(["--expose-gc", join(folder, "host.js"), engine, plot, ...limits]),
  {
    stdio: "inherit",
    env: childEnvironment(startedFromHere()),
  },
);
console.log(`${plot} has the plot, and .json beside it the samples.`);
process.exitCode = status ?? 1;
