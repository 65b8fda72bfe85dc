// Metrics: what became of suggestions, counted.
// Start at lifecycle.ts (shown, accepted, typed over), then counts.ts (what counts, once) and metrics.ts (rates and latencies).
// Owns the stored counts and their format.
// Promise: a suggestion counts once.
// Must not know: source text.
export type { DocumentChange } from "./accepted_texts.ts";
export {
  createLifecycle,
  type Lifecycle,
  type LifecycleEvent,
} from "./lifecycle.ts";
export {
  createMetrics,
  type Metrics,
  type MetricsSummary,
  type Share,
} from "./metrics.ts";
export { isStoredMetrics, type StoredMetrics } from "./stored.ts";
