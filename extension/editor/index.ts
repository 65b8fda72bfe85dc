// Editor: which documents Foretype serves and may read, their paths in the workspace, and their texts.
// Start at paths.ts, then reading.ts (what is never read) and document_text.ts (what reading costs); editor_command.ts runs VS Code's own
// commands there, and notices.ts shows notifications.
// Owns the text of each version of a short document, joined once, and where links lead.
// Promise: secondary views (output, diffs, search results) are never served; reading costs what is read, not the document.
// Must not know: suggestions, models.

export { isShort, textAround, textOfLines, wholeTextOf } from "./document_text.ts";
export { editorCommand } from "./editor_command.ts";
export { showError, showInformation, showProgress, showWarning } from "./notices.ts";
export { isSupported, pathOf, placeOf, SELECTOR } from "./paths.ts";
export { exclusionOfFile, type FileToRead, mayRead } from "./reading.ts";
