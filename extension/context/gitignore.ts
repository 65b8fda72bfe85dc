import { matches } from "../../engine/complete/index.ts";

/** The rules of one `.gitignore`, in order; `folder` is where it lies, "" or ending in a slash. */
export interface IgnoreFile {
  readonly folder: string;
  readonly rules: readonly { readonly glob: string; readonly ignore: boolean }[];
}

export function parseIgnoreFile(folder: string, text: string): IgnoreFile {
  const rules = text.split(/\r?\n/).flatMap((line) => {
    let pattern = line.replace(/(?<!\\)\s+$/, "");
    if (pattern === "" || pattern.startsWith("#")) return [];
    const ignore = !pattern.startsWith("!");
    if (!ignore) pattern = pattern.slice(1);
    pattern = pattern.replace(/^\\(?=[#!])/, "").replace(/\/$/, "");
    // A slash before the end ties a pattern to its folder; without one it holds at any depth.
    const tied = pattern.includes("/");
    return [{ glob: tied ? `./${pattern.replace(/^\//, "")}` : `**/${pattern}`, ignore }];
  });
  return { folder, rules };
}

/**
 * Whether Git would ignore a file, given the ignore files of its folder and of those above it, the outermost first. A
 * folder that is ignored hides all that is in it. A final slash, by
 * which a pattern means folders only, is ignored: a file of that name counts as ignored too.
 */
export function isIgnored(path: string, files: readonly IgnoreFile[]): boolean {
  const parts = path.split("/");
  return parts.some((_, last) => {
    const prefix = parts.slice(0, last + 1).join("/");
    let ignored = false;
    for (const { folder, rules } of files) {
      if (!prefix.startsWith(folder)) continue;
      const rest = prefix.slice(folder.length);
      for (const { glob, ignore } of rules) if (matches(glob, rest)) ignored = ignore;
    }
    return ignored;
  });
}
