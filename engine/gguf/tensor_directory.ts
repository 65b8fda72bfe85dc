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
 * `fileBytes` is the size of the file, `dataStart` the position that offsets count from, `alignment` what each is a multiple of.
 * Tensors may lie in any order, one directly after the other: an offset that is wrong by a few bytes is thus found.
 */
export function placeTensors(
  path: string,
  fileBytes: number,
  dataStart: number,
  alignment: number,
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
  requirePlaces(path, fileBytes, dataStart, alignment, [...tensors.values()]);
  return tensors;
}

/** Of tensors that share bytes, or with bytes between them that are none's, one is read from a wrong place. */
function requirePlaces(
  path: string,
  fileBytes: number,
  dataStart: number,
  alignment: number,
  tensors: readonly TensorEntry[],
): void {
  let before = "the data begins";
  let end = dataStart;
  for (const { name, offset, bytes } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    const expected = dataStart + Math.ceil((end - dataStart) / alignment) * alignment;
    if (offset !== expected) {
      throw damaged(
        path,
        `tensor ${name} begins at byte ${grouped(offset - dataStart)} of the data, and ${grouped(expected - dataStart)} is where it should: ${before} at ${grouped(end - dataStart)}`,
      );
    }
    before = `tensor ${name} ends`;
    end = offset + bytes;
  }
  if (tensors.length > 0 && fileBytes >= end + alignment) {
    throw damaged(
      path,
      `${before} at byte ${grouped(end - dataStart)} of the data as the last one, and the file has ${grouped(fileBytes - end)} bytes more`,
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
