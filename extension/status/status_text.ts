import type { EngineState } from "../../engine/client/index.ts";
import type { MetricsSummary, Share } from "../../engine/complete/index.ts";
import type { DraftSources, EngineStatus, Silence } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import type { ModelTrouble } from "../models/index.ts";
import { baseName, bytesOf, msOf, percentOf } from "../words/index.ts";

/** All that the status bar item says something about. */
export interface StatusView {
  readonly engine: EngineState;
  /** The user has waited for text for longer than a glance. */
  readonly busy: boolean;
  /** Why the engine could not serve the last request. */
  readonly trouble: Silence | null;
  /** Where that is about a model. */
  readonly modelTrouble: ModelTrouble | null;
  /** What is downloaded, and how far it is. */
  readonly download: string | null;
  /** The editor's own `editor.inlineSuggest.enabled`. */
  readonly inlineSuggest: boolean;
  readonly enabled: boolean;
  readonly snoozedForMs: number;
  /** The active document's language, where suggestions are off for it. */
  readonly languageOff: string | null;
  readonly manual: boolean;
  readonly eco: boolean;
  /** Null where nothing is counted. */
  readonly summary: MetricsSummary | null;
  readonly recordTyping: boolean;
  readonly engineStatus: EngineStatus | null;
  /** Why the last question in the active document had no answer. */
  readonly lastSilence: Silence | null;
}

export interface StatusFace {
  readonly text: string;
  /** The state in words, for screen readers and as the tooltip's head. */
  readonly label: string;
  readonly severity: "none" | "warning" | "error";
}

const stopLabel = ({ hung }: EngineState & { kind: "crashed" }): string =>
  hung ? sentenceOf(hung) : "The engine stopped and starts again by itself.";

/** What the item shows: the first of these that holds. Compact shows the icon alone, and trouble in full. */
export function statusFace(view: StatusView, size: "full" | "compact"): StatusFace {
  const { engine, summary, languageOff } = view;
  const face = (icon: string, words: string, label: string, severity: StatusFace["severity"] = "none") => ({
    text: size === "compact" && severity === "none" ? `$(${icon})` : `$(${icon}) ${words}`,
    label: `Foretype: ${label}`,
    severity,
  });

  if (engine.kind === "failed") return face("error", "Foretype", sentenceOf(engine.fault), "error");
  if (view.trouble !== null) return face("error", "Foretype", sentenceOf(view.trouble), "error");
  if (!view.inlineSuggest)
    return face(
      "warning",
      "inline suggest off",
      "The editor shows no inline suggestions: click to turn on “editor.inlineSuggest.enabled”.",
      "warning",
    );
  if (!view.enabled) return face("circle-slash", "Foretype", "Suggestions are off.");
  if (view.snoozedForMs > 0) {
    const minutes = Math.ceil(view.snoozedForMs / 60_000);
    return face("circle-slash", `${minutes} m`, `Snoozed for ${minutes} more minutes.`);
  }
  if (languageOff !== null)
    return face("circle-slash", `off: ${languageOff}`, `Suggestions are off for ${languageOff}.`);
  if (engine.kind === "loading") {
    const percent = `${Math.floor(engine.fraction * 100)}%`;
    const label =
      engine.step === "weights"
        ? `The model is loading, ${percent}.`
        : `The model is being prepared for this GPU, ${percent}.`;
    return face("sync~spin", percent, label);
  }
  if (engine.kind === "crashed") return face("sync~spin", "Foretype", stopLabel(engine));

  const icon = view.busy ? "sync~spin" : "sparkle";
  const mode = view.manual
    ? "Suggestions come when you ask (Alt+\\)."
    : view.eco
      ? "Suggestions wait longer, to save energy."
      : "Ready.";
  const rate = summary?.strict.rate ?? null;
  if (rate === null) {
    const words = summary === null ? mode : `${mode} Collecting: ${summary.strict.n} shown.`;
    return face(icon, "Foretype", words);
  }
  const p50 = summary!.firstLineMs.p50;
  const numbers = p50 === null ? percentOf(rate) : `${percentOf(rate)} · ${msOf(p50)}`;
  const accepted = `${percentOf(rate)} of ${summary!.strict.n} suggestions accepted.`;
  const delay = p50 === null ? "" : ` First line after ${msOf(p50)}.`;
  return face(icon, numbers, `${mode} ${accepted}${delay}`);
}

/** The tooltip, in Markdown: the state, then a table of what was measured. */
export function statusTooltip(view: StatusView): string {
  const { label } = statusFace(view, "full");
  const rows = [...measured(view), ...engineRows(view)];
  if (view.download !== null) rows.push(["Downloading", view.download]);
  if (view.recordTyping)
    rows.push(["Recording", "your typing, on this machine only (foretype.recordTyping)"]);
  if (view.lastSilence) rows.push(["Last without one", sentenceOf(view.lastSilence)]);
  const table = rows.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  const head = escapeMarkdown(label.replace("Foretype: ", ""));
  return [`**Foretype** — ${head}`, ...(table.length ? ["", "| | |", "|:--|:--|", ...table] : [])].join("\n");
}

type Row = [name: string, value: string];

function measured({ summary }: StatusView): Row[] {
  if (summary === null) return [["Statistics", "off (foretype.statistics)"]];
  const { strict, considered, firstLineMs, keptAtTwoMinutes, cacheShare, tokensPerSecond, draftAcceptance } =
    summary;
  const share = ({ rate, n }: Share): string =>
    rate === null ? `collecting: ${n} of ${summary.minimum}` : `${percentOf(rate)} of ${n}`;
  const rows: Row[] = [
    [
      "Accepted, of those shown",
      strict.rate === null
        ? `collecting: ${strict.n} shown, ${summary.minimum} needed`
        : `${percentOf(strict.rate)} of the last ${strict.n}`,
    ],
    ["Accepted, of those seen for 750 ms", share(considered)],
  ];
  if (keptAtTwoMinutes.n > 0) rows.push(["Still there after 2 minutes", share(keptAtTwoMinutes)]);
  if (firstLineMs.p50 !== null && firstLineMs.p95 !== null)
    rows.push(["First line", `p50 ${msOf(firstLineMs.p50)}, p95 ${msOf(firstLineMs.p95)}`]);
  if (cacheShare !== null) rows.push(["Shown without asking the model", percentOf(cacheShare)]);
  if (tokensPerSecond !== null) rows.push(["Speed", `${Math.round(tokensPerSecond)} tokens/s`]);
  if (draftAcceptance !== null) rows.push(["Drafts confirmed", percentOf(draftAcceptance)]);
  return rows;
}

function engineRows({ engineStatus }: StatusView): Row[] {
  if (engineStatus === null) return [];
  const { device, deviceIsSoftware, gpuBytes, processBytes, models } = engineStatus;
  const rows: Row[] = [];
  if (models.length > 0) rows.push(["Model", models.map(({ path }) => baseName(path)).join(", ")]);
  const first = models[0];
  if (first) rows.push(["Drafts", draftText(first.drafts)]);
  rows.push(["Memory", `${bytesOf(gpuBytes)} on the GPU, ${bytesOf(processBytes)} in the process`]);
  if (device !== null) rows.push(["Device", deviceIsSoftware ? `${device} (software, slow)` : device]);
  return rows;
}

/** What drafts for the model, and if it could be better, why it is not. */
function draftText(drafts: DraftSources): string {
  switch (drafts) {
    case "mtp":
      return "by the model's own MTP block, and from your text";
    case "ngram":
      return "from your text only: the model file has no MTP block";
    case "ngram-no-room":
      return "from your text only: the GPU has no memory for the model's MTP block";
    case "no-room":
      return "none: the GPU has no memory for them";
    case "device-linear":
      return "none: on a software device they would cost as much as they save";
    case "device-differs":
      return "none: this GPU computes several tokens at once with other results than one by one";
    case "device-lost":
      return "off: this GPU was lost twice while they were measured (a new driver version tries again)";
  }
}

/** Text as Markdown shows it unchanged, in a table's cell too. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/[\\`*_{}[\]()<>#+!|~$&-]/g, "\\$&").replace(/\s*\n\s*/g, " ");
