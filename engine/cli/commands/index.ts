// Commands: what `foretype COMMAND` does, one file each; engine/cli/cli.ts reads the arguments and calls them.
// Start at open_model.ts: it opens a model file, a device and a session, and frees them.
// Owns the terminal: tables, progress, the ghost text in its place.
// Promise: what goes wrong is one sentence on stderr; with --json, stdout is one JSON document.
// Must not know: tensors, kernels.
export { bench } from "../bench/bench.ts";
export { PEER_CHILD, runPeerChild } from "../bench/peer_llama_child.ts";
export { complete } from "./complete.ts";
export { devices } from "./devices.ts";
export { generate } from "./generate.ts";
export { inspect } from "./inspect.ts";
export { listCommand, pullCommand, removeCommand, verifyCommand } from "./models.ts";
export { replay } from "./replay.ts";
export { logits, tokenize } from "./tokens.ts";
