import { indentation, isBlank, linesOf, lineTokens, type Place, sameLine } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { isProseLanguage } from "./languages.ts";

// What a scope has only once: a declaration, an import, the last branch of a statement. A model that says it twice has
// lost its place, and what follows is a copy as well.

/** Cuts before a declaration, an import or a branch that its scope has already, above the cursor or in the suggestion. */
export function cutDuplicates(
  text: string,
  { above, head }: Place,
  { languageId = "" }: FilterHints,
): string {
  if (isProseLanguage(languageId)) return text; // each example in a document is a file of its own
  const lines = linesOf(text, head);
  const before = above.filter((line) => !isBlank(line));
  for (const [index, { whole }] of lines.entries()) {
    // A name that the user has typed is what the user wants.
    const typed = index === 0 && typedName(head);
    if (!typed && isDuplicate(whole, before, languageId)) return text.slice(0, withLeading(lines, index));
    before.push(whole);
  }
  return text;
}

const typedName = (head: string): boolean => /[\p{L}\p{N}_$]\s*[({:<=;]/u.test(head);

/** Where the decorators and comments of a line begin, as far as the suggestion has them. */
function withLeading(lines: readonly { whole: string; start: number }[], index: number): number {
  let first = index;
  while (first > 0 && /^\s*(?:@|#\[|\/\/|\/?\*|#(?!\w)|--|"""|\[\w)/.test(lines[first - 1]!.whole)) first--;
  return first === 0 ? 0 : lines[first]!.start;
}

function isDuplicate(line: string, before: readonly string[], languageId: string): boolean {
  if (BRANCH.test(line)) return !/^(?:yaml|json|jsonc)$/.test(languageId) && isSecondBranch(line, before);
  if (!isDeclaration(line, languageId) && !isImport(line)) return false;
  return scopeOf(before, indentation(line)).some(
    (index) => sameLine(before[index]!, line) && sameDecorators(before, index),
  );
}

/** Indices of the lines of a depth, upwards from the end, until a less deep line ends their scope. */
function scopeOf(before: readonly string[], depth: number): number[] {
  const found: number[] = [];
  for (let index = before.length - 1; index >= 0; index--) {
    const line = before[index]!;
    // Both branches of a preprocessor's `#if` may declare the same.
    if (/^\s*#\s*(?:if|ifdef|ifndef|el|else|elif|endif)\b/.test(line)) break;
    const columns = indentation(line);
    if (columns < depth) break;
    if (columns === depth) found.push(index);
  }
  return found;
}

/** Whether the line at an index has the same decorators as the line that follows `before`: `#[cfg(unix)]` makes another function. */
function sameDecorators(before: readonly string[], index: number): boolean {
  const decorators = decoratorsAbove(before, index);
  const own = decoratorsAbove(before, before.length);
  return decorators.length === own.length && decorators.every((line, at) => sameLine(line, own[at]!));
}

function decoratorsAbove(lines: readonly string[], index: number): string[] {
  const found: string[] = [];
  for (let at = index - 1; at >= 0 && /^\s*(?:@|#!?\[|\[[^\]]*\]\s*$)/.test(lines[at]!); at--)
    found.push(lines[at]!);
  return found;
}

const MODIFIERS =
  "(?:(?:export|default|public|private|protected|internal|static|abstract|final|async|pub(?:\\([^)]*\\))?|unsafe|const|override|virtual|inline|open|sealed|data|local)\\s+)*";
// `impl`, `namespace` and `module` may be opened again, and so may a Ruby class; `_` is no name.
const DECLARATION = new RegExp(
  `^\\s*${MODIFIERS}(?:function\\*?|def|class|fn|func|interface|struct|enum|trait|record|sub|proc|fun|defp|type|protocol)\\s+(?!_\\b)[\\p{L}_$(]`,
  "u",
);
const METHOD = new RegExp(
  `^\\s+${MODIFIERS}(?:(?:get|set)\\s+)?#?(?!(?:if|for|while|switch|catch|with|using|lock|synchronized|foreach|return|await|new|else|do|try|function)\\b)[\\p{L}_$][\\p{L}\\p{N}_$]*\\s*\\([^()]*\\)[^=()]*\\{\\s*$`,
  "u",
);
// In these, a name, its parameters and `{` begin no call with a block.
const METHOD_LANGUAGES = /^(?:typescript|typescriptreact|javascript|javascriptreact)$/;
const REOPENED = /^(?:ruby|elixir|css|scss|less)$/;

function isDeclaration(line: string, languageId: string): boolean {
  if (/^\s*CREATE\s+(?:TABLE|VIEW|INDEX|SCHEMA|TYPE|TRIGGER)\s/i.test(line)) return true;
  if (/[(,<]\s*$/.test(line)) return false; // its parameters are on other lines: it may be an overload
  if (METHOD_LANGUAGES.test(languageId) && METHOD.test(line)) return true;
  return DECLARATION.test(line) && !REOPENED.test(languageId) && /[({:;=]|\bstruct\b|\bclass\b/.test(line);
}

const IMPORT =
  /^\s*(?:import\s+\S|from\s+\S+\s+import\s+[^(]*$|#\s*include\s|(?:pub\s+)?use\s+[\w:\\]+|using\s+[\w.]+;|require\s+['"]|(?:const|let|var)\s+.*=\s*require\()/;

const isImport = (line: string): boolean => IMPORT.test(line) && !/[{(]\s*$/.test(line);

const LAST_BRANCH = /^\s*\}?\s*(?:else|finally|ensure|default)\s*[:{]?\s*$/;
const BRANCH =
  /^\s*\}?\s*(?:(?:else|finally|ensure|default)\s*[:{]?\s*$|default\s*:\s*\w.*;\s*$|(?:else\s+if|elif|elsif|elseif|except|catch|rescue|case)\b.*[:{]?\s*$)/;
const ANY_LABEL = /^\s*(?:case\b|default\s*:)/;
/** The condition of an `if`, and of a branch that is tried after it. */
const CONDITION = /^\s*\}?\s*(?:else\s+if|if|elif|elsif|elseif)\b(.*\S)\s*$/;
const CLOSING = /^[\s)\]};]*$/;

/** Whether a statement has this branch already: a second `else`, a branch after `else`, the same `case` or `except` again. */
function isSecondBranch(line: string, before: readonly string[]): boolean {
  const branch = branchTokens(line);
  const isLabel = ANY_LABEL.test(line);
  for (const index of scopeOf(before, indentation(line))) {
    const other = before[index]!;
    if (BRANCH.test(other) && ANY_LABEL.test(other) === isLabel) {
      if (branchTokens(other) === branch) return true;
      if (!isLabel && /^\s*\}?\s*else\s*[:{]?\s*$/.test(other) && !LAST_BRANCH.test(line)) return true;
    } else if (!CLOSING.test(other) || isLabel) {
      const condition = CONDITION.exec(other)?.[1];
      return condition !== undefined && condition === CONDITION.exec(line)?.[1];
    }
  }
  return false;
}

/** A branch's tokens, without the bracket before it; a last one is the same whatever it does. */
const branchTokens = (line: string): string =>
  lineTokens(line.replace(/^\s*\}/, "").replace(/^(\s*default\s*:).*/, "$1")).join(" ");
