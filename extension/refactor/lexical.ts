import { lexisOf, scan } from "../../engine/complete/index.ts";

/** A string or a comment in source code. */
interface Span {
  readonly kind: "string" | "comment";
  readonly start: number;
  readonly end: number;
}

/**
 * The outermost strings and comments of a piece of code, in order, as far as reading from its start tells: it need not be a
 * whole file. None where the language is not known.
 */
function spansOf(code: string, languageId: string): Span[] {
  const lexis = lexisOf(languageId);
  if (!lexis) return [];
  const spans: Span[] = [];
  for (const { kind, start, end } of scan(lexis, code).regions) {
    if (start < (spans.at(-1)?.end ?? 0)) continue; // within a hole of a string
    spans.push({ kind: kind === "comment" ? "comment" : "string", start, end });
  }
  return spans;
}

/** The code with a blank in place of each comment, and `""` in place of each string. */
export function withoutText(code: string, languageId: string): string {
  let bare = "";
  let from = 0;
  for (const { kind, start, end } of spansOf(code, languageId)) {
    // Line breaks stay, so that lines keep their numbers.
    const breaks = code.slice(start, end).replace(/[^\n]/g, "");
    bare += code.slice(from, start) + (kind === "string" ? '""' : " ") + breaks;
    from = end;
  }
  return bare + code.slice(from);
}

/** For each line of the code, whether it begins inside a string. */
export function linesInStrings(code: string, languageId: string): boolean[] {
  const strings = spansOf(code, languageId).filter(({ kind }) => kind === "string");
  let offset = 0;
  return code.split("\n").map((line) => {
    const at = offset;
    offset += line.length + 1;
    return strings.some(({ start, end }) => start < at && at < end);
  });
}
