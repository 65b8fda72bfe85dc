import { isBlank, type Place } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";

// Spelled out as text they are a model's error: as control tokens they never reach the filters.
const SENTINEL =
  /<\|(?:fim_\w+|endoftext|im_start|im_end|file_sep|repo_name|end_of_text|begin_of_text|eot_id|cursor|user|assistant)\|>|<(?:fim_prefix|fim_suffix|fim_middle|fim_pad|PRE|SUF|MID|EOT)>|<\/?think>|\[(?:PREFIX|SUFFIX|MIDDLE)\]/;

/** The text before the spelled-out control token; a file that already mentions these tokens may contain more of them. */
export function cutAtSentinel(text: string, { above, head, rest, below }: Place): string {
  const found = SENTINEL.exec(text);
  if (!found) return text;
  const around = [...above, head + rest, ...below];
  return around.some((line) => line.includes(found[0])) ? text : text.slice(0, found.index);
}

const PROSE =
  /^\s*(?:sure[,!.]|certainly[,!.]|of course[,!.]|here(?:'s| is| are) (?:the|your|an?|some)\b|as an ai\b|i (?:can|will|would|have)\b|the (?:following|above) code\b|this (?:code|function|snippet) (?:is|will|should|does)\b|note that\b|explanation:)/i;

/** Cuts code fences, and drops an answer in words where code is written. */
export function cutProse(text: string, place: Place, { languageId }: FilterHints): string {
  if (languageId === "markdown" || languageId === "plaintext") return text;
  if (isAmongWords(place)) return text;
  const opened = /^\s*```\w*\n/.exec(text);
  const body = opened ? text.slice(opened[0].length) : text;
  const fence = /(?:^|\n)\s*```/.exec(body);
  const code = fence ? body.slice(0, fence.index) : body;
  return PROSE.test(code) && isBlank(place.head) ? "" : code;
}

/** Whether the cursor is in a comment or a docstring, as far as the lines above tell. */
function isAmongWords({ above, head }: Place): boolean {
  if (/^\s*(?:\/\/|#|\*|\/\*|--|"""|''')/.test(head) || /\/\/|\/\*/.test(head)) return true;
  const written = above.join("\n");
  const marks = (mark: string) => written.split(mark).length - 1;
  return (
    written.lastIndexOf("/*") > written.lastIndexOf("*/") || marks('"""') % 2 === 1 || marks("'''") % 2 === 1
  );
}
