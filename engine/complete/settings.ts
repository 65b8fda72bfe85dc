import type { PipelineSettings } from "./contract.ts";

/** What package.json gives as defaults; a test compares them. */
export const DEFAULT_SETTINGS: PipelineSettings = {
  enabled: true,
  languages: {
    "*": true,
    plaintext: false,
    markdown: false,
    scminput: false,
    "git-commit": false,
    "git-rebase": false,
  },
  exclude: [],
  trigger: "automatic",
  profile: "balanced",
  eagerness: "balanced",
  delay: "adaptive",
  multiline: "auto",
  inComments: true,
  maxLines: 12,
  timeLimitMs: 500,
  speculate: true,
  snoozedUntilMs: 0,
};

/**
 * `foretype.languages` from its levels, the one that rules last: an entry that is neither true nor false is left out, so that
 * what a lower level says of that language holds.
 */
export function mergeLanguages(levels: readonly object[]): {
  readonly languages: PipelineSettings["languages"];
  readonly wrong: readonly { readonly languageId: string; readonly value: unknown }[];
} {
  const entries = levels.flatMap((level) => Object.entries<unknown>({ ...level }));
  const isValid = (entry: [string, unknown]): entry is [string, boolean] => typeof entry[1] === "boolean";
  return {
    languages: Object.fromEntries([
      ...Object.entries(DEFAULT_SETTINGS.languages),
      ...entries.filter(isValid),
    ]),
    wrong: entries.filter((entry) => !isValid(entry)).map(([languageId, value]) => ({ languageId, value })),
  };
}
