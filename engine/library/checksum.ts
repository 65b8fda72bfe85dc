import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** Bytes that one step hashes: well below a millisecond, as the editor's thread may be the one. */
export const CHUNK = 256 * 1024;

export interface Progress {
  readonly doing: "downloading" | "checking";
  /** Path in the repository or on disk. */
  readonly file: string;
  /** Of all files together. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Of this run, not counting what was there before; 0 at first. */
  readonly bytesPerSecond: number;
}

/** Adds the first `bytes` of a file to `hash`, and tells after each chunk how many that were. */
export async function hashInto(
  hash: Hash,
  path: string,
  bytes: number,
  { signal, onBytes }: { signal?: AbortSignal | undefined; onBytes?: (done: number) => void } = {},
): Promise<void> {
  if (bytes === 0) return;
  const stream = createReadStream(path, { end: bytes - 1, highWaterMark: CHUNK, ...(signal && { signal }) });
  let done = 0;
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onBytes?.(done);
  }
}

/** The whole file's SHA-256, in lower-case hexadecimal. */
export async function sha256Of(
  path: string,
  options: { signal?: AbortSignal | undefined; onBytes?: (done: number) => void } = {},
): Promise<string> {
  const hash = createHash("sha256");
  await hashInto(hash, path, (await stat(path)).size, options);
  return hash.digest("hex");
}
