import type { TraceRecord } from "../../../engine/complete/index.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { percent, time } from "./format.ts";
import { button, el, follow, host, show } from "./page.ts";

/** Rows that the user has opened stay open as new ones come. */
const opened = new Set<string>();
let withTyping = false;

follow<readonly TraceRecord[]>(draw);

function draw(records: readonly TraceRecord[]): void {
  const shown = [...records].reverse().filter(({ outcome }) => withTyping || !isTyping(outcome));
  const longest = Math.max(1, ...shown.map(({ times }) => times.answeredMs));
  const filter = el("input", { type: "checkbox", id: "typing", ...(withTyping ? { checked: true } : {}) });
  filter.addEventListener("change", () => {
    withTyping = filter.checked;
    draw(records);
  });
  show(
    el("h1", {}, "Trace"),
    el("p", { class: "lead" }, "The last 100 requests, in memory only. The newest is first."),
    el("p", {}, filter, el("label", { for: "typing" }, "Show requests that typing on has superseded")),
    shown.length === 0 ? el("p", {}, "Nothing yet: type in an editor.") : null,
    ...shown.map((record) => row(record, longest)),
  );
}

function isTyping(outcome: TraceRecord["outcome"]): boolean {
  return outcome.kind === "nothing" && outcome.silence.id === "superseded";
}

function row(record: TraceRecord, longest: number): HTMLElement {
  const { outcome, times, path, line, column, source } = record;
  const key = `${record.at}:${path}`;
  const what = outcome.kind === "shown" ? outcome.text.trim().split("\n", 1)[0]! : outcome.silence.id;
  const details = el(
    "details",
    { class: `row ${outcome.kind}`, ...(opened.has(key) ? { open: true } : {}) },
    el(
      "summary",
      {},
      el("span", { class: "when" }, new Date(record.at).toLocaleTimeString()),
      el("code", { class: "what" }, what),
      el("span", { class: "where" }, `${path.split("/").at(-1)}:${line}:${column}`),
      bar(record, longest),
      el("span", { class: "took" }, time(times.answeredMs)),
    ),
  );
  details.addEventListener("toggle", () => {
    if (details.open) {
      opened.add(key);
      if (details.childElementCount === 1) details.append(...inside(record, source));
    } else opened.delete(key);
  });
  if (opened.has(key)) details.append(...inside(record, source));
  return details;
}

/** Delay, prompt and writing, to scale. */
function bar({ times }: TraceRecord, longest: number): HTMLElement {
  const { delayMs, firstTextMs, answeredMs } = times;
  const first = Math.min(firstTextMs ?? answeredMs, answeredMs);
  const parts = [
    ["delay", Math.min(delayMs, answeredMs)],
    ["prompt", Math.max(0, first - delayMs)],
    ["decode", Math.max(0, answeredMs - first)],
  ] as const;
  const label = parts.map(([name, ms]) => `${name} ${time(ms)}`).join(", ");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({
    viewBox: "0 0 100 8",
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
  }))
    svg.setAttribute(name, value);
  let x = 0;
  for (const [name, ms] of parts) {
    const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const width = (ms / longest) * 100;
    for (const [key, value] of Object.entries({
      class: name,
      x: String(x),
      y: "0",
      width: String(width),
      height: "8",
    }))
      rectangle.setAttribute(key, value);
    svg.append(rectangle);
    x += width;
  }
  return el("span", { class: "bar", title: label }, svg);
}

function inside(record: TraceRecord, source: TraceRecord["source"]): HTMLElement[] {
  const { outcome, prompt, confidence, filters, raw, times } = record;
  const facts: [string, string][] = [
    ["outcome", outcome.kind === "shown" ? `shown, from ${source}` : sentenceOf(outcome.silence)],
    ["asked", `${record.trigger}, ${record.languageId}, ${record.multiLine ? "several lines" : "one line"}`],
    [
      "times",
      `waited ${time(times.delayMs)}, first text after ${time(times.firstTextMs)}, first line after ${time(times.firstLineMs)}`,
    ],
    [
      "prompt",
      prompt
        ? `${prompt.tokens || "?"} tokens, ${prompt.computedTokens} of them computed: context ${prompt.context.length} pieces, before ${prompt.prefixCharacters} characters, after ${prompt.suffixCharacters}, head ${prompt.middleCharacters}`
        : "none",
    ],
    [
      "model",
      `${record.tokens} tokens, ended by ${record.stoppedBy ?? "–"}; drafts ${record.acceptedDrafts} of ${record.drafted}`,
    ],
    [
      "confidence",
      confidence
        ? `${percent(confidence.acceptEstimate)} (mean log-probability ${confidence.meanLogProbability.toFixed(2)})`
        : "–",
    ],
    [
      "filters",
      filters.length
        ? filters.map(({ id, after }) => (after === null ? `${id} (dropped)` : id)).join(", ")
        : "none changed it",
    ],
  ];
  const list = el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  const texts = [
    raw ? el("h3", {}, "As the model wrote it") : null,
    raw ? el("pre", {}, raw) : null,
    outcome.kind === "shown" ? el("h3", {}, "As it was shown") : null,
    outcome.kind === "shown" ? el("pre", {}, outcome.text) : null,
  ].filter((part) => part !== null);
  const copy = button(
    "Copy without code",
    () => host.postMessage({ kind: "copy", text: withoutCode(record) }),
    { class: "quiet" },
  );
  return [list, ...texts, copy];
}

/** The record with every text of a document or of the model replaced by its length. */
export function withoutCode(record: TraceRecord): string {
  const { uri: _, path: __, raw, filters, outcome, prompt, ...rest } = record;
  return JSON.stringify(
    {
      ...rest,
      outcome:
        outcome.kind === "shown"
          ? { kind: "shown", characters: outcome.text.length }
          : { kind: "nothing", silence: { ...outcome.silence, path: undefined } },
      rawCharacters: raw.length,
      filters: filters.map(({ id, before, after }) => ({
        id,
        before: before.length,
        after: after?.length ?? null,
      })),
      prompt: prompt && { ...prompt, context: prompt.context.map(({ characters }) => characters) },
    },
    null,
    2,
  );
}
