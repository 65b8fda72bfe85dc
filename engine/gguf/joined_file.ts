import type { GgufFile } from "./gguf_file.ts";
import type { MetadataValue } from "./metadata.ts";
import type { TensorEntry } from "./tensor_directory.ts";

/** Bytes with tensors in them: an open file, or what is made of one in memory. */
export type FilePart = Pick<GgufFile, "size" | "tensors" | "read" | "close">;

/**
 * Several parts as one file: their bytes one after another, so that the offsets of a part's tensors move by what lies before
 * it, and their tensors in that order. Of two tensors with one name the later counts. Closing it closes all parts.
 */
export function joinFiles(
  first: GgufFile,
  others: readonly FilePart[],
  metadata: ReadonlyMap<string, MetadataValue> = first.metadata,
): GgufFile {
  const parts: readonly FilePart[] = [first, ...others];
  const starts: number[] = [];
  let size = 0;
  const tensors = new Map<string, TensorEntry>();
  for (const part of parts) {
    for (const [name, tensor] of part.tensors) tensors.set(name, { ...tensor, offset: size + tensor.offset });
    starts.push(size);
    size += part.size;
  }
  const close = async () => {
    await Promise.all(parts.map((part) => part.close()));
  };
  return {
    path: first.path,
    version: first.version,
    size,
    metadata,
    tensors,
    read: (offset, target) => {
      const index = starts.findLastIndex((start) => start <= offset);
      return parts[index]!.read(offset - starts[index]!, target);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
