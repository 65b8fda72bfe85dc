import ignore, { type Ignore } from "ignore";
import { costOf, isCostlyFor, literalOf, type Pieces } from "../../engine/complete/index.ts";

/** The rules of one `.gitignore`; `folder` is where it lies, "" or ending in a slash. */
export interface IgnoreFile {
  readonly folder: string;
  /** Those that may fit a path, from the folder on; `everything` where they would take too long to try. */
  readonly rulesFor: (path: string) => Ignore | "everything";
}

const MOST_CHARACTERS = 1 << 20; // of a file
const LINES_OF_PIECE = 50;
const MOST_TRIED = 500; // rules that one path is tried on: each is compiled, in 0.1 ms

/**
 * A repository may have written the file to hold the editor's thread. Where a rule or a file goes beyond what Git's users write,
 * all that is in its folder counts as ignored, and nothing is taken back: better a file unread than one that Git hides.
 */
export function* ignoreFileInPieces(folder: string, text: string): Pieces<IgnoreFile> {
  if (text.length > MOST_CHARACTERS) return { folder, rulesFor: () => "everything" };
  const rules: { readonly line: string; readonly literal: string; readonly isCostly: boolean }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (index % LINES_OF_PIECE === LINES_OF_PIECE - 1) yield;
    if (line.startsWith("#") || line.trim() === "") continue;
    const negated = line.startsWith("!");
    const body = negated ? line.slice(1) : line;
    const isCostly = costOf(body) !== undefined;
    if (!isCostly || !negated) rules.push({ line, literal: literalOf(body), isCostly });
  }
  return {
    folder,
    rulesFor(path) {
      const upper = path.toUpperCase();
      const tried = rules.filter(({ literal }) => upper.includes(literal));
      if (tried.length > MOST_TRIED) return "everything";
      if (tried.some(({ line, isCostly }) => isCostly || isCostlyFor(line, path))) return "everything";
      return ignore().add(tried.map(({ line }) => line));
    },
  };
}

/**
 * Whether Git would ignore a file, given the ignore files of its folder and of those above it, the outermost first. A
 * folder that is ignored hides all that is in it.
 */
export function isIgnored(path: string, files: readonly IgnoreFile[]): boolean {
  const above = files
    .filter(({ folder }) => path.startsWith(folder))
    .map(({ folder, rulesFor }) => ({ folder, rules: rulesFor(path.slice(folder.length)) }));
  const parts = path.split("/");
  return parts.some((_, last) => {
    const isFolder = last < parts.length - 1;
    const prefix = parts.slice(0, last + 1).join("/") + (isFolder ? "/" : "");
    let ignored = false;
    for (const { folder, rules } of above) {
      if (!prefix.startsWith(folder) || prefix === folder) continue;
      if (rules === "everything") return true;
      const verdict = rules.test(prefix.slice(folder.length));
      if (verdict.ignored) ignored = true;
      else if (verdict.unignored) ignored = false;
    }
    return ignored;
  });
}
