import { rm, writeFile } from "node:fs/promises";
import { renameHeld } from "./rename.ts";

/** Where a file is written before it has its name. */
export const nextPath = (path: string): string => `${path}.new`;

/**
 * Writes a small file in one step: a crash or a full disk leaves the old content or the new. Not for two writers at once;
 * a download has its lock.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const next = nextPath(path);
  try {
    await writeFile(next, text);
    await renameHeld(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
