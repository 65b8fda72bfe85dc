import { mebibytes } from "../../gpu/index.ts";
import type { About, Line, SpeedReport, Unit } from "./speed_report.ts";

/** A line that both reports have. */
export interface ComparedLine {
  readonly id: string;
  readonly label: string;
  readonly unit: Unit;
  readonly before: number;
  readonly now: number;
  /** Above 1: this run is better. */
  readonly ratio: number;
}

/** What two reports differ in: first what they were made of, then what they measured. */
export interface Comparison {
  /** When the earlier one was made. */
  readonly madeAt: string;
  readonly differences: readonly { readonly what: string; readonly before: string; readonly now: string }[];
  readonly lines: readonly ComparedLine[];
  /** Labels of lines that only one of them has. */
  readonly onlyBefore: readonly string[];
  readonly onlyNow: readonly string[];
}

const quantText = (quants: About["quants"]): string =>
  Object.entries(quants)
    .map(([type, bytes]) => `${type} ${mebibytes(bytes)}`)
    .join(", ");

/** What is compared of machine and model, in this order. */
const compared: readonly (readonly [what: string, read: (about: About) => string])[] = [
  ["device", ({ device }) => device],
  ["driver", ({ driver }) => driver],
  ["model file", ({ model }) => model],
  ["bytes of the file", ({ fileBytes }) => String(fileBytes)],
  ["quants", ({ quants }) => quantText(quants)],
  ["context", ({ context }) => String(context)],
  ["cache", ({ kvType }) => kvType],
  ["Dawn", ({ dawn }) => dawn ?? "unknown"],
  ["Foretype", ({ foretype }) => foretype],
  ["commit", ({ commit }) => commit ?? "unknown"],
  ["system", ({ system }) => system],
  ["processor", ({ cpu }) => cpu],
  ["Node", ({ node }) => node],
];

/** Compares a report with an earlier one, line by line. */
export function compareReports(now: SpeedReport, before: SpeedReport): Comparison {
  const earlier = new Map(before.lines.map((line) => [line.id, line]));
  const ids = new Set(now.lines.map(({ id }) => id));
  const isSame = (line: Line) => earlier.get(line.id)?.unit === line.unit;
  return {
    madeAt: before.madeAt,
    differences: compared.flatMap(([what, read]) => {
      const [old, current] = [before.about, now.about].map(read) as [string, string];
      return old === current ? [] : [{ what, before: old, now: current }];
    }),
    lines: now.lines.filter(isSame).map((line) => comparedLine(line, earlier.get(line.id)!)),
    onlyBefore: before.lines.filter(({ id }) => !ids.has(id)).map(({ label }) => label),
    onlyNow: now.lines.filter((line) => !isSame(line)).map(({ label }) => label),
  };
}

function comparedLine(
  { id, label, unit, better, median: now }: Line,
  { median: before }: Line,
): ComparedLine {
  return { id, label, unit, before, now, ratio: better === "more" ? now / before : before / now };
}
