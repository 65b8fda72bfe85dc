export interface Selected {
  /** The text that is to be replaced. */
  readonly text: string;
  /** White space that its first line begins with, whether it is selected or not. */
  readonly indentation: string;
  /** Whether the selection begins after that white space. */
  readonly startsAfterIndentation: boolean;
  readonly lineEnding: "\n" | "\r\n";
}

/**
 * The code in a model's answer, ready to replace the selection: the first fenced block if there is one, else
 * all of it; indented as the selection was, with its line ends. Empty where there is no code.
 */
export function extractCode(answer: string, selected: Selected): string {
  // As many ticks close a fence as have opened it, so that code with fences in it stays whole.
  const fenced = /(?:^|\n)[ \t]*(`{3,})[^\n]*\n([\s\S]*?)(?:(?<=\n)[ \t]*\1|$)/.exec(answer);
  const body = (fenced ? fenced[2]! : answer).replaceAll("\r\n", "\n");
  const lines = body
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd()
    .split("\n");
  if (lines.length === 1 && lines[0] === "") return "";

  const common = commonIndentation(lines);
  const { indentation, startsAfterIndentation } = selected;
  const mended = lines.map((line, index) => {
    if (line.trim() === "") return "";
    const own = line.slice(common.length);
    return index === 0 && startsAfterIndentation ? own : indentation + own;
  });
  const end = /\r?\n$/.test(selected.text) ? "\n" : "";
  return (mended.join("\n") + end).replaceAll("\n", selected.lineEnding);
}

/** White space that all lines begin with; a first line that a model has not indented does not count. */
function commonIndentation(lines: readonly string[]): string {
  const indentations = lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)![0]);
  let common = indentations[0] ?? "";
  for (const white of indentations) while (!white.startsWith(common)) common = common.slice(0, -1);
  return common;
}
