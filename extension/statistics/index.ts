// Statistics: what all windows count, in one file, and the report for a bug.
// Start at statistics.ts, then shared_metrics.ts (how windows take turns) and diagnostics.ts.
// Owns the file of counts.
// Promise: no source text is stored or exported, and nothing leaves this machine.
// Must not know: how the numbers are shown.
export { createStatistics, type Statistics } from "./statistics.ts";
export { exportDiagnostics, resetStatistics } from "./statistics_commands.ts";
