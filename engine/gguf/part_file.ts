import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import { damaged, grouped } from "./damage.ts";
import type { GgufFile } from "./gguf_file.ts";
import { readHeader } from "./header.ts";
import { type MetadataSource, metadataNumber } from "./metadata.ts";
import { placeTensors } from "./tensor_directory.ts";

const READ_LIMIT = 2 ** 30; // bytes; Node refuses 2^31 or more in one read

/** Opens one file, which may be a part of a split model. */
export async function openPart(path: string): Promise<GgufFile> {
  const size = await fileSize(path);
  const handle = await open(path, "r").catch((error) => {
    throw unreadable(path, error);
  });
  try {
    const read = (offset: number, target: Uint8Array) => readExactly(handle, path, offset, target);
    const { version, metadata, directory, end } = await readHeader({ path, size, read });
    const alignment = alignmentOf({ path, metadata });
    const dataStart = Math.ceil(end / alignment) * alignment;
    const tensors = placeTensors(path, size, dataStart, directory);
    const close = () => handle.close();
    return { path, size, version, metadata, tensors, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await handle.close();
    throw error;
  }
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

function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
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

function alignmentOf(file: MetadataSource): number {
  const alignment = metadataNumber(file, "general.alignment", 32);
  if (!Number.isInteger(Math.log2(alignment)) || alignment < 1 || alignment > 2 ** 31) {
    throw damaged(file.path, `general.alignment is ${alignment}, which is not a power of two below 2^32`);
  }
  return alignment;
}

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
