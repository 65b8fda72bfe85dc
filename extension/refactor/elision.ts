// Code that says of a part that it is left out: `// ... existing code ...`, `# rest unchanged`, `{ ... }`.

const OPENERS = String.raw`(?:\{?\/\*+|\/\/+|#+(?=[\s.…(\[])|--+(?=[\s.…(\[])|;+|%+|<!--|\(\*)`;
const COMMENT = new RegExp(String.raw`^\s*${OPENERS}(.*?)(?:\*+\/\}?|-->|\*\))?\s*$`);
const DOTS = /^[\s([{<*-]*(?:\.{3,}|…)/; // "... existing code ...", "(...)"
const EMPTIED = /\{\s*(?:(?:\.{3,}|…)|\/\*\s*(?:\.{3,}|…)[^{}]*\*\/)\s*\}/; // a body of dots alone
const MAX_WORDS = 8; // a longer comment says more than that something is left out
const KEPT =
  /^\W*(?:(?:the|your|all|keep|leave)\s+)*(?:rest|remain(?:ing|der)|existing|previous|other|same|original|unchanged|omitted|unmodified)\b/i;
const CODE =
  /\b(?:code|functions?|methods?|class(?:es)?|implementation|logic|body|imports?|file|lines?|parts?|blocks?|content|stuff|here|before|above|below|props|fields|cases)\b/i;
const LEFT_OUT = /\b(?:unchanged|omitted|unmodified|the same|same as (?:before|above)|as[- ]is|as before)\b/i;

/**
 * The first line of the code that stands for a part that was left out, undefined where there is none. Lines that the
 * selection has too are its own.
 */
export function elidedLine(code: string, selection: string, languageId: string): string | undefined {
  const own = new Set(selection.split("\n").map((line) => line.trim()));
  const lines = code.split("\n").map((line) => line.trim());
  return lines.find((line, index) => {
    if (line === "" || own.has(line)) return false;
    if (/^[([{]?(?:\.{3,}|…)[)\]}]?[,;]?$/.test(line)) return !isPythonStub(lines, index, languageId);
    if (EMPTIED.test(line)) return true;
    const said = COMMENT.exec(line)?.[1]?.trim();
    return said !== undefined && saysElided(said);
  });
}

function saysElided(comment: string): boolean {
  if (DOTS.test(comment)) return true;
  const words = comment.match(/[\p{L}-]+/gu) ?? [];
  if (words.length > MAX_WORDS) return false;
  if (KEPT.test(comment)) return words.length === 1 || CODE.test(comment) || /\.{3,}|…/.test(comment);
  return CODE.test(comment) && LEFT_OUT.test(comment);
}

/** `...` as the body of a function or class in Python: below a line that ends in a colon. */
function isPythonStub(lines: readonly string[], index: number, languageId: string): boolean {
  if (languageId !== "python") return false;
  const above = lines.slice(0, index).findLast((line) => line !== "" && !line.startsWith("#"));
  return above?.endsWith(":") === true || above?.endsWith('"""') === true;
}
