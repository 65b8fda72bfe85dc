import { basename, dirname, join } from "node:path";
import { UserError } from "../errors/index.ts";
import { damaged, grouped } from "./damage.ts";
import { readPartName } from "./file_name.ts";
import type { FileSystem } from "./file_system.ts";
import type { GgufFile } from "./gguf_file.ts";
import { joinFiles } from "./joined_file.ts";
import { metadataNumber } from "./metadata.ts";
import { openPart } from "./part_file.ts";

export const partsOf = (file: GgufFile): number => metadataNumber(file, "split.count", 1);

/**
 * The whole of a split model, one part of which is open; the others are found beside it by their names. What they say of
 * themselves decides on their order. Takes over `named`: closes it when it fails.
 * @throws UserError when a part is missing, is there twice, or belongs to another model
 */
export async function openSplit(named: GgufFile, system: FileSystem): Promise<GgufFile> {
  const opened = [named];
  try {
    for (const path of siblingsOf(named, system)) opened.push(await openPart(path, system));
    const parts = inOrder(opened);
    const first = parts[0]!;
    requireOneModel(parts);
    return joinFiles(first, parts.slice(1));
  } catch (error) {
    await Promise.all(opened.map((part) => part.close()));
    throw error;
  }
}

/** Paths of the other parts, all of which are there. */
function siblingsOf(named: GgufFile, system: FileSystem): string[] {
  const own = basename(named.path);
  const count = partsOf(named);
  const said = readPartName(own);
  if (!said || said.parts !== count) {
    const wanted = `-${fiveDigits(metadataNumber(named, "split.no", 0) + 1)}-of-${fiveDigits(count)}.gguf`;
    throw new UserError({
      code: "file-incomplete",
      problem: `${own} is one of ${count} parts of a split model, and its name does not end in ${wanted}`,
      advice: "give all parts the names that they were published under",
      path: named.path,
    });
  }
  const extension = own.slice(-5);
  const names = Array.from(
    { length: count },
    (_, i) => `${said.model}-${fiveDigits(i + 1)}-of-${fiveDigits(count)}${extension}`,
  );
  const paths = names.filter((name) => name !== own).map((name) => join(dirname(named.path), name));
  const missing = paths.filter((path) => !system.exists(path)).map((path) => basename(path));
  if (missing.length > 0) {
    const [one, ...more] = missing;
    throw new UserError({
      code: "file-incomplete",
      problem: `${own} is one of ${count} parts of a model, and ${one}${more.length > 0 ? ` and ${more.length} more are` : " is"} not beside it`,
      advice: "download what is missing into the same folder",
      path: named.path,
    });
  }
  return paths;
}

/** The parts by the number that each has in itself. */
function inOrder(opened: readonly GgufFile[]): GgufFile[] {
  const named = opened[0]!;
  const places: GgufFile[] = [];
  for (const part of opened) {
    requireSame(named, part, "split.count", partsOf(named), partsOf(part));
    const number = metadataNumber(part, "split.no");
    if (!Number.isInteger(number) || number < 0 || number >= opened.length) {
      throw damaged(part.path, `split.no is ${number}, and the model has ${opened.length} parts`);
    }
    const there = places[number];
    if (there) {
      const names = [there, part].map(({ path }) => basename(path)).sort();
      throw new UserError({
        code: "file-incomplete",
        problem: `${names.join(" and ")} both hold part ${number + 1} of ${opened.length}`,
        advice: "download the one that is not what its name says again",
      });
    }
    places[number] = part;
  }
  return places;
}

/** Later parts repeat little of the metadata; what they repeat must agree, and together they hold each tensor once. */
function requireOneModel(parts: readonly GgufFile[]): void {
  const first = parts[0]!;
  const holders = new Map<string, GgufFile>();
  for (const part of parts) {
    for (const key of ["split.tensors.count", "general.architecture", "general.name"]) {
      requireSame(
        first,
        part,
        key,
        first.metadata.get(key),
        part.metadata.get(key) ?? first.metadata.get(key),
      );
    }
    for (const name of part.tensors.keys()) {
      const holder = holders.get(name);
      if (holder) {
        throw new UserError({
          code: "file-incomplete",
          problem: `${basename(holder.path)} and ${basename(part.path)} both hold tensor ${name}, so they are not parts of one model`,
          advice: "download them again",
          path: holder.path,
        });
      }
      holders.set(name, part);
    }
  }
  const count = metadataNumber(first, "split.tensors.count", holders.size);
  if (count !== holders.size) {
    throw new UserError({
      code: "file-incomplete",
      problem: `The ${parts.length} parts of ${basename(first.path)} hold ${grouped(holders.size)} tensors and ${grouped(count)} are said to be there`,
      advice: "download them again",
      path: first.path,
    });
  }
}

function requireSame(first: GgufFile, part: GgufFile, key: string, ours: unknown, theirs: unknown): void {
  if (ours === theirs) return;
  throw new UserError({
    code: "file-incomplete",
    problem: `${basename(part.path)} belongs to another model than ${basename(first.path)} (${key} is ${theirs} there and ${ours} here)`,
    advice: "download both again",
    path: part.path,
  });
}

const fiveDigits = (number: number): string => String(number).padStart(5, "0");
