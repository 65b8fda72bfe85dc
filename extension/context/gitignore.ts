import ignore, { type Ignore } from "ignore";

/** The rules of one `.gitignore`; `folder` is where it lies, "" or ending in a slash. */
export interface IgnoreFile {
  readonly folder: string;
  readonly rules: Ignore;
}

export const parseIgnoreFile = (folder: string, text: string): IgnoreFile => ({
  folder,
  rules: ignore().add(text),
});

/**
 * Whether Git would ignore a file, given the ignore files of its folder and of those above it, the outermost first. A
 * folder that is ignored hides all that is in it.
 */
export function isIgnored(path: string, files: readonly IgnoreFile[]): boolean {
  const parts = path.split("/");
  return parts.some((_, last) => {
    const isFolder = last < parts.length - 1;
    const prefix = parts.slice(0, last + 1).join("/") + (isFolder ? "/" : "");
    let ignored = false;
    for (const { folder, rules } of files) {
      if (!prefix.startsWith(folder) || prefix === folder) continue;
      const verdict = rules.test(prefix.slice(folder.length));
      if (verdict.ignored) ignored = true;
      else if (verdict.unignored) ignored = false;
    }
    return ignored;
  });
}
