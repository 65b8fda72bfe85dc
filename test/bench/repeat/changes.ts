import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DocumentChange } from "../../../engine/complete/edits/changes.ts";
import { differences, rangeOf } from "../../../engine/complete/edits/replacements.ts";
import { exactly, tokensOf } from "../../../engine/complete/text/index.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";

/** A file before and after a commit. */
export interface FileOfCommit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface ChangedFile extends FileOfCommit {
  readonly name: string;
  /** Other files that had a word before: some that the commit changed, and some that it did not. */
  readonly others: (word: string) => readonly FileOfCommit[];
}

const OTHERS = { changed: 4, unchanged: 3 }; // as many as Repeat looks at

/** @param unchanged files that had the word, each with its text */
function othersOf(
  files: readonly FileOfCommit[],
  unchanged: (word: string) => Iterable<Omit<FileOfCommit, "after">>,
) {
  return (self: FileOfCommit) =>
    (word: string): FileOfCommit[] => {
      const hasWord = new RegExp(String.raw`(?<![\w$])${exactly(word)}(?![\w$])`);
      const changed = files
        .filter((one) => one !== self && hasWord.test(one.before))
        .slice(0, OTHERS.changed);
      const left: FileOfCommit[] = [];
      for (const one of unchanged(word)) {
        if (left.length === OTHERS.unchanged) break;
        if (!files.some(({ path }) => path === one.path) && hasWord.test(one.before))
          left.push({ ...one, after: one.before });
      }
      return [...changed, ...left];
    };
}

export interface Change extends DocumentChange {
  /** Changes of one group have the same one. */
  readonly group: string;
  /** Of what is written anew, the text before. */
  readonly replaces: string;
}

// Longer files are data or generated.
export const MAX_FILE = 200_000; // characters
export const MAX_CHANGE = 200;

const git = (cwd: string, ...args: string[]): string =>
  execFileSync("git", args, {
    cwd,
    env: childEnvironment(),
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  });

/** Files that the commits of a repository modified. */
export function* commitsOf(folder: string): Generator<ChangedFile> {
  for (const commit of git(folder, "log", "--no-merges", "--format=%h", "--reverse")
    .split("\n")
    .filter(Boolean)) {
    const paths = git(folder, "diff-tree", "-r", "--diff-filter=M", "--name-only", "--no-commit-id", commit);
    const files = paths
      .split("\n")
      .filter(isCode)
      .map((path) => {
        const [before, after] = [`${commit}^`, commit].map((rev) => git(folder, "show", `${rev}:${path}`));
        return { path, before: before!, after: after! };
      });
    const others = othersOf(files, function* (word) {
      for (const path of filesWith(folder, `${commit}^`, word))
        yield { path, before: git(folder, "show", `${commit}^:${path}`) };
    });
    for (const file of files) yield { ...file, name: `${commit} ${file.path}`, others: others(file) };
  }
}

function filesWith(folder: string, rev: string, word: string): string[] {
  try {
    const found = git(folder, "grep", "-l", "-w", "-F", "-e", word, rev);
    return found
      .split("\n")
      .map((line) => line.slice(rev.length + 1))
      .filter(isCode);
  } catch {
    return []; // none
  }
}

/** Files that differ between two folders. */
export function* versionsOf(folders: readonly string[]): Generator<ChangedFile> {
  for (const [index, newer] of folders.slice(1).entries()) {
    const older = folders[index]!;
    const all = readdirSync(newer, { recursive: true, encoding: "utf8" })
      .filter(isCode)
      .flatMap((path) => {
        const [before, after] = [older, newer].map((folder) => {
          try {
            return readFileSync(join(folder, path), "utf8");
          } catch {
            return undefined;
          }
        });
        return before !== undefined && after !== undefined ? { path, before, after } : [];
      });
    const files = all.filter(({ before, after }) => before !== after);
    const others = othersOf(files, () => all);
    for (const file of files) yield { ...file, name: `${newer} ${file.path}`, others: others(file) };
  }
}

const isCode = (path: string): boolean =>
  /\.(?:[cm]?[jt]sx?|wgsl|py|go|rs|java|cs|c|cc|cpp|h|hpp|rb|php|css|sh)$/.test(path) &&
  !/\.min\.|\bdist\b|vendor|_wasm/.test(path);

/** The token changes of a file, in the order of its text. Offsets are those of the text before. */
export function changesOf({ before, after }: FileOfCommit): Change[] {
  return [...lineHunks(before, after)].flatMap(([oldFrom, oldTo, newFrom, newTo]) =>
    changesIn(before.slice(oldFrom, oldTo), after.slice(newFrom, newTo)).map((change) => ({
      ...change,
      offset: change.offset + oldFrom,
    })),
  );
}

function changesIn(old: string, fresh: string): Change[] {
  const oldTokens = tokensOf(old);
  const freshTokens = tokensOf(fresh);
  const runs = differences(oldTokens, freshTokens);
  const replaced = runs.reduce((sum, [from, to]) => sum + to - from, 0);
  const written = runs.reduce((sum, [, , from, to]) => sum + to - from, 0);
  // Less than half is left of it: written anew, and no series of replacements.
  if (2 * replaced > oldTokens.length || 2 * written > freshTokens.length)
    return [{ offset: 0, removed: old.length, inserted: fresh, group: "", replaces: old }];
  return runs.map(([from, to, freshFrom, freshTo]) => {
    const isHalf = from === to || freshFrom === freshTo;
    // The white space that comes or goes with the tokens: up to the next one, else from the one before.
    const gap = isHalf && (to < oldTokens.length && freshTo < freshTokens.length ? "after" : "before");
    const was = rangeOf(oldTokens, from, to, gap);
    const is = rangeOf(freshTokens, freshFrom, freshTo, gap);
    const [oldText, freshText] = [old.slice(was.start, was.end), fresh.slice(is.start, is.end)];
    // What comes or goes is the same where its neighbours are.
    const [left = "", right = ""] = isHalf ? [oldTokens[from - 1]?.text, oldTokens[to]?.text] : [];
    return {
      offset: was.start,
      removed: was.end - was.start,
      inserted: freshText,
      group: [left, oldText.trim(), freshText.trim(), right].join("\0"),
      replaces: oldText,
    };
  });
}

function* lineHunks(before: string, after: string): Generator<[number, number, number, number]> {
  const lines = (text: string) =>
    [...text.matchAll(/[^\n]*\n|[^\n]+$/g)].map(({ 0: line, index }) => ({
      text: line,
      start: index,
      end: index + line.length,
    }));
  const [a, b] = [lines(before), lines(after)];
  for (const [aFrom, aTo, bFrom, bTo] of lineDiff(
    a.map((l) => l.text),
    b.map((l) => l.text),
  )) {
    const at = (all: typeof a, index: number, length: number) => all[index]?.start ?? length;
    yield [
      at(a, aFrom, before.length),
      at(a, aTo, before.length),
      at(b, bFrom, after.length),
      at(b, bTo, after.length),
    ];
  }
}

/** Runs of lines that differ, by Myers' algorithm. */
function lineDiff(a: readonly string[], b: readonly string[]): [number, number, number, number][] {
  const max = a.length + b.length;
  const offset = max + 1;
  let v = new Int32Array(2 * max + 3);
  const trace: Int32Array[] = [];
  for (let d = 0; d <= Math.min(max, 3000); d++) {
    trace.push(v.slice(offset - d - 1, offset + d + 2));
    const next = v;
    for (let k = -d; k <= d; k += 2) {
      let x =
        k === -d || (k !== d && v[offset + k - 1]! < v[offset + k + 1]!)
          ? v[offset + k + 1]!
          : v[offset + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next[offset + k] = x;
      if (x >= a.length && x - k >= b.length) return backtrack(trace, a.length, b.length, d);
    }
    v = next;
  }
  return [];
}

function backtrack(
  trace: readonly Int32Array[],
  n: number,
  m: number,
  last: number,
): [number, number, number, number][] {
  const edits: [number, number, number, number][] = [];
  let [x, y] = [n, m];
  for (let d = last; d > 0; d--) {
    const v = trace[d]!;
    const at = (k: number) => v[k + d + 1]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const previous = down ? k + 1 : k - 1;
    const [px, py] = [at(previous), at(previous) - previous];
    const [ex, ey] = down ? [px, py + 1] : [px + 1, py];
    const first = edits[0];
    if (first && first[0] === ex && first[2] === ey) edits[0] = [px, first[1], py, first[3]];
    else edits.unshift([px, ex, py, ey]);
    [x, y] = [px, py];
  }
  return edits;
}
