import { isBlank, type Place, pairBrackets, statementStart } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { isProseLanguage, isYaml } from "./languages.ts";

/** What lines are indented with, and how many columns a level has. */
export interface Style {
  readonly tabs: boolean;
  readonly unit: number;
}

const WITH_TABS = /^(?:go|makefile)$/; // by their own formatter, or by their grammar
const VOTERS = 24; // indented lines each way
const FEW = 0.2; // of the lines around: what strings contain, not what the author indents with

/**
 * How a suggestion with lines of these indentations is to be indented: as the block at the cursor is, else as the lines
 * around it are, else as the editor does. Undefined where they leave the choice open: any is as right.
 */
export function styleAround(
  place: Place,
  { languageId = "", tabSize = 4, insertSpaces }: FilterHints,
  whites: readonly string[],
): Style | undefined {
  const lines = linesAround(place);
  const unit = stepOf(lines) ?? ownStep(place) ?? tabSize;
  if (isYaml(languageId)) return { tabs: false, unit: stepOf(lines) ?? (insertSpaces ? tabSize : 2) };
  const block = blockStyle(place, languageId);
  if (block === "open") return undefined;
  if (block) return { tabs: block === "tabs", unit: block === "tabs" ? tabSize : unit };
  const votes = lines.filter((line) => line.startsWith("\t")).length;
  if (lines.length > 0) {
    const share = votes / lines.length;
    const isOpen = share > FEW && share < 1 - FEW && isPure(whites);
    return isOpen ? undefined : { tabs: share >= 0.5, unit: share >= 0.5 ? tabSize : unit };
  }
  if (WITH_TABS.test(languageId)) return { tabs: true, unit: tabSize };
  if (insertSpaces !== undefined && !isProseLanguage(languageId))
    return { tabs: !insertSpaces, unit: tabSize };
  // Nothing tells: only a tab after spaces is no style.
  return whites.some((white) => / \t/.test(white)) ? { tabs: true, unit: tabSize } : undefined;
}

/** Whether the lines agree among themselves. */
const isPure = (whites: readonly string[]): boolean => {
  const indented = whites.filter((white) => white.length > 1 || white === "\t");
  return (
    indented.every((white) => white.startsWith("\t")) || indented.every((white) => !white.includes("\t"))
  );
};

/** The nearest indented lines above and below; a space before a `*` belongs to a comment. */
function linesAround({ above, head, rest, below }: Place): string[] {
  const isIndented = (line: string) => /^(?:\t| {2,})\s*\S/.test(line);
  return [
    ...[...above, head + rest].filter(isIndented).slice(-VOTERS),
    ...below.filter(isIndented).slice(0, VOTERS),
  ];
}

/** The columns of a level, of lines that are indented with spaces: the least step from one to the next. */
export function stepOf(lines: readonly string[]): number | undefined {
  const widths = lines.filter((line) => !line.startsWith("\t")).map((line) => line.search(/\S/));
  const steps = widths
    .map((width, index) => Math.abs(width - (widths[index - 1] ?? 0)))
    .filter((step) => step >= 2);
  return steps.length === 0 ? undefined : Math.min(...steps);
}

/** The columns that the cursor's own white space has, where the line above opens its block: no other line tells. */
function ownStep({ above, head }: Place): number | undefined {
  const previous = above.findLast((line) => !isBlank(line)) ?? "";
  const isFirst = /^ {2,8}$/.test(head) && (opensBlock(previous) || opensStatement(previous));
  return isFirst && /^\S/.test(previous) ? head.length : undefined;
}

/** What the block at the cursor is indented with; `open` where its lines differ, or align with a bracket. */
function blockStyle(
  { above, head, below }: Place,
  languageId: string,
): "tabs" | "spaces" | "open" | undefined {
  const written = above.filter((line) => !isBlank(line));
  const line = head !== "" ? head : (written.at(-1) ?? "");
  const before = head !== "" ? written : written.slice(0, -1);
  const statement = statementStart(before, line);
  const next = below.find((one) => !isBlank(one)) ?? "";
  const own = kindOf(statement.line) ?? (head === "" && opensBlock(line) ? kindOf(next) : undefined);
  if (!own || languageId === "python") return own;
  // Eight columns are a tab, and fewer are spaces, in files that editors of that time wrote.
  const isOfEight = [...above.slice(-48), ...below.slice(0, 48)].some((one) => /^\t+ {2,}\S/.test(one));
  if (own === "spaces" && isOfEight) return "open";
  const differs = ancestorsOf(statement.above, statement.line).some((kind) => kind !== own);
  return differs || (own === "spaces" && isAligned(before, line)) ? "open" : own;
}

/** Whether the next line is a level deeper. */
export const opensBlock = (line: string): boolean => /[{[(:]\s*$/.test(line);

/** Whether the next line is a level deeper though no bracket says so: C's `if (a)`, Ruby's `if a`, Lua's `then`. */
export const opensStatement = (line: string): boolean =>
  /^\s*(?:\}\s*)?(?:(?:else\s+)?if|for|foreach|while)\b.*\)$|^\s*(?:\}\s*)?else$|\b(?:then|do|begin)$|^\s*(?:if|unless|while|until|elsif|case|when|def|class|module)\b[^;{}()]*(?:\([^()]*\))?$/.test(
    line.trimEnd(),
  );

function kindOf(line: string): "tabs" | "spaces" | undefined {
  if (line.startsWith("\t")) return "tabs";
  return line.startsWith("  ") ? "spaces" : undefined;
}

/** Whether the line hangs under a bracket that a line above has left open. */
function isAligned(above: readonly string[], line: string): boolean {
  const column = line.search(/\S|$/);
  const previous = above.at(-1) ?? "";
  return (
    column > 0 &&
    /[([]/.test(previous.replaceAll("\t", "    ")[column - 1] ?? "") &&
    pairBrackets(previous).open.length > 0
  );
}

/** What the lines are indented with that contain the line's block, from the inside. */
function ancestorsOf(above: readonly string[], line: string): ("tabs" | "spaces")[] {
  const width = (of: string) => of.replaceAll("\t", "        ").search(/\S|$/);
  const found: ("tabs" | "spaces")[] = [];
  let least = width(line);
  for (let at = above.length - 1; at >= 0 && least > 0; at--) {
    const columns = width(above[at]!);
    if (columns >= least) continue;
    least = columns;
    const kind = kindOf(above[at]!);
    if (kind) found.push(kind);
  }
  return found;
}
