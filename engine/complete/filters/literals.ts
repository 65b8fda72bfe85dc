import { isBlank, type LiteralKind, lexisOf, type Place, scan, type WrittenRange } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { isYaml } from "./languages.ts";

export type Literal = WrittenRange & { readonly kind: LiteralKind };

/** The strings, comments and texts between tags in `text`, written at the cursor: by the parser, else by the language's lexical rules. */
export function literalsIn(
  text: string,
  place: Place,
  { facts, languageId }: FilterHints,
): readonly Literal[] {
  return facts?.written(text)?.literals ?? literalsByReading(text, place, languageId);
}

/** What the character at an offset of `text` is in; undefined where it is code. */
export function literalAt(
  text: string,
  offset: number,
  place: Place,
  hints: FilterHints,
): Literal | undefined {
  return literalsIn(text, place, hints).find(({ start, end }) => start <= offset && offset < end);
}

// Where nothing is known, a language that has most kinds of strings and comments.
const ANY = "dart";

/** By the language's lexical rules, from the start of the lines above. */
export function literalsByReading(
  text: string,
  { above, head, rest, below }: Place,
  languageId = ANY,
): readonly Literal[] {
  if (isYamlText(text, above, head, languageId))
    return [{ kind: "string", start: -head.length, end: text.length }];
  const lexis = lexisOf(languageId) ?? lexisOf(ANY)!;
  const before = [...above, head].join("\n");
  const whole = before + text + [rest, ...below].join("\n");
  const at = before.length;
  const { regions, open } = scan(lexis, whole, { to: at + text.length });
  const literals = regions
    .filter(({ end }) => end > at)
    .map(({ kind, start, end }) => ({
      kind: kind === "comment" ? kind : ("string" as const),
      start: start - at,
      end: Math.min(text.length, end - at),
    }));
  if (literals.length > 0 || !lexis.markup) return literals;
  const isCode = ({ kind }: { readonly kind: string }) => kind !== "bracket";
  const isText = !open.some(isCode) && !scan(lexis, whole, { to: at }).open.some(isCode);
  return isText ? [{ kind: "markup", start: 0, end: text.length }] : [];
}

/** Text below `key: |`, which lasts as long as lines are as deep. */
function isYamlText(text: string, above: readonly string[], head: string, languageId: string): boolean {
  if (!isYaml(languageId)) return false;
  const first = (head + text).split("\n").find((line) => !isBlank(line)) ?? head;
  const depth = first.search(/\S|$/);
  const parent = above.findLast((line) => !isBlank(line) && line.search(/\S/) < depth);
  return parent !== undefined && /(?:^|\s)[|>][+-]?\d?[+-]?\s*(?:#.*)?$/.test(parent);
}
