import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a small file that is whole under its own name, or as it was: a full disk leaves nothing beside it.
 * @param pid of the process that writes, so that two may at once
 * @throws the system's error
 */
export function writeWholeSync(path: string, text: string, pid: number = process.pid): void {
  const part = `${path}.${pid}.part`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(part, text);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
