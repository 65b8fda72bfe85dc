import { readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import { modelsIn } from "../../engine/library/index.ts";
import type { KnownFile } from "./list.ts";
import type { ModelsOptions } from "./options.ts";

/** Bytes free for a folder that may still have to be made; undefined where the system does not say. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    const above = dirname(folder);
    return above === folder ? undefined : freeBytes(above);
  }
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const RECENT = "foretype.recentModels";
const RECENT_MAX = 8;

/** Files that the settings name and those that were chosen before, each once. */
export function knownFiles({ settings, memory }: ModelsOptions): Promise<KnownFile[]> {
  const { completionModel, chatModel } = settings.current;
  const paths = new Set([completionModel.path, chatModel.path, ...memory.get<string[]>(RECENT, [])]);
  paths.delete(EMBEDDED_MODEL);
  return Promise.all(
    [...paths].map(async (path) => {
      const stats = await stat(path).catch(() => undefined);
      return { path, bytes: stats ? (stats.isDirectory() ? 0 : stats.size) : null };
    }),
  );
}

export async function rememberFile({ memory }: ModelsOptions, path: string): Promise<void> {
  const others = memory.get<string[]>(RECENT, []).filter((other) => other !== path);
  await memory.update(RECENT, [path, ...others].slice(0, RECENT_MAX));
}

export const forgetFile = ({ memory }: ModelsOptions, path: string): Thenable<void> =>
  memory.update(
    RECENT,
    memory.get<string[]>(RECENT, []).filter((other) => other !== path),
  );

/** The models of a folder; `path`: of the first file. Folders below are not entered: this one may be anything. */
export async function modelsAtTopOf(
  folder: string,
): Promise<{ name: string; bytes: number; path: string }[]> {
  const names = (await readdir(folder)).filter((name) => /\.gguf$/i.test(name)).sort();
  const files = await Promise.all(
    names.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })),
  );
  return modelsIn(files).map(({ name, bytes, parts }) => ({
    name,
    bytes,
    path: join(folder, parts[0]!.path),
  }));
}
