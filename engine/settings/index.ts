// Settings as package.json declares them: which there are, and which values fit.
// Start at declared.ts.
// Owns nothing.
// Promise: package.json is the only place that knows names, defaults and bounds.
// Must not know: where values come from, what they are for.

export { declared, fits, wanted } from "./declared.ts";
