import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../errors/index.ts";
import { CHUNK, hashInto, sha256Of } from "./checksum.ts";
import type { HubAccess } from "./hub.ts";
import {
  discardPartial,
  lockFile,
  type PartialState,
  partBytes,
  partPath,
  readPartial,
  writePartial,
} from "./partial.ts";
import { isVerified, recordedSum, writeRecord } from "./record.ts";
import { otherContent } from "./remote_files.ts";
import { isHeld, renameHeld } from "./rename.ts";
import {
  defaultRetryMs,
  type Fault,
  otherRange,
  persist,
  type RemoteFile,
  readBody,
  request,
} from "./transfer.ts";

/** What a download does with the disk; tests put a full one here. */
export interface Disk {
  /** Bytes free to this user where `folder` is. */
  freeBytes(folder: string): Promise<number>;
  /** Writes all of `bytes` at `position`. */
  write(handle: FileHandle, bytes: Uint8Array, position: number): Promise<unknown>;
  /** Gives a finished file its name; tries for some seconds while another program holds it open. */
  rename(from: string, to: string): Promise<void>;
}

/** Node's own file system. */
export const realDisk: Disk = {
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  write: async (handle, bytes, position) => {
    for (let at = 0; at < bytes.length; ) {
      at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    }
  },
  rename: renameHeld,
};

export interface DownloadOptions {
  readonly disk?: Disk | undefined;
  /** Of files that are to come after this one: the disk must have room for them too. */
  readonly laterBytes?: number | undefined;
  /** Waits before each new try, ms; the count begins again whenever bytes came. */
  readonly retryMs?: readonly number[] | undefined;
  /** Bytes of this file that are there and how many of them came in this call; what is hashed counts from 0 as well. */
  readonly onBytes?: (doing: "downloading" | "checking", done: number, received: number) => void;
}

/** A file that can be verified. */
interface ListedFile extends RemoteFile {
  readonly sha256: string;
}

const reserve = 64 * 2 ** 20; // bytes that stay free: a disk full to the brim breaks other programs

/**
 * Downloads a file to `target`, continuing what an earlier call left. Under its final name it is whole and has the
 * published checksum. When cancelled it leaves `.part` and its state; a wrong file leaves nothing.
 * @returns whether anything had to be downloaded
 * @throws UserError for all that the user can fix; the signal's reason when cancelled
 */
export async function downloadFile(
  file: ListedFile,
  target: string,
  access: HubAccess,
  options: DownloadOptions = {},
): Promise<boolean> {
  try {
    await using _ = await lockFile(target);
    if (await isThere(file, target, access, options)) return false;
    const hash = await receive(file, target, access, options);
    await finish(file, target, hash, options.disk ?? realDisk);
    return true;
  } catch (error) {
    throw diskSentence(error, target) ?? error;
  }
}

async function isThere(
  { bytes, sha256 }: ListedFile,
  target: string,
  { signal }: HubAccess,
  { onBytes }: DownloadOptions,
): Promise<boolean> {
  const size = await stat(target).then(
    (it) => it.size,
    () => undefined,
  );
  if (size !== bytes) return false;
  if (!((await isVerified(target)) && (await recordedSum(target)) === sha256)) {
    const found = await sha256Of(target, { signal, onBytes: (done) => onBytes?.("checking", done, 0) });
    if (found !== sha256) return false;
    await writeRecord(target, sha256);
  }
  await discardPartial(target); // of a process that was ended as the file got its name
  return true;
}

/** What has been received, and its hash. */
interface Received {
  hash: Hash;
  offset: number;
  state: PartialState;
}

/** All bytes of the file in its `.part`, and their hash. */
async function receive(
  file: ListedFile,
  target: string,
  access: HubAccess,
  options: DownloadOptions,
): Promise<Hash> {
  const { disk = realDisk, retryMs = defaultRetryMs, laterBytes = 0, onBytes } = options;
  const got = await resumable(file, target, access, options);
  const free = await disk.freeBytes(dirname(target));
  const missing = file.bytes - got.offset + laterBytes;
  if (free < missing + reserve) {
    throw new UserError({
      code: "disk",
      problem: `${file.path} needs ${gigabytes(missing)} more on the disk and ${gigabytes(Math.max(0, free - reserve))} is free in ${dirname(target)}`,
      advice: "make room, or choose a smaller quant",
    });
  }
  const handle = await open(partPath(target), "a").then(async (it) => {
    await it.close();
    return open(partPath(target), "r+");
  });
  try {
    await writePartial(target, got.state);
    await handle.truncate(got.offset);
    let received = 0;
    let furthest = got.offset; // a server without ranges begins anew each time, which is no progress
    let ranged = true;
    const next = async () => {
      const fault = await attempt(file, target, handle, got, ranged, access, disk, (count) => {
        received += count;
        furthest = Math.max(furthest, got.offset);
        onBytes?.("downloading", got.offset, received);
      });
      if (fault?.unranged) ranged = false;
      return fault;
    };
    if (got.offset < file.bytes) await persist(next, () => furthest, retryMs, access.signal);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return got.hash;
}

/** What an earlier call left of this very file, hashed; else nothing. */
async function resumable(
  { wish, path, bytes, sha256 }: ListedFile,
  target: string,
  { signal }: HubAccess,
  { onBytes }: DownloadOptions,
): Promise<Received> {
  const state = await readPartial(target);
  const left = await partBytes(target);
  const hash = createHash("sha256");
  if (!state || state.sha256 !== sha256 || state.bytes !== bytes || left > bytes) {
    await discardPartial(target);
    return { hash, offset: 0, state: { repository: wish.repository, file: path, bytes, sha256, etag: null } };
  }
  await hashInto(hash, partPath(target), left, {
    signal,
    onBytes: (done) => onBytes?.("checking", done, 0),
  });
  return { hash, offset: left, state };
}

/** One request, from where the part ends; undefined when the file is whole. */
async function attempt(
  file: ListedFile,
  target: string,
  handle: FileHandle,
  got: Received,
  ranged: boolean,
  access: HubAccess,
  disk: Disk,
  onReceived: (count: number) => void,
): Promise<Fault | undefined> {
  const begin = async () => {
    await handle.truncate(0);
    got.hash = createHash("sha256");
    got.offset = 0;
  };
  if (!ranged) await begin();
  const { etag } = got.state;
  const range = got.offset > 0 ? `bytes=${got.offset}-` : undefined;
  const asked = await request(file, range, access);
  if ("error" in asked) return asked;
  const { response } = asked;
  const { status } = response;
  const strong = /^"/.test(response.headers.get("etag") ?? "") ? response.headers.get("etag") : null;
  if (status === 206) {
    const expected = `bytes ${got.offset}-${file.bytes - 1}/${file.bytes}`;
    const range = response.headers.get("content-range");
    if (range !== expected || (etag && strong && etag !== strong)) {
      return otherRange(response, expected, file, access);
    }
  } else {
    const wrong = otherContent(response, file, new URL(access.hub).host, got.offset === 0);
    if (wrong) {
      await response.body?.cancel();
      throw wrong; // what came before stays
    }
    await begin(); // the whole file, whether a range was asked for or not
  }
  if (strong !== got.state.etag) {
    got.state = { ...got.state, etag: strong };
    await writePartial(target, got.state);
  }
  return writeBody(response, file, target, handle, got, access, disk, onReceived);
}

/** Writes what comes to the part; undefined when the file is whole. */
async function writeBody(
  response: Response,
  file: ListedFile,
  target: string,
  handle: FileHandle,
  got: Received,
  { signal, hub }: HubAccess,
  disk: Disk,
  onReceived: (count: number) => void,
): Promise<Fault | undefined> {
  const write = async (chunk: Uint8Array) => {
    if (got.offset + chunk.length > file.bytes) {
      await discardPartial(target);
      throw new UserError({
        code: "hub",
        problem: `${file.path} is longer than the ${file.bytes} bytes that the Hub lists, and what came was deleted`,
        advice: "try again, or use another mirror",
      });
    }
    for (let at = 0; at < chunk.length; at += CHUNK) {
      const piece = chunk.subarray(at, at + CHUNK);
      await disk.write(handle, piece, got.offset);
      got.hash.update(piece);
      got.offset += piece.length;
      onReceived(piece.length);
    }
    return true;
  };
  // What broke the connection is one thing, what breaks the disk another: that is thrown.
  const cause = await readBody(response, write, signal);
  if (got.offset === file.bytes) return undefined;
  return {
    error: new UserError(
      {
        code: "network",
        problem: `The connection to ${new URL(hub).host} broke after ${got.offset} of the ${file.bytes} bytes of ${file.path}`,
        advice: "run the same again to continue from there",
      },
      { cause },
    ),
  };
}

/** Gives a whole `.part` its final name, if it is the file that it should be. */
async function finish({ path, sha256 }: ListedFile, target: string, hash: Hash, disk: Disk): Promise<void> {
  const found = hash.digest("hex");
  if (found !== sha256) {
    await discardPartial(target);
    throw new UserError({
      code: "checksum",
      problem: `${path} came with the checksum ${found.slice(0, 12)}… and the Hub lists ${sha256.slice(0, 12)}…, so it was deleted`,
      advice: "download it again, or use another mirror",
    });
  }
  if (!(await isGgufFile(partPath(target)))) {
    await discardPartial(target);
    throw new UserError({
      code: "checksum",
      problem: `${path} is not a GGUF file in spite of its name, so it was deleted`,
      advice: "choose another one",
    });
  }
  try {
    await disk.rename(partPath(target), target);
  } catch (error) {
    if (!isHeld(error)) throw error;
    throw new UserError({
      code: "in-use",
      problem: `${path} is whole, and another program holds ${partPath(target)} open`,
      advice:
        "close it or let the virus scanner finish, then run the same again, which downloads nothing again",
      path: target,
    });
  }
  await discardPartial(target); // before the record, which may find no room: the file is whole without it
  await writeRecord(target, sha256);
}

async function isGgufFile(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "GGUF";
  } finally {
    await handle.close();
  }
}

/** Errors of the disk as sentences; undefined for others. */
function diskSentence(error: unknown, target: string): UserError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof UserError || !code) return undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserError({
      code: "disk",
      problem: `The disk is full (${code}) in ${dirname(target)}`,
      advice: "make room and run the same again to continue from there",
    });
  }
  if (code === "EFBIG") {
    return new UserError({
      code: "disk",
      problem: `The file system of ${dirname(target)} takes no file of that length (EFBIG)`,
      advice: "choose a folder on another disk, or a smaller quant",
      path: target,
    });
  }
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "EISDIR", "ENAMETOOLONG", "EIO"].includes(code)) {
    return new UserError({
      code: "disk",
      problem: `${target} cannot be written (${code})`,
      advice: "check the folder, or choose another one",
      path: target,
    });
  }
  return undefined;
}

/** As disks and the Hub count: 10^9 bytes. */
export const gigabytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
