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
