import { damaged } from "./damage.ts";
import type { FileSystem } from "./file_system.ts";
import type { GgufFile } from "./gguf_file.ts";
import { readHeader } from "./header.ts";
import { type MetadataSource, metadataNumber } from "./metadata.ts";
import { placeTensors } from "./tensor_directory.ts";

/** Opens one file, which may be a part of a split model. */
export async function openPart(path: string, system: FileSystem): Promise<GgufFile> {
  const { size, read, close } = await system.open(path);
  try {
    const { version, metadata, directory, end } = await readHeader({ path, size, read });
    const alignment = alignmentOf({ path, metadata });
    const dataStart = Math.ceil(end / alignment) * alignment;
    const tensors = placeTensors(path, size, dataStart, alignment, directory);
    return { path, size, version, metadata, tensors, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function alignmentOf(file: MetadataSource): number {
  const alignment = metadataNumber(file, "general.alignment", 32);
  if (!Number.isInteger(Math.log2(alignment)) || alignment < 1 || alignment > 2 ** 31) {
    throw damaged(file.path, `general.alignment is ${alignment}, which is not a power of two below 2^32`);
  }
  return alignment;
}
