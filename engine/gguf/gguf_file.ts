import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { UserError } from "../errors.ts";
import { damaged, grouped } from "./damage.ts";
import { readHeader } from "./header.ts";
import { type MetadataSource, type MetadataValue, metadataNumber } from "./metadata.ts";
import { placeTensors, type TensorEntry } from "./tensor_directory.ts";

/** An open model file. The header is in memory; tensor bytes are read on request. */
export interface GgufFile {
  readonly path: string;
  readonly size: number;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** In the order of the file. Every entry lies inside it; types that the engine cannot use are among them. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Fills all of `target` with the bytes from `offset` on. Reads may overlap in time. */
  read(offset: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const READ_LIMIT = 2 ** 30; // bytes; Node refuses 2^31 or more in one read

/** Opens a GGUF of version 2 or 3. Whatever is wrong with the file is a UserError. The caller closes it. */
export async function openGguf(path: string): Promise<GgufFile> {
  const size = await fileSize(path);
  const handle = await open(path, "r").catch((error) => {
    throw unreadable(path, error);
  });
  try {
    const read = (offset: number, target: Uint8Array) => readExactly(handle, path, offset, target);
    const { version, metadata, directory, end } = await readHeader({ path, size, read });
    rejectSplit({ path, metadata });
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
  if (stats.isDirectory()) throw new UserError(`${path} is a directory: name the .gguf file in it.`);
  // Opening a pipe would wait for a writer.
  if (!stats.isFile()) throw new UserError(`${path} is not a regular file: name a .gguf file.`);
  return stats.size;
}

function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    return new UserError(`There is no file ${path}: check the path.`);
  }
  return new UserError(`${path} cannot be opened (${error.code}): check its permissions.`);
}

/** Parts of a split model hold a share of the tensors each, and the first one alone the metadata (model.md 1.2). */
function rejectSplit(file: MetadataSource): void {
  const parts = metadataNumber(file, "split.count", 1);
  if (parts <= 1) return;
  const part = metadataNumber(file, "split.no", 0) + 1;
  throw new UserError(
    `${basename(file.path)} is part ${part} of ${parts} of a split model: merge the parts with llama-gguf-split and use the result.`,
  );
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
    const { bytesRead } = await handle.read(target, done, length, offset + done);
    if (bytesRead === 0) {
      throw new UserError(
        `${basename(path)} ended at byte ${grouped(offset + done)} where ${grouped(target.length - done)} bytes more were expected: something changed it, so open it again.`,
      );
    }
    done += bytesRead;
  }
}
