import { realpathSync } from "node:fs";

/** Where a path leads that is a link, or lies in a linked folder; undefined where it leads to itself, or to nothing. */
export function linkTarget(path: string): string | undefined {
  try {
    const target = realpathSync.native(path);
    return target === path ? undefined : target.replaceAll("\\", "/");
  } catch {
    return undefined; // not written yet, or on no disk
  }
}
