// Status: the status bar, its menu, the language status, errors, and `Why No Suggestion Here?`.
// Start at status.ts (what is known), then status_text.ts (what it says) and why.ts.
// Owns the last reason for silence of each document.
// Promise: it tells of changes at most twice a second; *_text.ts are pure.
// Must not know: how a suggestion is computed.
export { showMenu } from "./menu.ts";
export { createReport } from "./report.ts";
export { type Status, watchStatus } from "./status.ts";
export { showLanguageStatus, showStatusBar } from "./status_bar.ts";
export { showWhy, type WhyOptions } from "./why.ts";
