import { readFile, rm, stat, utimes } from "node:fs/promises";
import { basename } from "node:path";
import { nextPath, writeWhole } from "./whole_file.ts";

/** Beside a file that was verified: its checksum, in the format that `sha256sum --check` reads. */
const recordPath = (path: string): string => `${path}.sha256`;

export const writeRecord = (path: string, sha256: string): Promise<void> =>
  writeWhole(recordPath(path), `${sha256}  ${basename(path)}\n`);

export async function removeRecord(path: string): Promise<void> {
  await rm(recordPath(path), { force: true });
  await rm(nextPath(recordPath(path)), { force: true });
}

/** The checksum that a file should have; undefined where none is recorded. */
export async function recordedSum(path: string): Promise<string | undefined> {
  const text = await readFile(recordPath(path), "utf8").catch(() => "");
  return /^([0-9a-f]{64})\b/i.exec(text)?.[1]?.toLowerCase();
}

/** Whether the file had its recorded checksum and was not written to since. */
export async function isVerified(path: string): Promise<boolean> {
  if ((await recordedSum(path)) === undefined) return false;
  const [file, record] = await Promise.all([stat(path), stat(recordPath(path))]);
  return file.mtimeMs <= record.mtimeMs;
}

/** Notes how a verification ended; of a file that failed, the recorded checksum stays, to compare with again. */
export async function markVerified(path: string, right: boolean): Promise<void> {
  const at = right ? new Date() : new Date(0);
  await utimes(recordPath(path), at, at);
}
