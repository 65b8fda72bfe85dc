// Words: quantities, file names, code fences, hidden characters, waits and command ids, as several rooms write them.
// Start at quantities.ts.
// Owns nothing.
// Promise: each function is pure; importing it loads no editor, so tests of texts run without one.
// Must not know: vscode.
export { fenceFor } from "./fence.ts";
export { baseName } from "./file_name.ts";
export { hiddenCharacters, withHiddenShown } from "./hidden_characters.ts";
export {
  ACCEPTED,
  DISMISSED,
  FIX_INLINE_SUGGEST,
  MENU,
  NEXT_EDIT_TAB,
  OPEN_SAMPLE,
} from "./internal_commands.ts";
export { bytesOf, CHARACTERS_PER_TOKEN, diskBytes, msOf, percentOf } from "./quantities.ts";
export { waitOf } from "./waits.ts";
