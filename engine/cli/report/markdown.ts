import { inOneLine } from "../../errors/index.ts";
import type { Comparison } from "./compare.ts";
import { groups, type SpeedReport } from "./speed_report.ts";
import {
  aboutRows,
  comparedTable,
  differencesTable,
  endedText,
  groupNotes,
  groupTitles,
  lineTable,
  minute,
  missingTable,
  type TableText,
} from "./words.ts";

/** A cell's text: what would end the cell, be read as markup or steer a terminal is escaped or a space. */
const cell = (text: string): string =>
  inOneLine(text)
    .replace(/[\\|`*<>[\]]/g, "\\$&")
    .replace(/\s+/g, " ");

/** A table whose numbers are aligned to the right. */
function table({ head, rows, numbers }: TableText): string {
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
    ...(ended ? [cell(ended)] : []),
    table({ head: ["", ""], rows: aboutRows(report), numbers: [] }),
    ...(comparison ? compared(comparison) : []),
    ...groups.flatMap((group) => {
      const own = lines.filter((line) => line.group === group);
      if (own.length === 0) return [];
      return [`## ${groupTitles[group]}`, groupNotes[group], table(lineTable(own))];
    }),
    ...(missing.length > 0 ? ["## Not measured", table(missingTable(report))] : []),
  ].join("\n\n")}\n`;
}

function compared(comparison: Comparison): string[] {
  const { madeAt, differences, onlyBefore, onlyNow } = comparison;
  return [
    `## Compared with the run of ${cell(minute(madeAt))}`,
    differences.length === 0
      ? "Machine, model and versions are the same."
      : "Machine, model or versions are not the same, so ratios tell of these differences too:",
    ...(differences.length > 0 ? [table(differencesTable(comparison))] : []),
    "Above 1× this run is better.",
    table(comparedTable(comparison)),
    ...(onlyBefore.length > 0 ? [`Measured only then: ${cell(onlyBefore.join("; "))}.`] : []),
    ...(onlyNow.length > 0 ? [`Measured only now: ${cell(onlyNow.join("; "))}.`] : []),
  ];
}
