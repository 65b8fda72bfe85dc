// Settings: `foretype.*`, checked against the manifest, and told when they change.
// Start at settings.ts (what a setting means), then configuration.ts (how the editor stores it).
// Owns the current settings of this window.
// Promise: a wrong value costs its setting only: the default holds, and the log says so.
// Must not know: who reads a setting.

export { watchConfiguration, writeSetting } from "./configuration.ts";
export type { Settings } from "./settings.ts";
