import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { type Random, seededRandom } from "../../reference/random.ts";

const languages = { typescript: ".ts", python: ".py" } as const;
export type Language = keyof typeof languages;

/** A file without the rest of one line, which is the answer. */
export interface Place {
  readonly index: number;
  readonly language: Language;
  readonly file: string;
  /** The file less the answer. */
  readonly text: string;
  readonly cursor: number;
  readonly answer: string;
  /** Whether the cursor is between two letters or digits: without token healing, the model sees half a word there. */
  readonly midWord: boolean;
}

const ANSWER = 8; // characters at least, white space at the line's end not counted
const LINE = 200; // characters at most: longer ones are data
const LEFT_OUT = /(^|\/)(tests?|testing|_?vendor(ed)?|node_modules|\.[^/]+)\/|\.d\.ts$/;

interface SourceFile {
  readonly name: string;
  readonly read: () => string;
}

/**
 * `count` places, half TypeScript and half Python, in turns: a file at random, of it a line at random, of the line a
 * character at random, after the indentation. A file may be drawn again, a line not. The first n of more places are the
 * same for every `count`.
 * @param sources folders, or COMMIT:FOLDER of this repository
 */
export function drawPlaces(
  sources: Record<Language, readonly string[]>,
  count: number,
  seed: number,
): Place[] {
  const draws = Object.entries(sources).map(([language, folders], i) =>
    placesOf(language as Language, folders, seededRandom(seed + i)),
  );
  return Array.from({ length: count }, (_, index) => ({
    index,
    ...draws[index % draws.length]!.next().value!,
  }));
}

function* placesOf(
  language: Language,
  folders: readonly string[],
  random: Random,
): Generator<Omit<Place, "index">, undefined> {
  const files = folders.flatMap((folder) => filesOf(folder, languages[language]));
  if (files.length === 0)
    throw new Error(`no ${languages[language]} files in ${folders.join(", ") || "nothing"}`);
  const taken = new Set<string>();
  for (let misses = 0; misses < 1000; misses++) {
    const { name, read } = files[Math.floor(random() * files.length)]!;
    const text = read()
      .replace(/^\uFEFF/, "")
      .replaceAll("\r\n", "\n");
    const lines = [...text.matchAll(/^([ \t]*)(\S.*)$/gm)].filter(
      ([whole, , code]) => whole.length <= LINE && code!.trimEnd().length >= ANSWER,
    );
    const line = lines[Math.floor(random() * lines.length)];
    if (!line || taken.has(`${name}:${line.index}`)) continue;
    taken.add(`${name}:${line.index}`);
    misses = 0;
    const [whole, indentation] = line;
    const room = whole.trimEnd().length - ANSWER - indentation!.length + 1;
    const cursor = line.index + indentation!.length + Math.floor(random() * room);
    const end = line.index + whole.length;
    yield {
      language,
      file: name,
      text: text.slice(0, cursor) + text.slice(end),
      cursor,
      answer: text.slice(cursor, end).trimEnd(),
      midWord: /^\w\w$/.test(text.slice(Math.max(cursor - 1, 0), cursor + 1)),
    };
  }
  throw new Error(`too few lines in ${folders.join(", ")}: name more folders or ask for fewer places`);
}

/** Sorted by name, so that a seed means the same everywhere. Names begin with the folder's own. */
function filesOf(source: string, extension: string): SourceFile[] {
  const pinned = /^([0-9a-f]{7,40}):(.+)$/.exec(source);
  const wanted = (name: string) => name.endsWith(extension) && !LEFT_OUT.test(name);
  if (pinned) {
    const [, commit, folder] = pinned as unknown as [string, string, string];
    const names = git("ls-tree", "-r", "--name-only", commit, folder).split("\n");
    return names.filter(wanted).map((name) => ({ name, read: () => git("show", `${commit}:${name}`) }));
  }
  const names = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(source, name)).isFile(),
  );
  return names
    .map((name) => ({ name: [basename(source), ...name.split(sep)].join("/"), path: join(source, name) }))
    .filter(({ name }) => wanted(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, path }) => ({ name, read: () => readFileSync(path, "utf8") }));
}

const git = (...args: string[]): string =>
  execFileSync("git", args, { encoding: "utf8", env: childEnvironment() });
