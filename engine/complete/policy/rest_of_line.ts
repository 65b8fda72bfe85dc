import { lexisOrUsual, openBelow, type Place, scan } from "../text/index.ts";

// What an editor writes right of the cursor, or what ends a line: closing brackets and quotes, ends of tags and of
// template marks, `;` and `,`.
const CLOSER = String.raw`[)\]}>"'\`]+|\/>|-?[%?]>|[-~]?%\}|#\}|-{1,2}\}\}|<\/[\w:.-]*\s*>|\{%-?\s*end\w*\s*-?%\}|\{\{[-~]?\/[\w.-]+[-~]?\}\}|\{\/\w+\}|[;,]`;
// After a closer: empty pairs, as in `{█}, []);`, marks after a call, and words that open or close a block.
const AFTER_CLOSER = String.raw`\(\)|\[\]|\{ ?\}|[?!](?=[;,)\s]|$)|\b(?:then|do|end|fi|done|esac|begin)\b(?:\s*\|[^|]*\|)?|as const\b`;
// Marks that text is set between.
const MARKS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    markdown: "[*_~$]+",
    latex: String.raw`\$+|\\[)\]}]`,
    tex: String.raw`\$+|\\[)\]}]`,
    restructuredtext: String.raw`\*+|\`+_?`,
    ruby: String.raw`\|`,
    rust: String.raw`\|`,
  }),
);

// What may be left behind that: what a declaration has after its parameters, or an arrow's body that is empty.
const TAILS: readonly RegExp[] = [
  /^\s*(?::?\s*[{;,]?|=>\s*\{?)\s*$/,
  /^\s*=>?\s*[({[]*\s*[)\]}]*[;,]?\s*$/,
  // `: void {`, ` -> list[int]:`, `: Promise<void> => {`, `: void;`
  /^(?::|\s*->)\s*[\p{L}_([&*'"?][^=;{}]*?\s*(?:(?:=>\s*)?\{(?:\s*\}[)\]};,]*)?|=>|[:;=])?\s*,?$/u,
  // ` error {`, ` throws IOException {`, ` const {`, ` where T: Clone {`
  /^\s+(?!return\b|throw\b|yield\b)[\p{L}_(*[&][\p{L}\p{N}_\s.,<>*&()[\]:?|'+-]*\{\s*\}?[)\]};,]*$/u,
  /^\s*(?:\b(?:const|override|final|noexcept|in)\b\s*)+;?$/,
  // `import { █ } from "./a";`
  /^\s*from\s*(?:"[^"]*"|'[^']*')\s*;?$/,
];

const LONGEST = 200; // characters: no editor closes more

/** Closing brackets and quotes alone, whatever is open. */
const CLOSED = /^[\s)\]}>"'`]*(?::?\s*[{;,]?|=>\s*\{?)\s*$/;

/**
 * Whether nothing that a user wrote to be continued follows the cursor on its line: nothing at all, what the editor has
 * closed, what ends the line, and a comment.
 */
export function isLineOver({ above, head, rest }: Place, languageId: string): boolean {
  if (rest.trimEnd().length > LONGEST) return false;
  if (CLOSED.test(rest)) return true;
  const from = above.length > 0 ? `${above.join("\n")}\n` : "";
  const before = from + head;
  const lexis = lexisOrUsual(languageId, before);
  const line = before + rest;
  const { open } = scan(lexis, line, { from: from.length, to: before.length, open: openBelow(lexis, from) });
  const inside = open.at(-1);
  const commentEnd =
    inside?.kind === "region" && inside.region.kind !== "string"
      ? closeOf(inside.region.close, inside.opened)
      : [];
  const last = scan(lexis, line, { from: before.length, open }).regions.at(-1);
  const isTrailing = last?.kind === "comment" && line.slice(last.end).trim() === "";
  const code = isTrailing ? line.slice(before.length, last.start) : rest;
  if (/^\s*(?:(?:do|then)\s*)?$/.test(code)) return true;
  const closers = [CLOSER, ...commentEnd, ...[MARKS.get(languageId) ?? []].flat()].join("|");
  const closed = new RegExp(`^(?:\\s*(?:${closers}))(?:\\s*(?:${closers}|${AFTER_CLOSER}))*`).exec(code);
  const tail = code.slice(closed?.[0].length ?? 0);
  return (closed !== null || /^\s*end\b/.test(code)) && TAILS.some((one) => one.test(tail));
}

const closeOf = (close: string | ((opened: string) => string), opened: string): string[] => [
  typeof close === "string" ? close : close(opened),
];
