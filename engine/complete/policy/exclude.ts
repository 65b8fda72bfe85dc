import ignore, { type Ignore } from "ignore";
import type { ReadableFile, Silence } from "../contract.ts";
import { atOnce, type Pieces } from "../text/index.ts";
import { BUILT_IN_EXCLUDES, SECRET_LANGUAGES } from "./built_in_excludes.ts";
import { isCostlyFor, literalOf, type Pattern, parseEntry } from "./exclude_entries.ts";

/** Why a file is never read. */
export interface Exclusion {
  /** As it was written; of a language, its id. */
  readonly pattern: string;
  readonly by: "setting" | "built-in" | "language";
  /** The entry of `foretype.exclude` that would have it read again. */
  readonly takenBackBy: string;
}

interface Rule extends Pattern {
  readonly pattern: string;
  readonly builtIn: boolean;
  /** Whether the pattern fits this very path; a folder's ends in a slash. `upper` is the path in capitals. */
  readonly fits: (path: string, upper: string) => boolean;
  /** What the matcher remembers of paths, some 20 KB for a file, is of no use once the file's verdict is known. */
  readonly forget: () => void;
}

interface Verdict {
  /** Of the rule. */
  readonly index: number;
  readonly excluded: boolean;
  /** The rule fits a folder that the file lies in. */
  readonly byFolder: boolean;
}

const VERDICTS = 500; // files whose verdict is kept

/**
 * Whether a file is excluded from reading, and by what. Every reader asks: nothing of an excluded file is a document, context,
 * a selection, an edit, a definition or a recording.
 *
 * The rules are the built-in ones, then `exclude`, in the syntax of `.gitignore`: the last that fits decides, `!` takes back,
 * and what lies in an excluded folder cannot be taken back by itself. Names count in any case. A rule is tried on the path in
 * the workspace and on the whole path, so that `/x` is the workspace's folder or the file system's root; and on the path that
 * a link leads to.
 */
export function exclusionOf(file: ReadableFile, exclude: readonly string[]): Exclusion | undefined {
  const known = compiledFor(exclude);
  const key = [file.uri, file.path, file.folder, file.target, file.languageId].join("\n");
  let verdict = known.verdicts.get(key);
  if (verdict === undefined) {
    if (known.verdicts.size >= VERDICTS) known.verdicts.clear();
    verdict = decide(file, known.rules) ?? null;
    known.verdicts.set(key, verdict);
    for (const { forget } of known.rules) forget();
  }
  return verdict ?? undefined;
}

/** What a user is told of it. */
export function exclusionSilence({ pattern, by, takenBackBy }: Exclusion): Silence {
  const because =
    by === "language"
      ? `its language is ${pattern}, that of secrets`
      : `its path matches “${pattern}”${by === "built-in" ? ", a built-in rule for secrets" : ""}`;
  const advice =
    by === "setting"
      ? `change that entry of the setting “foretype.exclude” to have it read`
      : `add “${takenBackBy}” to the setting “foretype.exclude” to have it read`;
  return {
    id: "excluded",
    problem: `This file is never read, because ${because}`,
    advice,
    setting: "foretype.exclude",
  };
}

const NOTHING = ignore(); // to add it makes a matcher forget its verdicts, and changes none

interface Compiled {
  readonly rules: readonly Rule[];
  readonly verdicts: Map<string, Exclusion | null>;
}

const compiled = new WeakMap<readonly string[], Compiled>();

function compiledFor(exclude: readonly string[]): Compiled {
  let known = compiled.get(exclude);
  if (!known) {
    known = { rules: rulesFor(exclude), verdicts: new Map() };
    compiled.set(exclude, known);
  }
  return known;
}

/** The same whatever the user sets; they are made once, as many as were read so far. */
const builtInRules: Rule[] = [];
let builtInRead = 0; // entries
const READ_AT_ONCE = 8; // entries of a piece

/** Reads the built-in rules, a piece at a time, before a file asks for all of them. */
export function* readBuiltInExcludes(): Pieces<void> {
  while (builtInRead < BUILT_IN_EXCLUDES.length) {
    const entries = BUILT_IN_EXCLUDES.slice(builtInRead, builtInRead + READ_AT_ONCE);
    builtInRead += entries.length;
    builtInRules.push(...entries.flatMap((entry) => rulesOf(entry, true)));
    yield;
  }
}

function rulesFor(exclude: readonly string[]): Rule[] {
  const own = exclude.flatMap((entry) => rulesOf(entry, false));
  const takenBack = new Set(own.filter(({ negated }) => negated).map(({ body }) => bare(body)));
  atOnce(readBuiltInExcludes());
  // `!secrets/` means the rule, whatever else `.gitignore` makes of it.
  return [...builtInRules.filter(({ body }) => !takenBack.has(bare(body))), ...own];
}

/** A pattern without what it may be written with or without. */
const bare = (body: string): string => body.replace(/^\*\*\/|(?:\/\*\*|\/)$/g, "").toLowerCase();

function rulesOf(entry: string, builtIn: boolean): Rule[] {
  const parsed = parseEntry(entry);
  if ("why" in parsed) return [];
  return parsed.map(({ body, negated }) => {
    // Some 200 expressions take 50 ms to make and to compile: those of few rules are needed, and the others' never made.
    const literal = literalOf(body);
    let matcher: Ignore | undefined;
    // A lone `!` rule tells of the path itself; a rule without one would tell of the folders above it as well.
    const fits: Rule["fits"] = (path, upper) => {
      if (!upper.includes(literal)) return false;
      if (isCostlyFor(body, path)) return !negated;
      matcher ??= ignore({ allowRelativePaths: true }).add(`!${body}`);
      return matcher.test(path).unignored;
    };
    const forget = () => void matcher?.add(NOTHING);
    return { body, negated, pattern: builtIn ? body : entry, builtIn, fits, forget };
  });
}

function decide(file: ReadableFile, rules: readonly Rule[]): Exclusion | undefined {
  let takenBack = -1;
  for (const place of placesOf(file)) {
    const verdict = verdictOn(place, rules);
    if (!verdict) continue;
    if (!verdict.excluded) takenBack = Math.max(takenBack, verdict.index);
    // A later rule has taken back what lies at the more exact place.
    else if (verdict.index > takenBack) return exclusionBy(rules[verdict.index]!, verdict, place);
  }
  const { languageId } = file;
  if (takenBack >= 0 || languageId === undefined || !SECRET_LANGUAGES.has(languageId)) return undefined;
  return { pattern: languageId, by: "language", takenBackBy: takingBack(file.path) };
}

function exclusionBy({ pattern, builtIn }: Rule, { byFolder }: Verdict, place: string): Exclusion {
  return {
    pattern,
    by: builtIn ? "built-in" : "setting",
    takenBackBy: byFolder ? `!${pattern}` : takingBack(place),
  };
}

const takingBack = (path: string): string =>
  `!**/${path
    .split("/")
    .at(-1)!
    .replace(/[*?[\]{}\\]/g, "\\$&")}`;

/** What the last rule says that fits the file, or the outermost excluded folder above it. */
function verdictOn(path: string, rules: readonly Rule[]): Verdict | undefined {
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const byFolder = depth < parts.length;
    const prefix = parts.slice(0, depth).join("/") + (byFolder ? "/" : "");
    const upper = prefix.toUpperCase();
    const index = rules.findLastIndex(({ fits }) => fits(prefix, upper));
    if (index === -1) continue;
    const excluded = !rules[index]!.negated;
    if (excluded || !byFolder) return { index, excluded, byFolder };
  }
  return undefined;
}

/** The paths that rules are tried on, the most exact first: in its folder, in the workspace, in the file system, behind links. */
export function placesOf({ uri, path, folder, target }: Omit<ReadableFile, "languageId">): readonly string[] {
  const inFolder =
    folder !== undefined && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
  const places = [inFolder, path, pathIn(uri), target ?? ""].map((one) =>
    one
      .replaceAll("\\", "/")
      .replace(/^(?:\.{0,2}\/+)+/, "")
      .replace(/\/{2,}/g, "/")
      .normalize("NFC"),
  );
  return [...new Set(places)].filter((place) => place !== "");
}

/** The path of a URI; one letter before a colon is a drive, not a scheme. */
function pathIn(uri: string): string {
  if (!/^[a-z][a-z\d+.-]+:/i.test(uri)) return uri;
  const path = uri.replace(/^[^:]+:(?:\/\/[^/?#]*)?/, "").replace(/[?#].*$/s, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone % sign
  }
}
