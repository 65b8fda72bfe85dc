import { appendFile, mkdir, truncate } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Appends to a file that only this window writes, all of a text or nothing of it: half a line would be no event.
 * @returns rejects where it cannot be written; the file ends then as it did before
 */
export function recordingFile(path: string): (text: string) => Promise<void> {
  let bytes = 0;
  return async (text) => {
    await mkdir(dirname(path), { recursive: true });
    try {
      await appendFile(path, text, { mode: 0o600 }); // it holds source text
    } catch (error) {
      await truncate(path, bytes).catch(() => {}); // it may never have been made
      throw error;
    }
    bytes += Buffer.byteLength(text);
  };
}
