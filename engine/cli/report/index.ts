// Report: what `foretype bench --report` measures and writes: a page, a table, all numbers.
// Start at command.ts, then run_steps.ts (time, stopping, what is left out), texts.ts and passes.ts (what is measured), compare.ts.
// Owns the form of report.json, and the page in page/, which the build bundles on its own.
// Promise: what is not in a report is in it with its reason; a report names no folder of the machine.
// Must not know: how a suite of `bench` prints.
export { benchReport } from "./command.ts";
