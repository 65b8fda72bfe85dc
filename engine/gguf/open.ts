import { disk, type FileSystem } from "./file_system.ts";
import type { GgufFile } from "./gguf_file.ts";
import { openPart } from "./part_file.ts";
import { openSplit, partsOf } from "./split_file.ts";

/**
 * Opens a GGUF of version 2 or 3; of a split model any part, and with it the other parts in its folder (NETWORK.md 1.2). The
 * caller closes it.
 * @throws UserError for every fault of a file
 */
export async function openGguf(path: string, system: FileSystem = disk): Promise<GgufFile> {
  const part = await openPart(path, system);
  try {
    if (partsOf(part) <= 1) return part;
  } catch (error) {
    await part.close();
    throw error;
  }
  return openSplit(part, system);
}
