import { mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors/index.ts";
import { processIsThere } from "../system/index.ts";
import { nextPath, writeWhole } from "./whole_file.ts";

/** The files beside a file while it is downloaded. */
export const partPath = (path: string): string => `${path}.part`;
const statePath = (path: string): string => `${path}.part.json`;
const lockPath = (path: string): string => `${path}.part.lock`;
/** A stale lock on its way out. */
const takenPath = (path: string): string => `${lockPath(path)}.old`;

/** The file that one in a folder is beside while that is downloaded; undefined for any other. */
export const downloadOf = (path: string): string | undefined =>
  /^(.*)\.part(\.json(\.new)?|\.lock(\.old)?)?$/s.exec(path)?.[1];

/** Which file the bytes of a `.part` are of; bytes of another one are thrown away. */
export interface PartialState {
  readonly repository: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the answer that the bytes came with, where it had a strong one. */
  readonly etag: string | null;
}

/** Undefined where there is none, or it cannot be read. */
export async function readPartial(path: string): Promise<PartialState | undefined> {
  try {
    const state: PartialState = JSON.parse(await readFile(statePath(path), "utf8"));
    const { repository, file, bytes, sha256, etag } = state;
    const texts = [repository, file, sha256, etag ?? ""].every((it) => typeof it === "string");
    return texts && Number.isSafeInteger(bytes) && bytes >= 0
      ? { repository, file, bytes, sha256, etag }
      : undefined;
  } catch {
    return undefined;
  }
}

export const writePartial = (path: string, state: PartialState): Promise<void> =>
  writeWhole(statePath(path), `${JSON.stringify(state, null, 2)}\n`);

/** The part and its state; the lock stays with its holder. */
export async function discardPartial(path: string): Promise<void> {
  // The part comes last: by it a list finds what a process left that was ended here.
  for (const left of [nextPath(statePath(path)), statePath(path), takenPath(path), partPath(path)])
    await rm(left, { force: true });
}

/** Bytes that a download left so far. */
export const partBytes = (path: string): Promise<number> =>
  stat(partPath(path)).then(
    ({ size }) => size,
    () => 0,
  );

const beatMs = 5_000;
const writeMs = 2_000; // within which who has made a lock has written its id
const lookMs = 100;
const mostLooks = 50; // at one lock, as it may be another process's each time
const staleMs = 60_000; // of a holder whose id another process has by now, as after a restart

/**
 * Keeps others from downloading the same file, in this process and in others, until it is disposed of. A lock whose process
 * is gone, or that was not touched for a minute, is taken over.
 * @throws UserError while another process or call downloads it
 */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  const lock = lockPath(path);
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(lock, "wx");
      try {
        await handle.writeFile(String(process.pid)).finally(() => handle.close());
      } catch (error) {
        await rm(lock, { force: true }); // else it would lock out the next try for a minute
        throw error;
      }
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = await holderOf(lock);
      if (holder === 0 && attempt < mostLooks) {
        await sleep(lookMs); // until it has written its id, or had the time to
        continue;
      }
      if (holder !== undefined || attempt >= mostLooks) {
        throw new UserError({
          code: "in-use",
          problem: `${path} is being downloaded already${holder ? ` by process ${holder}` : ""}`,
          advice: "wait for it, or end that one first",
          path,
        });
      }
      await takeAway(lock, takenPath(path));
    }
  }
  const beat = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), beatMs).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      await rm(lock, { force: true });
    },
  };
}

/** Removes a stale lock; what another process has made in its place meanwhile is put back. */
async function takeAway(lock: string, taken: string): Promise<void> {
  try {
    await rename(lock, taken); // of two processes that find it stale one moves it
  } catch {
    return;
  }
  if ((await holderOf(taken)) === undefined) await rm(taken, { force: true });
  else await rename(taken, lock);
}

/** Id of the process that holds a lock; undefined if it is stale, 0 where no id is written yet. */
async function holderOf(lock: string): Promise<number | undefined> {
  try {
    const { mtimeMs } = await stat(lock);
    const ageMs = Date.now() - mtimeMs;
    if (ageMs > staleMs) return undefined;
    const id = Number(await readFile(lock, "utf8"));
    if (!(id > 0)) return ageMs > writeMs ? undefined : 0; // it was ended before it wrote
    return processIsThere(id) ? id : undefined;
  } catch {
    return undefined; // it is gone
  }
}
