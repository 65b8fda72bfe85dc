/** One pattern of `.gitignore`, without its `!`. */
export interface Pattern {
  readonly body: string;
  /** It takes back what earlier patterns exclude. */
  readonly negated: boolean;
}

/** An entry that excludes nothing, and why: to be read after “which”. */
export interface WrongEntry {
  readonly entry: unknown;
  readonly why: string;
}

const MOST_ALTERNATIVES = 500; // of the braces of one entry
const LONGEST = 4096; // characters: as long as a path may be; an expression made of a much longer entry cannot be compiled
const MOST_STARS = 4; // in one name, or names: what matching may take grows by a name's or path's length with each
const MOST_COMBINATIONS = 100_000; // of places in a path where the “**” of a pattern may end: a third of a millisecond

/**
 * The patterns of an entry of `foretype.exclude`: the syntax of `.gitignore`, and what people write in globs or on Windows:
 * braces, backslashes between folders, drives, `./`. None for a comment.
 */
export function parseEntry(entry: unknown): readonly Pattern[] | WrongEntry {
  const wrong = (why: string): WrongEntry => ({ entry, why });
  if (typeof entry !== "string") return wrong("is not a text");
  const text = entry.trimStart().replace(/(?<!\\)\s+$/, "");
  if (text === "") return wrong("is empty");
  if (text.startsWith("#")) return [];
  const negated = text.startsWith("!");
  const glob = (negated ? text.slice(1) : text).trimStart().replace(/^file:\/\//i, "");
  const why = faultOf(glob);
  if (why !== undefined) return wrong(why);
  const globs = expandBraces(glob);
  if (!globs) return wrong(`has more than ${MOST_ALTERNATIVES} alternatives`);
  return globs.flatMap((one) => bodiesOf(one, negated)).map((body) => ({ body, negated }));
}

/** The valid entries of a setting's value, with `~/` replaced by the home folder, and those that are wrong. */
export function checkExclude(
  value: readonly unknown[],
  home: string,
): { readonly entries: readonly string[]; readonly wrong: readonly WrongEntry[] } {
  const entries: string[] = [];
  const wrong: WrongEntry[] = [];
  for (const entry of value.flatMap((one) => (typeof one === "string" ? one.split(/[\r\n]+/) : [one]))) {
    const parsed = parseEntry(entry);
    if ("why" in parsed) wrong.push(parsed);
    else if (parsed.length > 0)
      entries.push((entry as string).trimStart().replace(/^(!?\s*)~(?=[\\/]|$)/, (_, mark) => mark + home));
  }
  return { entries, wrong };
}

/**
 * The longest text without a wildcard that a path must have, in capitals, for a pattern to fit it in any case; empty where there is
 * none. Letters that are alike in any case have the same capitals, which is not so of small letters (ς and σ).
 */
export function literalOf(body: string): string {
  const runs = withoutClasses(body.trimEnd().replace(/\\./g, "/"), "/").split(/[*?[\]\\/]/);
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), "").toUpperCase();
}

/** Why a pattern may take seconds to match, or cannot be: to be read after “which”. */
export function costOf(glob: string): string | undefined {
  if (glob.length > LONGEST) return `is longer than any path, which has ${LONGEST} characters at most`;
  if (glob.split("/").some((name) => (name.match(/\*+/g) ?? []).length > MOST_STARS))
    return `has more than ${MOST_STARS} “*” in one name: write several entries`;
  if ((glob.match(/\*\*/g) ?? []).length > MOST_STARS)
    return `has more than ${MOST_STARS} “**”: write several entries`;
  return undefined;
}

/**
 * Whether it would take long to tell if a pattern fits a path: each “**” may end at any of its folders, in all combinations. Such a path
 * counts as one that it fits, and nothing takes it back.
 */
export const isCostlyFor = (glob: string, path: string): boolean =>
  path.split("/").length ** (glob.match(/\*\*/g) ?? []).length > MOST_COMBINATIONS;

/** Without `[a-z]` and the like. */
const withoutClasses = (glob: string, instead: string): string =>
  glob.replace(/\[[!^]?(?:\](?:[^\]]*\])|(?:\[:\w+:\]|[^\]])+\])/g, instead);

function faultOf(glob: string): string | undefined {
  const cost = costOf(glob);
  if (cost !== undefined) return cost;
  if (/^[!/\\.\s]*$/.test(glob)) return "names nothing";
  if (glob.startsWith("!")) return "has a second “!”: write “\\!” for a name that begins with one";
  if (/^\.\.[\\/]/.test(glob)) return "leads out of the workspace: write the whole path";
  if (/\$\{|^\$\w|%\w+%/.test(glob)) return "has a variable, which is not replaced here: write the path";
  if (/(?:^|[@+?*!])\([^()|]*\|/.test(glob)) return "has a list in parentheses: write {a,b}";
  const plain = withoutClasses(glob.replace(/\\./g, ""), "");
  if (plain.includes("[")) return "has a “[” without its “]”";
  let depth = 0;
  for (const character of plain) {
    if (character === "{") depth++;
    else if (character === "}" && --depth < 0) return "has a “}” without its “{”";
  }
  return depth > 0 ? "has a “{” without its “}”" : undefined;
}

/** `a.{b,c}` → `a.b`, `a.c`; braces without a comma are characters. Undefined where there are too many. */
function expandBraces(glob: string): string[] | undefined {
  const done: string[] = [];
  const open = [glob];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const found = innermostList(one);
    if (!found) done.push(one);
    else for (const part of found.parts) open.push(one.slice(0, found.start) + part + one.slice(found.end));
    if (done.length + open.length > MOST_ALTERNATIVES) return undefined;
  }
  return done.reverse();
}

function innermostList(glob: string) {
  for (const match of glob.matchAll(/(?<!\\)\{([^{}]*,[^{}]*)\}/g))
    return { start: match.index, end: match.index + match[0].length, parts: match[1]!.split(",") };
  return undefined;
}

/** As `.gitignore` writes it. A backslash that escapes nothing is one between folders. */
function bodiesOf(glob: string, negated: boolean): string[] {
  const slashes = /^[a-z]:[\\/]/i.test(glob)
    ? `/${glob.replaceAll("\\", "/")}`
    : glob.replace(/\\(?![!#*?[\]{}\\ ])/g, "/");
  const body = slashes.replace(/^(?:\.\/)+/, "/").normalize("NFC");
  // `conf\*.json` may mean either: what may be a secret is excluded both ways, and taken back in the one that Git reads.
  return negated || !body.includes("\\") ? [body] : [body, body.replaceAll("\\", "/")];
}
