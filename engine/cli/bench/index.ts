// Bench: what `foretype bench` measures, one file a suite.
// Start at bench.ts (suites, the report), start.ts (what a suite starts from), then drafts.ts, edit.ts, strategies.ts, typing.ts, and peer_llama.ts for llama.cpp beside us.
// Owns the way a time is taken: medians, ratios from one run.
// Promise: each figure names its device, model, suite and start; what cannot be true is an error.
// Must not know: tensors, kernels.
export { type BenchCommand, bench, defaultSuites, suites } from "./bench.ts";
export { openMtpSession, writeText } from "./drafts.ts";
export { PEER_CHILD, runPeerChild } from "./peer_llama_child.ts";
export { benchPrompt, draftPrompts } from "./prompts.ts";
export { decodeRate, generateFrom, promptRate } from "./start.ts";
export { passTimes, verifyCosts } from "./strategies.ts";
