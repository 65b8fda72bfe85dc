// Cost against size: synthetic models of several sizes are timed, and a line is laid through each series that theory says is straight:
// a step of decoding by layers, by bytes of weights and by positions, a token of a prompt by the prompt's length, a pass by its rows.
// Writes a plot, and a table for RESULTS.md. On a software device it counts processor time, which other work on the machine changes
// less than the time on the wall; on a GPU the latter.
//   node test/bench/scaling.mjs        takes ten minutes on two cores; the plot is out/scaling/scaling.svg
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { childEnvironment } from "../../scripts/environment.mjs";
import { ROOT } from "../../scripts/steps.mjs";
import { bundlePrograms } from "../gpu/support/bundle.mjs";

const folder = join(ROOT, "out", "scaling");
await bundlePrograms({ scaling: "test/bench/scaling/scaling.ts" }, folder);
const { status } = spawnSync(process.execPath, [join(folder, "scaling.js"), join(folder, "scaling.svg")], {
  stdio: "inherit",
  env: childEnvironment(),
});
process.exitCode = status ?? 1;
