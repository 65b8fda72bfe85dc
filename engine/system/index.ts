// System: what differs from one operating system to the next.
// Start at data_folder.ts (where this program keeps what is the user's).
// Owns the names of its folders.
// Promise: importing it reads nothing and writes nothing.
// Must not know: what is kept.
export { dataFolder } from "./data_folder.ts";
