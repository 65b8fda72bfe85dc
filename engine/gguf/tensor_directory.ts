import { blockFormatOfId, rowBytes, typeName } from "./block_formats.ts";
import { damaged, grouped } from "./damage.ts";
import type { DirectoryLine } from "./header.ts";

/** Where one tensor lies in the file. */
export interface TensorEntry {
  readonly name: string;
  /** In ne order: `dims[0]` is the row length, contiguous in the file. */
  readonly dims: readonly number[];
  /** A `TensorType` where supported, else ggml's name, as `IQ2_XXS`, or `type 77`. */
  readonly type: string;
  readonly supported: boolean;
  /** From the start of the file. */
  readonly offset: number;
  /** Of an unsupported type, whose block size is not known here: up to the next tensor or the end, padding included. */
  readonly bytes: number;
}

/**
 * Turns directory lines into entries that lie inside the file, in the file's order.
 * `fileBytes` is the size of the file, `dataStart` the position that offsets count from.
 * Tensors may lie in any order, and not over one another.
 */
export function placeTensors(
  path: string,
  fileBytes: number,
  dataStart: number,
  directory: readonly DirectoryLine[],
): Map<string, TensorEntry> {
  const starts = [...new Set(directory.map((line) => dataStart + line.offset))].sort((a, b) => a - b);
  const nextStart = new Map(starts.map((start, index) => [start, starts[index + 1] ?? fileBytes]));
  const tensors = new Map<string, TensorEntry>();
  for (const { name, dims, typeId, offset: relative } of directory) {
    const offset = dataStart + relative;
    const elements = countElements(path, name, dims);
    const format = blockFormatOfId(typeId);
    const columns = dims[0] ?? 1;
    if (format !== undefined && columns % format.elements !== 0) {
      throw damaged(
        path,
        `tensor ${name} has rows of ${grouped(columns)} elements, not a multiple of the ${format.elements} in a ${format.type} block`,
      );
    }
    const bytes =
      format === undefined
        ? Math.max(0, nextStart.get(offset)! - offset)
        : rowBytes(format.type, columns) * (elements / columns);
    if (offset + bytes > fileBytes) {
      throw damaged(
        path,
        `tensor ${name} needs ${grouped(bytes)} bytes at byte ${grouped(offset)} and the file ends at ${grouped(fileBytes)}`,
      );
    }
    tensors.set(name, { name, dims, type: typeName(typeId), supported: format !== undefined, offset, bytes });
  }
  requireApart(path, dataStart, [...tensors.values()]);
  return tensors;
}

/** Of tensors that share bytes, one reads what is not its own. */
function requireApart(path: string, dataStart: number, tensors: readonly TensorEntry[]): void {
  const placed = tensors.toSorted((a, b) => a.offset - b.offset);
  for (const [index, { name, offset, bytes }] of placed.entries()) {
    const next = placed[index + 1];
    if (next === undefined || offset + bytes <= next.offset) continue;
    throw damaged(
      path,
      `tensor ${name} ends at byte ${grouped(offset + bytes - dataStart)} of the data, where tensor ${next.name} begins at ${grouped(next.offset - dataStart)}`,
    );
  }
}

const elementsOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Elements of all tensors together. */
export function parameterCount(tensors: Iterable<Pick<TensorEntry, "dims">>): number {
  let sum = 0;
  for (const { dims } of tensors) sum += elementsOf(dims);
  return sum;
}

function countElements(path: string, name: string, dims: readonly number[]): number {
  const elements = elementsOf(dims);
  if (elements === 0)
    throw damaged(path, `tensor ${name} has the shape [${dims.join(", ")}], which holds nothing`);
  if (elements > Number.MAX_SAFE_INTEGER) {
    throw damaged(
      path,
      `tensor ${name} has the shape [${dims.join(", ")}], more elements than any file holds`,
    );
  }
  return elements;
}
