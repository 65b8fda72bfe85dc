import type { PipelineSettings } from "./contract.ts";

/** What package.json gives as defaults; a test compares them. */
export const DEFAULT_SETTINGS: PipelineSettings = {
  enabled: true,
  languages: { "*": true, plaintext: false, markdown: false, scminput: false },
  exclude: ["**/.env*", "**/*.pem", "**/*.key", "**/id_rsa*", "**/id_ed25519*", "**/secrets/**"],
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
