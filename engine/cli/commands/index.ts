// Commands: what `foretype COMMAND` does, one file each; main.ts reads the arguments and calls them.
// Start at open_model.ts: it opens a model file, a device and a session, and frees them.
// Owns the terminal: tables, progress, the ghost text in its place.
// Promise: what goes wrong is one sentence on stderr; with --json, stdout is one JSON document.
// Must not know: tensors, kernels.
export { complete, type Place } from "./complete.ts";
export { devices } from "./devices.ts";
export { edit } from "./edit.ts";
export { generate } from "./generate.ts";
export { syntaxFromFiles } from "./grammars.ts";
export { inspect, quantMix } from "./inspect.ts";
export { listCommand, pullCommand, removeCommand, verifyCommand } from "./models.ts";
export { fileOf, type ModelOptions, type OpenModel, prepare, withFile, withModel } from "./open_model.ts";
export { profile } from "./profile.ts";
export { readText } from "./read_text.ts";
export { playTraces, printTraces, readTraces, replay, reportTraces, type TracesReport } from "./replay.ts";
export { replayNextEdits } from "./replay_next_edits.ts";
export { readSettingOption } from "./setting_options.ts";
export { median, milliseconds, printJson, say, table } from "./terminal.ts";
export { logits, tokenize } from "./tokens.ts";
