// How a report's figures are written, in Markdown and on the page alike: no imports but types, since the page knows no Node.
import type { Comparison } from "./compare.ts";
import type { Line, SpeedReport, Unit } from "./speed_report.ts";

/** Three digits, with thousands apart. */
export function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const withUnit = (value: number, unit: Unit): string =>
  unit === "×" ? `${figure(value)}×` : `${figure(value)} ${unit}`;

export const share = (of: number): string => `${(100 * of).toFixed(1)} %`;

const gigabytes = (perSecond: number): string => `${figure(perSecond / 1e9)} GB/s`;

const binary = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${figure(bytes / 2 ** 30)} GiB` : `${figure(bytes / 2 ** 20)} MiB`;

export const groupTitles: Readonly<Record<Line["group"], string>> = {
  load: "Start",
  decode: "Decoding, after so many positions",
  prefill: "Reading a prompt",
  rows: "Passes over several rows",
  drafts: "Drafts of the MTP block",
};

export const groupNotes: Readonly<Record<Line["group"], string>> = {
  load: "The file was in the system's cache if it had been read before. Kernels that the driver keeps are not compiled again.",
  decode: "One token after the other, without drafts, after a prompt of that length.",
  prefill: "Tokens of a prompt of which no state is kept, until its first token is sampled.",
  rows: "A pass verifies so many tokens at once and samples after each. Drafts pay where a pass costs little more than one row.",
  drafts: "The same texts with chains of three drafts and without, in turns: above 1× drafts are quicker.",
};

/** A time in UTC without its seconds. */
export const minute = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** A table's cells in words, and which of its columns are numbers. */
export interface TableText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numbers: readonly number[];
}

/** The table of a group's lines; columns that are empty in all of them are left out. */
export function lineTable(lines: readonly Line[]): TableText {
  const columns: [head: string, isNumber: boolean, of: (line: Line) => string][] = [
    ["", false, ({ label }) => label],
    ["median", true, ({ median, unit }) => withUnit(median, unit)],
    ["range", true, ({ values, min, max }) => (values.length > 1 ? `${figure(min)}–${figure(max)}` : "")],
    ["", false, detailOf],
  ];
  const used = columns.filter(([, , of]) => lines.some((line) => of(line) !== ""));
  return {
    head: used.map(([head]) => head),
    rows: lines.map((line) => used.map(([, , of]) => of(line))),
    numbers: used.flatMap(([, isNumber], i) => (isNumber ? [i] : [])),
  };
}

/** What of machine, model and versions differs between two runs. */
export const differencesTable = ({ differences }: Comparison): TableText => ({
  head: ["differs", "then", "now"],
  rows: differences.map(({ what, before, now }) => [what, before, now]),
  numbers: [],
});

/** The lines that two runs have in common. */
export const comparedTable = ({ lines }: Comparison): TableText => ({
  head: ["", "then", "now", "ratio"],
  rows: lines.map(({ label, unit, before, now, ratio }) => [
    label,
    withUnit(before, unit),
    withUnit(now, unit),
    withUnit(ratio, "×"),
  ]),
  numbers: [1, 2, 3],
});

/** What a run has not measured. */
export const missingTable = ({ missing }: Pick<SpeedReport, "missing">): TableText => ({
  head: ["", "why"],
  rows: missing.map(({ label, reason }) => [label, reason]),
  numbers: [],
});

/** What beside its value a line tells; empty where there is nothing. */
function detailOf({ bytesPerSecond, ofBandwidth, timesOne, accepted, drafted, unit, median }: Line): string {
  return [
    ...(unit === "ms/token" ? [`${figure(1000 / median)} tok/s`] : []),
    ...(bytesPerSecond === undefined ? [] : [gigabytes(bytesPerSecond)]),
    ...(ofBandwidth === undefined ? [] : [`${share(ofBandwidth)} of the bandwidth`]),
    ...(timesOne === undefined ? [] : [`${figure(timesOne)}× one row`]),
    ...(drafted === undefined || accepted === undefined
      ? []
      : [`${accepted} of ${drafted} accepted${drafted > 0 ? `, ${share(accepted / drafted)}` : ""}`]),
  ].join(", ");
}

/** The machine and the model, for a table of two columns. */
export function aboutRows({ about, bandwidth, madeAt, seconds, quick }: SpeedReport): [string, string][] {
  const quants = Object.entries(about.quants).map(([type, bytes]) => `${type} ${binary(bytes)}`);
  const name = about.modelName === about.model ? "" : `${about.modelName}, `;
  return [
    ["device", `${about.device}${about.software ? " (computes on the CPU)" : ""}`],
    ["driver", about.driver || "unknown"],
    ["its memory", about.deviceMemory === null ? "unknown" : binary(about.deviceMemory)],
    [
      "reads memory at",
      bandwidth
        ? `${gigabytes(bandwidth.bytesPerSecond)} (one kernel over ${binary(bandwidth.bytes)})`
        : "not measured",
    ],
    ["model file", `${about.model}, ${binary(about.fileBytes)}`],
    ["model", `${name}${about.architecture}, ${figure(about.parameters / 1e6)} million parameters`],
    ["quants", quants.join(", ")],
    ["context", `${about.context} positions, ${about.kvType} cache`],
    ["Foretype", `${about.foretype}${about.commit ? `, commit ${about.commit}` : ""}`],
    ["Dawn", about.dawn ?? "unknown"],
    ["host", `${about.system}; ${about.cpu}; ${binary(about.ramBytes)}; Node ${about.node}`],
    ["made", `${minute(madeAt)}, in ${figure(seconds)} s${quick ? ", --quick" : ""}`],
  ];
}

/** Why a report has not all that it could have; undefined where it has. */
export const endedText = ({ ended }: Pick<SpeedReport, "ended">): string | undefined =>
  ended === null ? undefined : `It ended early: ${ended}. What had been measured by then is here.`;
