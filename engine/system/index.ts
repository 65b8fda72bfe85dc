// System: what the operating system says of files and processes, and what differs from one system to the next.
// Start at data_folder.ts (where this program keeps what is the user's), then link_target.ts.
// Owns the names of its folders.
// Promise: importing it reads nothing and writes nothing.
// Must not know: what is kept.
export { dataFolder, homeFolder } from "./data_folder.ts";
export { linkTarget } from "./link_target.ts";
export { processIsThere } from "./process_is_there.ts";
export { writeWholeSync } from "./write_whole.ts";
