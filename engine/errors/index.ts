// Errors: what goes wrong as data, and the one sentence that a user reads of it.
// Start at user_error.ts.
// Owns the line between what a user can mend and what is a bug.
// Promise: every user error says what is wrong and what to do.
// Must not know: anything else of the engine.
export { UserError } from "./user_error.ts";
