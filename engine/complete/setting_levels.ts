import { shownJson } from "../errors/index.ts";
import { declared, wanted } from "../settings/index.ts";
import type { PipelineSettings } from "./contract.ts";
import { checkExclude } from "./policy/index.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";

/** What a setting holds, and what is wrong with what was written: a sentence each. */
export interface Checked<Value> {
  readonly value: Value;
  readonly warnings: readonly string[];
}

const isTable = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A wrong entry of a list or a table; the others hold. */
export const leftOut = (name: string, entry: unknown, why: string): string =>
  `The setting “foretype.${name}” has the entry ${shownJson(entry)}, which ${why}: it is left out.`;

/** A value of a wrong type, and what holds instead. */
export const wrongValue = (name: string, value: unknown, instead: string): string =>
  `The setting “foretype.${name}” is ${shownJson(value)}, but must be ${wanted(declared(name)!)}: ${instead}.`;

/**
 * `foretype.languages` from its levels, the one that rules last. An entry that is neither true nor false is left out, so that
 * what a lower level says of that language holds; undefined is a level that says nothing.
 */
export function readLanguages(levels: readonly unknown[]): Checked<PipelineSettings["languages"]> {
  const warnings: string[] = [];
  const languages: Record<string, boolean> = { ...DEFAULT_SETTINGS.languages };
  for (const level of levels) {
    if (level === undefined) continue;
    if (!isTable(level)) {
      warnings.push(wrongValue("languages", level, "it is left out"));
      continue;
    }
    for (const [languageId, on] of Object.entries<unknown>({ ...level }))
      if (typeof on === "boolean") languages[languageId] = on;
      else warnings.push(leftOut("languages", { [languageId]: on }, "is neither true nor false"));
  }
  return { value: languages, warnings };
}

/**
 * `foretype.exclude` from its levels. The last entry that fits a file decides, so the user's level comes last: no workspace
 * takes back what the user excludes. `~/` is the home folder.
 */
export function readExclude(levels: readonly unknown[], home: string): Checked<readonly string[]> {
  const warnings: string[] = [];
  const patterns = levels.flatMap((level) => {
    if (level === undefined || Array.isArray(level)) return (level ?? []) as unknown[];
    const meant = patternsMeant(level);
    const used = meant.length > 0 ? `${shownJson(meant)} is used` : "only the built-in rules hold";
    warnings.push(wrongValue("exclude", level, used));
    return meant;
  });
  const { entries, wrong } = checkExclude(patterns, home);
  for (const { entry, why } of wrong) warnings.push(leftOut("exclude", entry, why));
  return { value: entries, warnings };
}

/** What is written where a list should be, as `files.exclude` is written or alone: better a file unread than a secret read. */
function patternsMeant(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (!isTable(value)) return [];
  return Object.entries<unknown>({ ...value })
    .filter(([, on]) => on !== false)
    .map(([pattern]) => pattern);
}
