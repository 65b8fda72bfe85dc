// Statistics: what all windows count, in one place, and the report for a bug.
// Start at statistics.ts, then shared_metrics.ts (what a window counts), store.ts (how windows share it) and diagnostics.ts.
// Owns the files of counts.
// Promise: no source text is stored or exported, and nothing leaves this machine.
// Must not know: how the numbers are shown.
export { createStatistics, type Statistics } from "./statistics.ts";
export { exportDiagnostics, resetStatistics } from "./statistics_commands.ts";
