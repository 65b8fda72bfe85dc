// Metrics: what became of suggestions, counted.
// Start at lifecycle.ts (shown, accepted, typed over), then metrics.ts (rates and latencies).
// Owns the stored counts and their format.
// Promise: a suggestion counts once.
// Must not know: source text.
export {
  createLifecycle,
  type DocumentChange,
  type Lifecycle,
  type LifecycleEvent,
} from "./lifecycle.ts";
export {
  createMetrics,
  type Metrics,
  type MetricsSummary,
  type Share,
  type StoredMetrics,
} from "./metrics.ts";
