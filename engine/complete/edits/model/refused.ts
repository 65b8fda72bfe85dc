import type { PastEdit } from "../hunks.ts";
import type { SilenceId } from "../silences.ts";

/** Texts that mean something in a prompt, and must not be in what a document has. */
export type Marks = readonly string[];

// Credentials by the shapes that their makers publish, and what an assignment to a telling name has in quotes: letters and
// digits, too long for a word. What has other shapes is in files that are excluded.
const SECRET = new RegExp(
  [
    "-----BEGIN [A-Z ]*PRIVATE KEY",
    String.raw`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,
    String.raw`\bgh[pousr]_[A-Za-z0-9]{36}`,
    String.raw`\bgithub_pat_[A-Za-z0-9_]{22}`,
    String.raw`\bglpat-[A-Za-z0-9_-]{20}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}`,
    String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10}`,
    String.raw`\bsk[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{20}`,
    String.raw`\bAIza[0-9A-Za-z_-]{35}`,
    String.raw`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}`,
    String.raw`\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@'"\x60<>{}$]+:[^\s/:@'"\x60<>{}$]{3,}@`,
  ].join("|"),
);
const ASSIGNED =
  /(?:password|passwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key)["']?\s*[:=]\s*["'](?=[^"'\s]*[0-9])(?=[^"'\s]*[A-Za-z])[^"'\s]{16,}["']/i;

export const hasSecret = (text: string): boolean => SECRET.test(text) || ASSIGNED.test(text);

/** Why a text may not be in a prompt. */
export function refusalOf(texts: readonly string[], marks: Marks): SilenceId | undefined {
  for (const text of texts) {
    if (marks.some((mark) => text.includes(mark))) return "model-marks";
    if (hasSecret(text)) return "model-secret";
  }
  return undefined;
}

/** The edits that may be told of. What is left out is not missed; a window with such a text is refused. */
export const mayBeTold =
  (marks: Marks) =>
  ({ path, renamedFrom = "", before, after, above, below }: PastEdit): boolean =>
    refusalOf([path, renamedFrom, before, after, ...above, ...below], marks) === undefined;
