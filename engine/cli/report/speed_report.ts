import { shownJson, UserError } from "../../errors/index.ts";
import { median, readText } from "../commands/index.ts";
import type { Bandwidth } from "../profile/index.ts";

export const reportFormat = "foretype speed report";
/** Another number: an older program cannot read it. */
export const reportVersion = 1;

/** What a report has lines about, in its order. */
export const groups = ["load", "decode", "prefill", "rows", "drafts"] as const;
export type Group = (typeof groups)[number];

export type Unit = "ms" | "ms/token" | "tok/s" | "×" | "%";

/** One measured figure. Lines of two reports with one id can be compared. */
export interface Line {
  readonly id: string;
  readonly group: Group;
  readonly label: string;
  /** Positions before a decode step, tokens of a prompt, rows of a pass; null where there is no such number. */
  readonly at: number | null;
  readonly unit: Unit;
  readonly better: "less" | "more";
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
  /** Bytes of weights, keys, values and states that it moved a second, and as a share of the measured bandwidth. */
  readonly bytesPerSecond?: number;
  readonly ofBandwidth?: number;
  /** Of a pass: how many times as long as a pass over one row. */
  readonly timesOne?: number;
  readonly accepted?: number;
  readonly drafted?: number;
}

/** What was to be measured and was not. */
export interface Missing {
  readonly id: string;
  readonly label: string;
  /** A clause. */
  readonly reason: string;
}

/** Where and on what a report was made. Null: not known. */
export interface About {
  readonly device: string;
  /** As WebGPU names it: vendor, architecture, device, and the driver's words about itself. */
  readonly driver: string;
  /** Whether the device computes on the CPU. */
  readonly software: boolean;
  /** Bytes that the device has for programs. */
  readonly deviceMemory: number | null;
  readonly dawn: string | null;
  readonly foretype: string;
  readonly commit: string | null;
  /** The file's name without its folder. */
  readonly model: string;
  readonly modelName: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly fileBytes: number;
  /** Bytes by tensor type, the largest first. */
  readonly quants: Readonly<Record<string, number>>;
  readonly context: number;
  readonly kvType: string;
  readonly system: string;
  readonly cpu: string;
  readonly ramBytes: number;
  readonly node: string;
}

/** What `report.json` has. */
export interface SpeedReport {
  readonly format: typeof reportFormat;
  readonly version: typeof reportVersion;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly seconds: number;
  readonly budgetSeconds: number;
  readonly quick: boolean;
  /** Why it ended early; null where it did not. */
  readonly ended: string | null;
  readonly about: About;
  readonly bandwidth: Bandwidth | null;
  readonly lines: readonly Line[];
  readonly missing: readonly Missing[];
}

type Given = Pick<Line, "id" | "group" | "label" | "at" | "unit" | "better"> &
  Partial<Pick<Line, "bytesPerSecond" | "ofBandwidth" | "timesOne" | "accepted" | "drafted">>;

/** A line of these values: its median and range. @throws Error where there is none, or one is no number */
export function lineOf(given: Given, values: readonly number[]): Line {
  if (values.length === 0 || !values.every(Number.isFinite))
    throw new Error(`${given.id}: [${values.join(", ")}] are no measured values`);
  const { min, max } = Math;
  return { ...given, median: median(values), min: min(...values), max: max(...values), values };
}

/** Reads a report that an earlier run has written. @throws UserError where the file is none */
export async function readSpeedReport(path: string): Promise<SpeedReport> {
  return parseSpeedReport(path, await readText(path));
}

/** @throws UserError where `text` is no report, or of another version */
export function parseSpeedReport(path: string, text: string): SpeedReport {
  const refuse = (why: string) =>
    new UserError({
      code: "file-damaged",
      problem: `${path} is no report that this version reads (${why})`,
      advice: "name a report.json that `foretype bench --report` wrote",
      path,
    });
  let report: Partial<Record<keyof SpeedReport, unknown>> | null;
  try {
    report = JSON.parse(text);
  } catch {
    throw refuse("it is not JSON");
  }
  if (report?.format !== reportFormat) throw refuse(`it is no "${reportFormat}"`);
  if (report.version !== reportVersion)
    throw refuse(`it has version ${shownJson(report.version)}, and ${reportVersion} is read`);
  const { about, lines, missing, madeAt } = report;
  const isWhole =
    typeof madeAt === "string" && isAbout(about) && Array.isArray(lines) && Array.isArray(missing);
  if (!isWhole || !lines.every(isLine)) throw refuse("parts of it are missing");
  return report as unknown as SpeedReport;
}

/** Whether all is there that reports are compared by. */
function isAbout(about: unknown): boolean {
  if (typeof about !== "object" || about === null) return false;
  const { quants, fileBytes, context, dawn, commit, ...texts } = about as Partial<
    Record<keyof About, unknown>
  >;
  const { device, driver, model, kvType, foretype, system, cpu, node } = texts;
  const isText = (value: unknown) => typeof value === "string";
  return (
    [device, driver, model, kvType, foretype, system, cpu, node].every(isText) &&
    [dawn, commit].every((value) => value === null || isText(value)) &&
    [fileBytes, context].every(Number.isFinite) &&
    typeof quants === "object" &&
    quants !== null &&
    Object.values(quants).every(Number.isFinite)
  );
}

function isLine(line: Partial<Line> | null): boolean {
  return (
    typeof line?.id === "string" &&
    typeof line.label === "string" &&
    typeof line.unit === "string" &&
    Number.isFinite(line.median) &&
    (line.better === "less" || line.better === "more")
  );
}
