// Errors: what goes wrong as data, and the one sentence that a user reads of it.
// Start at fault.ts, then user_error.ts.
// Owns the line between what a user can mend and what is a bug.
// Promise: every fault says what is wrong and what to do; code reads its code, never its sentence.
// Must not know: anything else of the engine.
export { type Fault, inOneLine, quoted, sentenceOf, shortened, shownJson } from "./fault.ts";
export { isFileFault, UserError } from "./user_error.ts";
