import uPlot from "uplot";
import type { MetricsSummary } from "../../../engine/complete/index.ts";
import { percent, share, time } from "./format.ts";
import { button, el, follow, host, show, table } from "./page.ts";

const DAY = 86_400_000;

let plots: uPlot[] = [];
let latest: MetricsSummary | undefined;

follow<MetricsSummary>(draw);
addEventListener("resize", () => latest && draw(latest));
// VS Code changes the body's class with the theme.
new MutationObserver(() => latest && draw(latest)).observe(document.body, {
  attributes: true,
  attributeFilter: ["class"],
});

function draw(summary: MetricsSummary): void {
  latest = summary;
  for (const plot of plots) plot.destroy();
  plots = [];
  const { strict, considered, minimum, window, firstLineMs, latency } = summary;
  const days = byDay(summary);
  show(
    el("h1", {}, "Statistics"),
    el(
      "p",
      { class: "lead" },
      `Counted on this machine since ${new Date(summary.sinceMs).toLocaleDateString()}. Nothing is sent anywhere, and no text is stored.`,
    ),
    el(
      "div",
      { class: "figures" },
      figure(
        strict.rate === null ? `${strict.n} of ${minimum}` : percent(strict.rate),
        "accept rate, strict",
        strict.rate === null ? "collecting before a share is shown" : `${strict.n} suggestions`,
      ),
      figure(time(firstLineMs.p50), "to the first line, median", `95 % within ${time(firstLineMs.p95)}`),
      figure(
        percent(summary.keptAtTwoMinutes.rate),
        "still there after 2 minutes",
        `${summary.keptAtTwoMinutes.n} accepted`,
      ),
      figure(
        summary.tokensPerSecond === null ? "–" : summary.tokensPerSecond.toFixed(0),
        "tokens a second",
        summary.draftAcceptance === null
          ? "no drafts"
          : `${percent(summary.draftAcceptance)} of drafts accepted`,
      ),
    ),
    el("h2", {}, "How the accept rate is counted"),
    el(
      "p",
      {},
      `Strict: accepted, in whole or in part, out of all that were probably on the screen for 250 ms or accepted before; of the last ${window}: ${share(strict, minimum)}. `,
      `Beside it, only to compare with products that count so: out of those visible for 750 ms, which leaves out what was typed over quickly: ${share(considered, minimum)}.`,
    ),
    days.length > 0 ? el("h2", {}, "Acceptance by day") : null,
    days.length > 0
      ? plot("shown and accepted, by day", days, [
          ["shown", "--vscode-charts-blue", (d) => d.shown],
          ["accepted", "--vscode-charts-green", (d) => d.used],
        ])
      : null,
    table(
      "Time, in the median and for 95 %",
      ["", "median", "95 %"],
      (
        [
          ["waiting for a pause", latency.delay],
          ["reading the prompt", latency.prompt],
          ["writing", latency.decode],
          ["keystroke to first line", latency.firstLine],
          ["keystroke to answer, all sources", latency.answer],
        ] as const
      ).map(([name, { p50, p95 }]) => [name, time(p50), time(p95)]),
    ),
    table(
      "Why nothing was shown",
      ["reason", "times"],
      summary.silences.slice(0, 15).map(({ id, count }) => [id, String(count)]),
    ),
    table(
      "By language",
      ["language", "shown", "accepted", "share"],
      summary.languages.map(({ id, shown, used }) => [
        id,
        String(shown),
        String(used),
        shown >= minimum ? percent(used / shown) : "–",
      ]),
    ),
    table(
      "Accepted text that is still there",
      ["after", "share"],
      summary.kept.map(({ seconds, share: part }) => [
        seconds < 60 ? `${seconds} s` : `${seconds / 60} min`,
        share(part, minimum),
      ]),
    ),
    el(
      "p",
      {},
      `From the cache or typed through: ${percent(summary.cacheShare)} of answers. `,
      summary.keptPerThousandTyped === null
        ? ""
        : `Kept per 1,000 characters typed: ${Math.round(summary.keptPerThousandTyped)}.`,
    ),
    ...nextEdits(summary),
    button("Reset Statistics", () => host.postMessage({ kind: "reset" }), { class: "quiet" }),
  );
}

/** They count for themselves: a next edit is no suggestion at the cursor. */
function nextEdits({ nextEdits: counts, minimum }: MetricsSummary): (HTMLElement | null)[] {
  if (counts.shown === 0) return [];
  const rows: [string, number][] = [
    ["shown for 250 ms, or acted on before", counts.shown],
    ["jumped to", counts.jumped],
    ["accepted", counts.accepted],
    ["refused with Escape", counts.refused],
    ["something else typed there", counts.typed],
    ["accepted, and undone within 10 s", counts.undone],
  ];
  return [
    table(
      "Next edits",
      ["", "times"],
      rows.map(([what, count]) => [what, String(count)]),
    ),
    el("p", {}, `Accepted, of those shown: ${share(counts.share, minimum)}.`),
  ];
}

function figure(value: string, label: string, detail: string): HTMLElement {
  return el(
    "div",
    { class: "figure" },
    el("strong", {}, value),
    el("span", {}, label),
    el("small", {}, detail),
  );
}

interface Day {
  readonly startMs: number;
  readonly shown: number;
  readonly used: number;
}

function byDay({ hours }: MetricsSummary): Day[] {
  const days = new Map<number, { startMs: number; shown: number; used: number }>();
  for (const { startMs, shown, used } of hours) {
    const key = new Date(startMs).setHours(0, 0, 0, 0); // here, as the axis and the table name it
    const day = days.get(key) ?? { startMs: key, shown: 0, used: 0 };
    day.shown += shown;
    day.used += used;
    days.set(key, day);
  }
  return [...days.values()];
}

type Series = readonly [name: string, colour: string, read: (day: Day) => number];

/** Bars by day; the same numbers follow as a table, for those who do not see them. */
function plot(label: string, days: readonly Day[], series: readonly Series[]): HTMLElement {
  const holder = el("div", { class: "plot", role: "img", "aria-label": label });
  const style = getComputedStyle(document.body);
  const colour = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const axis = {
    stroke: colour("--vscode-foreground", "#888"),
    grid: { stroke: colour("--vscode-panel-border", "#8884"), width: 1 },
    ticks: { show: false },
    font: `11px ${colour("--vscode-font-family", "sans-serif")}`,
  };
  // Seconds; a week at least, so that the first day is not alone on an axis of years.
  const last = days[days.length - 1]!.startMs / 1000;
  const first = Math.min(days[0]!.startMs / 1000, last - (6 * DAY) / 1000);
  const range: [number, number] = [first - DAY / 2000, last + DAY / 2000];
  const width = Math.max(280, Math.min(880, document.body.clientWidth - 48));
  requestAnimationFrame(() => {
    plots.push(
      new uPlot(
        {
          width,
          height: 180,
          cursor: { show: false },
          legend: { show: false },
          scales: {
            x: { time: true, range: () => range },
            y: { range: (_, _min, max) => [0, Math.max(5, max)] },
          },
          axes: [
            {
              ...axis,
              space: 70,
              values: (_, ticks) =>
                ticks.map((s) =>
                  new Date(s * 1000).getHours() === 0
                    ? new Date(s * 1000).toLocaleDateString(undefined, { month: "short", day: "numeric" })
                    : "",
                ),
            },
            { ...axis, size: 36 },
          ],
          series: [
            {},
            ...series.map(([name, stroke]) => ({
              label: name,
              stroke: colour(stroke, "#48f"),
              width: 2,
              points: { show: true, size: 6, fill: colour(stroke, "#48f") },
            })),
          ],
        },
        [days.map(({ startMs }) => startMs / 1000), ...series.map(([, , read]) => days.map(read))],
        holder,
      ),
    );
  });
  const legend = el(
    "p",
    { class: "legend" },
    ...series.map(([name], index) => el("span", { class: `key key-${index}` }, name)),
  );
  const numbers = el(
    "details",
    {},
    el("summary", {}, "The same as a table"),
    table(
      label,
      ["day", ...series.map(([name]) => name)],
      days.map((day) => [
        new Date(day.startMs).toLocaleDateString(),
        ...series.map(([, , read]) => String(read(day))),
      ]),
    ),
  );
  return el("div", {}, legend, holder, numbers);
}
