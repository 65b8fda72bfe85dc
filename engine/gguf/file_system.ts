import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { RemoteFiles } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { grouped } from "./damage.ts";

/** One open file. */
export interface FileBytes {
  readonly size: number;
  /** Fills all of `target`. */
  read(offset: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Where model files lie. */
export interface FileSystem {
  /** @throws UserError for what is no file, or cannot be read */
  open(path: string): Promise<FileBytes>;
  exists(path: string): boolean;
  /** Names in a folder; none where it cannot be listed. */
  names(folder: string): Promise<readonly string[]>;
  /** Bytes of a file; 0 where that cannot be told. */
  size(path: string): Promise<number>;
  /** The path from the root on. */
  absolute(path: string): string;
}

/** This machine's. */
export const disk: FileSystem = {
  open: async (path) => {
    const size = await fileSize(path);
    const handle = await open(path, "r").catch((error) => {
      throw unreadable(path, error);
    });
    return {
      size,
      read: (offset, target) => readExactly(handle, path, offset, target),
      close: () => handle.close(),
    };
  },
  exists: existsSync,
  names: (folder) => readdir(folder).catch(() => []),
  size: (path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  absolute: (path) => resolve(path),
};

/** Files that something else reads, as if they lay on a disk. */
export function remoteFileSystem(remote: RemoteFiles): FileSystem {
  const slashed = (path: string): string => path.replaceAll("\\", "/"); // `join` has the system's own
  const sizes = new Map(remote.files.map(({ path, size }) => [path, size]));
  return {
    open: async (path) => {
      const size = sizes.get(slashed(path));
      if (size === undefined) throw unreadable(path, { code: "ENOENT" });
      return {
        size,
        read: async (offset, target) => {
          if (target.length > 0) target.set(await remote.read(slashed(path), offset, target.length));
        },
        close: async () => {},
      };
    },
    exists: (path) => sizes.has(slashed(path)),
    names: async (folder) => {
      const start = `${slashed(folder)}/`;
      const inside = [...sizes.keys()].filter((path) => path.startsWith(start));
      const names = inside.map((path) => path.slice(start.length).split("/")[0]!);
      return [...new Set(names)];
    },
    size: async (path) => sizes.get(slashed(path)) ?? 0,
    absolute: (path) => path,
  };
}

async function fileSize(path: string): Promise<number> {
  const stats = await stat(path).catch((error) => {
    throw unreadable(path, error);
  });
  if (stats.isDirectory())
    throw new UserError({
      code: "file-unreadable",
      problem: `${path} is a directory`,
      advice: "name the .gguf file in it",
      path,
    });
  // Opening a pipe would wait for a writer.
  if (!stats.isFile())
    throw new UserError({
      code: "file-unreadable",
      problem: `${path} is not a regular file`,
      advice: "name a .gguf file",
      path,
    });
  return stats.size;
}

function unreadable(path: string, error: { readonly code?: string | undefined }): UserError {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    return new UserError({
      code: "file-missing",
      problem: `There is no file ${path}`,
      advice: "check the path",
      path,
    });
  }
  return new UserError({
    code: "file-unreadable",
    problem: `${path} cannot be read (${error.code})`,
    advice: "check its permissions and its disk",
    path,
  });
}

const READ_LIMIT = 2 ** 30; // bytes; Node refuses 2^31 or more in one read

async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  target: Uint8Array,
): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const length = Math.min(target.length - done, READ_LIMIT);
    const { bytesRead } = await handle.read(target, done, length, offset + done).catch((error) => {
      throw unreadable(path, error);
    });
    if (bytesRead === 0) {
      throw new UserError({
        code: "file-damaged",
        problem: `${basename(path)} ended at byte ${grouped(offset + done)} where ${grouped(target.length - done)} bytes more were expected`,
        advice: "something changed it, so open it again",
        path,
      });
    }
    done += bytesRead;
  }
}
