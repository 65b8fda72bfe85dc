import { reportOn } from "../../../engine/cli/commands/inspect.ts";
import type { RemoteFiles } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { type GgufFile, type MetadataValue, openGguf, remoteFileSystem } from "../../../engine/gguf/index.ts";
import { type OpenFile, openModelFile } from "../../../engine/model_file/index.ts";
import { type RawGguf, readRawGguf } from "../../reference/read_gguf.ts";
import type { MetadataPair, Scalar } from "../../reference/write_gguf.ts";
import { type Files, isOneLine } from "../kind.ts";

const SAMPLE = "function add(a: number) {\n\treturn a + 1; // ünïcode 漢字 🎉\n}\n<|fim_prefix|> 12345";

const ENDS = 64; // bytes at either end of a tensor, by which its weights are known

/** All that a text depends on, the weights by the ends of their tensors; not the MTP block. */
async function meaningOf({ file, h: { mtpLayers: _, ...trunk }, tokenizer }: OpenFile): Promise<string> {
  const tensors: string[] = [];
  for (const { name, dims, type, offset, bytes } of file.tensors.values()) {
    if (name.startsWith(`blk.${trunk.layers}.`)) continue;
    const ends = new Uint8Array(2 * Math.min(ENDS, bytes));
    await file.read(offset, ends.subarray(0, ends.length / 2));
    await file.read(offset + bytes - ends.length / 2, ends.subarray(ends.length / 2));
    const shape = dims.join().replace(/(,1)+$/, "");
    tensors.push(`${name} [${shape}] ${type} ${Buffer.from(ends).toString("base64")}`);
  }
  return JSON.stringify([
    trunk,
    tensors.sort(),
    tokenizer.encode(SAMPLE, { special: true }),
    tokenizer.encode(SAMPLE, { special: false }),
    tokenizer.decode(Array.from({ length: tokenizer.size }, (_, id) => id)),
    [...tokenizer.endIds].sort(),
    [tokenizer.startId, tokenizer.spaceFirst, tokenizer.chatTemplate, tokenizer.bosText, tokenizer.eosText],
    tokenizer.fim,
  ]);
}

/** The model's meaning, or the sentence that it is refused with. */
export type Reading = { readonly meaning: string } | { readonly sentence: string };

/**
 * Opens a model as people's are opened, and reports on it.
 * @param remote where it lies; left out: on this disk
 */
export async function readingOf(path: string, remote?: RemoteFiles): Promise<Reading> {
  try {
    const open = await openModelFile(path, remote);
    await using _ = open.file;
    const report = reportOn({ ...open }, {}, undefined);
    const { total } = report.memory;
    if (!(Number.isFinite(total) && total > 0)) throw new Error(`it needs ${total} bytes of memory`);
    for (const text of [...open.notes, report.name, report.architecture])
      if (!isOneLine(text)) throw new Error(`no line: ${JSON.stringify(text.slice(0, 200))}`);
    return { meaning: await meaningOf(open) };
  } catch (error) {
    if (error instanceof UserError) return { sentence: error.message };
    throw error;
  }
}

/** Files in memory, each with `tail` zeros behind it. */
export const inMemory = (files: Files, tail = 0): RemoteFiles => ({
  files: Object.entries(files).map(([path, bytes]) => ({ path, size: bytes.length + tail })),
  read: async (path, offset, length) => {
    const bytes = files[path]!;
    if (offset + length > bytes.length + tail || length < 0 || offset < 0)
      throw new Error(`${length} bytes at ${offset} of ${bytes.length + tail} are asked for`);
    const target = new Uint8Array(length);
    target.set(bytes.subarray(offset, offset + length));
    return target;
  },
});

/**
 * Compares what the engine reads of a file with what the tests' own reader does, which checks nothing.
 * @throws Error where they differ, or only the engine reads it
 */
export async function requireSameReading(path: string, bytes: Uint8Array, tail: number): Promise<void> {
  const file = await openGguf(path, remoteFileSystem(inMemory({ [path]: bytes }, tail)));
  let raw: RawGguf;
  try {
    raw = readRawGguf(bytes);
  } catch (error) {
    throw new Error(`read, and yet it cannot be: ${error instanceof Error ? error.message : error}`);
  }
  const keys = new Map(raw.metadata.map((pair) => [pair[0], pair]));
  if (keys.size !== file.metadata.size)
    throw new Error(`${file.metadata.size} keys of ${keys.size} are read`);
  for (const [key, value] of file.metadata) {
    const pair = keys.get(key);
    if (!pair || !sameValue(value, pair)) throw new Error(`key ${key} is read as another value`);
  }
  requireSameTensors(file, raw);
}

function sameValue(value: MetadataValue, [, , raw]: MetadataPair): boolean {
  const same = (ours: unknown, theirs: Scalar): boolean =>
    Object.is(ours, theirs) || (typeof theirs === "bigint" && BigInt(ours as number) === theirs);
  const isList = typeof value === "object";
  if (isList !== Array.isArray(raw)) return false;
  if (!isList) return same(value, raw as Scalar);
  const list = raw as readonly Scalar[];
  return (
    value.length === list.length &&
    list.every((one, i) => same(typeof one === "boolean" ? Boolean(value[i]) : value[i], one))
  );
}

function requireSameTensors(file: GgufFile, raw: RawGguf): void {
  if (raw.tensors.length !== file.tensors.size) throw new Error("not all tensors are read");
  const alignment = Number(raw.metadata.find(([key]) => key === "general.alignment")?.[2] ?? 32);
  const start = Math.ceil(raw.end / alignment) * alignment;
  for (const { name, dims, offset } of raw.tensors) {
    const own = file.tensors.get(name);
    if (own?.dims.join() !== dims.join() || own.offset !== start + Number(offset))
      throw new Error(`tensor ${name} is read from another place, or in another shape`);
  }
}
