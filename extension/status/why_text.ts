import type { NextEditView, TraceRecord } from "../../engine/complete/index.ts";
import { isSameSilence, type Silence } from "../../engine/contract/index.ts";
import { MENU, msOf } from "../words/index.ts";

/** A decision, or several of the same kind, as a row of a list. */
export interface WhyRow {
  readonly label: string;
  readonly detail: string;
}

/** Questions one after the other, on one line, that were answered with the same silence. */
export interface Decision {
  readonly last: TraceRecord;
  readonly times: number;
}

const ROWS = 10;

/** The ten decisions of a document that lie nearest to a line, newest first. */
export function decisionsNear(traces: readonly TraceRecord[], uri: string, line: number): Decision[] {
  const decisions: Decision[] = [];
  for (const record of traces) {
    if (record.uri !== uri || record.trigger === "speculative") continue;
    const before = decisions.at(-1);
    if (before && isRepeated(before.last, record))
      decisions[decisions.length - 1] = { last: record, times: before.times + 1 };
    else decisions.push({ last: record, times: 1 });
  }
  return decisions
    .map((decision, order) => ({ decision, order, distance: Math.abs(decision.last.line - line) }))
    .sort((a, b) => a.distance - b.distance || b.order - a.order)
    .slice(0, ROWS)
    .sort((a, b) => b.order - a.order)
    .map(({ decision }) => decision);
}

/** Silences that something else than a gate decides: they hold until the next question. */
const AFTER_GATES = new Set([
  "busy",
  "complete",
  "dismissed",
  "engine-error",
  "intellisense",
  "low-confidence",
  "model-loading",
  "no-answer",
  "no-text",
  "still-writing",
]);

/** Why the last question at a place, where all gates are open now, was answered with nothing; undefined where that is not known. */
export function lastSilenceAt(
  traces: readonly TraceRecord[],
  place: Pick<TraceRecord, "uri" | "line" | "column">,
): Silence | undefined {
  const last = traces.findLast(
    ({ uri, line, column, trigger, outcome }) =>
      uri === place.uri &&
      line === place.line &&
      column === place.column &&
      trigger !== "speculative" &&
      !(outcome.kind === "nothing" && outcome.silence.id === "superseded"),
  );
  if (last?.outcome.kind !== "nothing") return undefined;
  const { silence } = last.outcome;
  return AFTER_GATES.has(silence.id) || silence.id.startsWith("filtered:") ? silence : undefined;
}

const isRepeated = (before: TraceRecord, record: TraceRecord): boolean =>
  before.line === record.line &&
  before.outcome.kind === "nothing" &&
  record.outcome.kind === "nothing" &&
  isSameSilence(before.outcome.silence, record.outcome.silence);

export function whyRow({ last, times: count }: Decision, nowMs: number): WhyRow {
  const { outcome, times, line, column, source, tokens } = last;
  const place = `line ${line}:${column}, ${ago(nowMs - last.at)}`;
  const parts = [count === 1 ? place : `${place} (${count} times)`];
  if (source) parts.push(sourceInWords(source));
  if (times.delayMs > 0) parts.push(`waited ${msOf(times.delayMs)}`);
  if (times.firstLineMs !== null) parts.push(`first line after ${msOf(times.firstLineMs)}`);
  parts.push(`answered after ${msOf(times.answeredMs)}`);
  if (tokens > 0) parts.push(`${tokens} tokens`);
  if (outcome.kind === "shown")
    return {
      label: `$(sparkle) Suggested ${excerpt(outcome.text)}`,
      detail: parts.join(" · "),
    };
  const { silence } = outcome;
  const advice = adviceOf(silence);
  return {
    label: `$(circle-slash) ${silence.problem}`,
    detail: [...(advice ? [advice] : []), ...parts].join(" · "),
  };
}

/** What is shown as the next edit, or why nothing is. */
export function nextEditRow(view: NextEditView): WhyRow & { readonly remedy: Remedy } {
  if (view.kind === "shown") {
    const { line, old, fresh } = view.proposal;
    return {
      label: `$(sparkle) Next edit on line ${line + 1}: ${excerpt(old)} → ${excerpt(fresh)}`,
      detail: "Choose this row to see it as a diff",
      remedy: ["foretype.showNextEdit"],
    };
  }
  const { silence } = view;
  const { setting = "foretype.nextEdit" } = silence;
  return {
    label: `$(circle-slash) No next edit: ${silence.problem}`,
    detail: adviceOf(silence) ?? "See the setting “foretype.nextEdit”",
    remedy: ["workbench.action.openSettings", setting],
  };
}

/** The advice as a sentence of its own: a row of a list would cut the whole. */
export const adviceOf = ({ advice }: Silence): string | undefined =>
  advice && advice[0]!.toUpperCase() + advice.slice(1);

function sourceInWords(source: NonNullable<TraceRecord["source"]>): string {
  switch (source) {
    case "typed-through":
      return "the rest of a suggestion";
    case "cache":
      return "known from before";
    case "attached":
      return "from what the model was writing";
    case "model":
      return "from the model";
  }
}

function excerpt(text: string): string {
  const [first = "", ...more] = text.trim().split("\n");
  const line = first.trim();
  return `“${line.length > 60 ? `${line.slice(0, 60)}…` : line}${more.length > 0 ? " …" : ""}”`;
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  return `${Math.round(seconds / 60)} min ago`;
}

/** What a click on a reason does: a command and its argument. */
export type Remedy = readonly [command: string, argument?: string];

export function remedyFor({ id, setting }: Silence): Remedy {
  switch (id) {
    case "disabled":
      return ["foretype.toggle"];
    case "language-off":
      return ["foretype.toggleLanguage"];
    case "snoozed":
      return ["foretype.snooze"];
    case "engine-error":
      return [MENU];
    case "no-editor":
      return ["workbench.action.quickOpen"];
    case "engine-failed":
      return ["foretype.restartEngine"];
    default:
      return setting ? ["workbench.action.openSettings", setting] : ["foretype.showTrace"];
  }
}
