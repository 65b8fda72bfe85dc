import type { Comparison } from "./compare.ts";
import { groups, type SpeedReport } from "./speed_report.ts";
import {
  aboutRows,
  endedText,
  figure,
  groupNotes,
  groupTitles,
  lineTable,
  minute,
  withUnit,
} from "./words.ts";

/** A cell's text: what would end the cell or be read as markup is escaped. */
const cell = (text: string): string => text.replace(/[\\|`*<>[\]]/g, "\\$&").replace(/\s+/g, " ");

/** @param numbers columns that are aligned to the right */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const rule = head.map((_, i) => (numbers.includes(i) ? "---:" : "---")).join("|");
  return [line(head), `|${rule}|`, ...rows.map(line)].join("\n");
}

/** The report as a Markdown document. */
export function markdownOf(report: SpeedReport, comparison?: Comparison): string {
  const { about, lines, missing } = report;
  const ended = endedText(report);
  return `${[
    `# ${cell(about.modelName)} on ${cell(about.device)}`,
    ...(ended ? [ended] : []),
    table(["", ""], aboutRows(report)),
    ...(comparison ? compared(comparison) : []),
    ...groups.flatMap((group) => {
      const own = lines.filter((line) => line.group === group);
      if (own.length === 0) return [];
      const { head, rows, numbers } = lineTable(own);
      return [`## ${groupTitles[group]}`, groupNotes[group], table(head, rows, numbers)];
    }),
    ...(missing.length > 0
      ? [
          "## Not measured",
          table(
            ["", "why"],
            missing.map(({ label, reason }) => [label, reason]),
          ),
        ]
      : []),
  ].join("\n\n")}\n`;
}

function compared({ madeAt, differences, lines, onlyBefore, onlyNow }: Comparison): string[] {
  return [
    `## Compared with the run of ${minute(madeAt)}`,
    differences.length === 0
      ? "Machine, model and versions are the same."
      : "Machine, model or versions are not the same, so ratios tell of these differences too:",
    ...(differences.length > 0
      ? [
          table(
            ["differs", "then", "now"],
            differences.map(({ what, before, now }) => [what, before, now]),
          ),
        ]
      : []),
    "Above 1× this run is better.",
    table(
      ["", "then", "now", "ratio"],
      lines.map(({ label, unit, before, now, ratio }) => [
        label,
        withUnit(before, unit),
        withUnit(now, unit),
        `${figure(ratio)}×`,
      ]),
      [1, 2, 3],
    ),
    ...(onlyBefore.length > 0 ? [`Measured only then: ${cell(onlyBefore.join("; "))}.`] : []),
    ...(onlyNow.length > 0 ? [`Measured only now: ${cell(onlyNow.join("; "))}.`] : []),
  ];
}
