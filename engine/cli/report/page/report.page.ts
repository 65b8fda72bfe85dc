// Draws a report: figures, plots with uPlot, and every number as a table. Reads the element `data`, and loads nothing.
import uPlot from "uplot";
import type { Comparison } from "../compare.ts";
import type { PageData } from "../html.ts";
import type { Group, Line, SpeedReport } from "../speed_report.ts";
import {
  aboutRows,
  comparedTable,
  differencesTable,
  endedText,
  figure,
  groupNotes,
  groupTitles,
  lineTable,
  minute,
  missingTable,
  share,
  withUnit,
} from "../words.ts";
import { el, table } from "./elements.ts";

const { report, comparison } = JSON.parse(document.getElementById("data")!.textContent!) as PageData;
const plotHeight = 240; // pixels
let plots: uPlot[] = [];

function draw(): void {
  for (const plot of plots) plot.destroy();
  plots = [];
  const { about, missing } = report;
  const ended = endedText(report);
  document
    .getElementById("page")!
    .replaceChildren(
      el("h1", {}, `${about.modelName} on ${about.device}`),
      el("p", { class: "quiet" }, "How fast Foretype runs this model here. Medians, with their ranges."),
      ...(ended ? [el("p", { class: "notice" }, ended)] : []),
      el("div", { class: "figures" }, ...figures(report)),
      el(
        "dl",
        {},
        ...aboutRows(report).flatMap(([what, value]) => [el("dt", {}, what), el("dd", {}, value)]),
      ),
      ...(comparison ? compared(comparison) : []),
      ...section("decode", decodePlot),
      ...section("prefill", prefillPlot),
      ...section("rows", rowsPlot),
      ...section("drafts"),
      ...section("load"),
      ...(missing.length > 0 ? [el("h2", {}, "Not measured"), table(missingTable(report))] : []),
    );
}

function figures({ lines, bandwidth }: SpeedReport): HTMLElement[] {
  const card = (value: string, label: string, detail: string) =>
    el("div", { class: "figure" }, el("strong", {}, value), el("span", {}, label), el("small", {}, detail));
  const first = lines.find(({ group }) => group === "decode");
  const prompts = lines.filter(({ group }) => group === "prefill");
  const fastest = prompts.reduce<Line | undefined>(
    (best, it) => (best && best.median >= it.median ? best : it),
    undefined,
  );
  const drafts = lines.filter(({ group }) => group === "drafts").at(-1);
  const four = lines.find(({ id }) => id === "rows 4");
  return [
    ...(first
      ? [
          card(
            `${figure(1000 / first.median)} tok/s`,
            "decoding at 0 positions",
            first.ofBandwidth !== undefined && bandwidth
              ? `${share(first.ofBandwidth)} of the measured bandwidth`
              : withUnit(first.median, first.unit),
          ),
        ]
      : []),
    ...(fastest
      ? [card(withUnit(fastest.median, fastest.unit), "reading a prompt, at best", fastest.label)]
      : []),
    ...(four?.timesOne === undefined
      ? []
      : [card(`${figure(four.timesOne)}×`, "a pass over 4 rows", "times a pass over one")]),
    ...(drafts
      ? [
          card(
            withUnit(drafts.median, drafts.unit),
            "with MTP drafts",
            drafts.drafted ? `${share(drafts.accepted! / drafts.drafted)} accepted` : "nothing drafted",
          ),
        ]
      : []),
  ];
}

/** Title, plot where there are two points for one, and the table. */
function section(group: Group, plot?: (lines: readonly Line[]) => HTMLElement): HTMLElement[] {
  const lines = report.lines.filter((line) => line.group === group);
  if (lines.length === 0) return [];
  return [
    el("h2", {}, groupTitles[group]),
    el("p", { class: "quiet" }, groupNotes[group]),
    ...(plot && lines.length > 1 ? [plot(lines)] : []),
    table(lineTable(lines)),
  ];
}

function compared(comparison: Comparison): HTMLElement[] {
  const { madeAt, differences, onlyBefore, onlyNow } = comparison;
  const only = (labels: readonly string[], when: string) =>
    labels.length > 0 ? [el("p", { class: "quiet" }, `Measured only ${when}: ${labels.join("; ")}.`)] : [];
  return [
    el("h2", {}, "Compared with an earlier run"),
    el(
      "p",
      differences.length > 0 ? { class: "notice" } : { class: "quiet" },
      differences.length > 0
        ? `The run of ${minute(madeAt)} had another machine, model or version, so ratios tell of these differences too.`
        : `The run of ${minute(madeAt)} had the same machine, model and versions.`,
    ),
    ...(differences.length > 0 ? [table(differencesTable(comparison))] : []),
    el("p", { class: "quiet" }, "Above 1× this run is better."),
    table(comparedTable(comparison)),
    ...only(onlyBefore, "then"),
    ...only(onlyNow, "now"),
  ];
}

const xOf = (lines: readonly Line[]): number[] => lines.map(({ at }) => at ?? 0);
const medians = (lines: readonly Line[]): number[] => lines.map(({ median }) => median);

/** Straight where each position costs the same. */
const decodePlot = (lines: readonly Line[]): HTMLElement =>
  plot("milliseconds for a token, by positions before it", xOf(lines), [
    { name: "ms for a token", y: medians(lines) },
  ]);

const prefillPlot = (lines: readonly Line[]): HTMLElement =>
  plot(
    "tokens a second, by the prompt's length",
    xOf(lines),
    [{ name: "tokens a second", y: medians(lines) }],
    {
      isLogarithmic: true,
    },
  );

/** Against what as many passes over one row would take. */
function rowsPlot(lines: readonly Line[]): HTMLElement {
  const one = lines[0]!;
  return plot("milliseconds of a pass, by its rows", xOf(lines), [
    { name: "ms of a pass", y: medians(lines) },
    { name: "as many passes over one row", y: lines.map(({ at }) => (one.median * at!) / one.at!) },
  ]);
}

interface Series {
  readonly name: string;
  readonly y: readonly number[];
}

const colours = ["--first", "--second"];

/** The table below has the same numbers, for those who do not see the plot. */
function plot(
  label: string,
  x: readonly number[],
  series: readonly Series[],
  { isLogarithmic = false }: { isLogarithmic?: boolean } = {},
): HTMLElement {
  const holder = el("div", { class: "plot", role: "img", "aria-label": label });
  const legend = el(
    "p",
    { class: "legend" },
    ...series.map(({ name }, i) => el("span", { class: `key key-${i}` }, name)),
  );
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  // uPlot leaves out labels of a logarithmic axis that would touch.
  const shownX = (value: number | null) => {
    if (value === null) return "";
    return value >= 1024 && value % 1024 === 0 ? `${value / 1024}k` : String(value);
  };
  requestAnimationFrame(() => {
    const most = Math.max(...series.flatMap(({ y }) => y));
    plots.push(
      new uPlot(
        {
          width: holder.clientWidth,
          height: plotHeight,
          padding: [10, 18, 0, 0], // room for the last label
          cursor: { show: false },
          legend: { show: false },
          scales: {
            x: { time: false, ...(isLogarithmic ? { distr: 3, log: 2 } : {}) },
            y: { range: () => [0, most * 1.08] },
          },
          // Labels where points are, thinned by uPlot where they would touch.
          axes: [
            {
              ...axis,
              size: 30,
              splits: () => thinned(x, isLogarithmic),
              values: (_, ticks) => ticks.map(shownX),
            },
            { ...axis, size: 52 },
          ],
          series: [
            {},
            ...series.map(({ name }, i) => ({
              label: name,
              stroke: colour(colours[i]!),
              width: 2,
              ...(i > 0 && { dash: [6, 4] }),
              points: { show: i === 0, size: 7, fill: colour(colours[i]!) },
            })),
          ],
        },
        [[...x], ...series.map(({ y }) => [...y])],
        holder,
      ),
    );
  });
  return el("div", {}, legend, holder);
}

/** Of the points those that are far enough apart to have labels. */
function thinned(x: readonly number[], isLogarithmic: boolean): number[] {
  const place = (value: number) => (isLogarithmic ? Math.log2(value) : value);
  const least = (place(x.at(-1)!) - place(x[0]!)) / 14;
  const kept: number[] = [];
  for (const value of x)
    if (kept.length === 0 || place(value) - place(kept.at(-1)!) >= least) kept.push(value);
  return kept;
}

draw();
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
