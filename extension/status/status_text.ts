import type { EngineState } from "../../engine/client/index.ts";
import type { MetricsSummary, Share } from "../../engine/complete/index.ts";
import type { DraftSources, EngineStatus, Silence } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import type { L10n } from "../l10n.ts";
import type { ModelTrouble } from "../models/index.ts";

/** All that the status bar item says something about. */
export interface StatusView {
  readonly engine: EngineState;
  /** Somebody has waited for text for longer than a glance. */
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
  /** The language at hand, where suggestions are off for it. */
  readonly languageOff: string | null;
  readonly manual: boolean;
  readonly eco: boolean;
  /** Null where nothing is counted. */
  readonly summary: MetricsSummary | null;
  readonly recordTyping: boolean;
  readonly engineStatus: EngineStatus | null;
  /** Why the last question in the document at hand had no answer. */
  readonly lastSilence: Silence | null;
}

export interface StatusFace {
  readonly text: string;
  /** The state in words, for screen readers and as the tooltip's head. */
  readonly label: string;
  readonly severity: "none" | "warning" | "error";
}

/** What the item shows: the first of these that holds. Compact shows the icon alone, and trouble in full. */
export function statusFace(view: StatusView, size: "full" | "compact", l10n: L10n): StatusFace {
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
      l10n.t("inline suggest off"),
      l10n.t("The editor shows no inline suggestions: click to turn on “editor.inlineSuggest.enabled”."),
      "warning",
    );
  if (!view.enabled) return face("circle-slash", "Foretype", l10n.t("Suggestions are off."));
  if (view.snoozedForMs > 0) {
    const minutes = Math.ceil(view.snoozedForMs / 60_000);
    return face("circle-slash", l10n.t("{0} m", minutes), l10n.t("Snoozed for {0} more minutes.", minutes));
  }
  if (languageOff !== null)
    return face(
      "circle-slash",
      l10n.t("off: {0}", languageOff),
      l10n.t("Suggestions are off for {0}.", languageOff),
    );
  if (engine.kind === "loading") {
    const percent = `${Math.floor(engine.fraction * 100)}%`;
    const label =
      engine.step === "weights"
        ? l10n.t("The model is loading, {0}.", percent)
        : l10n.t("The model is being prepared for this GPU, {0}.", percent);
    return face("sync~spin", percent, label);
  }
  if (engine.kind === "crashed")
    return face("sync~spin", "Foretype", l10n.t("The engine stopped and starts again by itself."));

  const icon = view.busy ? "sync~spin" : "sparkle";
  const mode = view.manual
    ? l10n.t("Suggestions come when you ask (Alt+\\).")
    : view.eco
      ? l10n.t("Suggestions wait longer, to save energy.")
      : l10n.t("Ready.");
  const rate = summary?.strict.rate ?? null;
  if (rate === null) {
    const words = summary === null ? mode : `${mode} ${l10n.t("Collecting: {0} shown.", summary.strict.n)}`;
    return face(icon, "Foretype", words);
  }
  const p50 = summary!.firstLineMs.p50;
  const numbers = p50 === null ? percentOf(rate) : `${percentOf(rate)} · ${msOf(p50)}`;
  const accepted = l10n.t("{0} of {1} suggestions accepted.", percentOf(rate), summary!.strict.n);
  const delay = p50 === null ? "" : ` ${l10n.t("First line after {0}.", msOf(p50))}`;
  return face(icon, numbers, `${mode} ${accepted}${delay}`);
}

/** The tooltip, in Markdown: the state, then a table of what was measured. */
export function statusTooltip(view: StatusView, l10n: L10n): string {
  const { label } = statusFace(view, "full", l10n);
  const rows = [...measured(view, l10n), ...engineRows(view, l10n)];
  if (view.download !== null) rows.push([l10n.t("Downloading"), view.download]);
  if (view.recordTyping)
    rows.push([l10n.t("Recording"), l10n.t("your typing, on this machine only (foretype.recordTyping)")]);
  if (view.lastSilence) rows.push([l10n.t("Last without one"), sentenceOf(view.lastSilence)]);
  const table = rows.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  const head = escapeMarkdown(label.replace("Foretype: ", ""));
  return [`**Foretype** — ${head}`, ...(table.length ? ["", "| | |", "|:--|:--|", ...table] : [])].join("\n");
}

type Row = [name: string, value: string];

function measured({ summary }: StatusView, l10n: L10n): Row[] {
  if (summary === null) return [[l10n.t("Statistics"), l10n.t("off (foretype.statistics)")]];
  const { strict, considered, firstLineMs, keptAtTwoMinutes, cacheShare, tokensPerSecond, draftAcceptance } =
    summary;
  const share = ({ rate, n }: Share): string =>
    rate === null
      ? l10n.t("collecting: {0} of {1}", n, summary.minimum)
      : l10n.t("{0} of {1}", percentOf(rate), n);
  const rows: Row[] = [
    [
      l10n.t("Accepted, of those shown"),
      strict.rate === null
        ? l10n.t("collecting: {0} shown, {1} needed", strict.n, summary.minimum)
        : l10n.t("{0} of the last {1}", percentOf(strict.rate), strict.n),
    ],
    [l10n.t("Accepted, of those seen for 750 ms"), share(considered)],
  ];
  if (keptAtTwoMinutes.n > 0) rows.push([l10n.t("Still there after 2 minutes"), share(keptAtTwoMinutes)]);
  if (firstLineMs.p50 !== null && firstLineMs.p95 !== null)
    rows.push([
      l10n.t("First line"),
      l10n.t("p50 {0}, p95 {1}", msOf(firstLineMs.p50), msOf(firstLineMs.p95)),
    ]);
  if (cacheShare !== null) rows.push([l10n.t("Shown without asking the model"), percentOf(cacheShare)]);
  if (tokensPerSecond !== null)
    rows.push([l10n.t("Speed"), l10n.t("{0} tokens/s", Math.round(tokensPerSecond))]);
  if (draftAcceptance !== null) rows.push([l10n.t("Drafts confirmed"), percentOf(draftAcceptance)]);
  return rows;
}

function engineRows({ engineStatus }: StatusView, l10n: L10n): Row[] {
  if (engineStatus === null) return [];
  const { device, deviceIsSoftware, gpuBytes, processBytes, models } = engineStatus;
  const rows: Row[] = [];
  if (models.length > 0)
    rows.push([l10n.t("Model"), models.map(({ path }) => path.replace(/^.*[\\/]/, "")).join(", ")]);
  const first = models[0];
  if (first) rows.push([l10n.t("Drafts"), draftText(first.drafts, l10n)]);
  rows.push([
    l10n.t("Memory"),
    l10n.t("{0} on the GPU, {1} in the process", bytesOf(gpuBytes), bytesOf(processBytes)),
  ]);
  if (device !== null)
    rows.push([l10n.t("Device"), deviceIsSoftware ? l10n.t("{0} (software, slow)", device) : device]);
  return rows;
}

/** Who drafts for the model, and if it could be better, why it is not. */
function draftText(drafts: DraftSources, l10n: L10n): string {
  switch (drafts) {
    case "mtp":
      return l10n.t("by the model's own MTP block, and from your text");
    case "ngram":
      return l10n.t("from your text only: the model file has no MTP block");
    case "ngram-no-room":
      return l10n.t("from your text only: the GPU has no memory for the model's MTP block");
    case "no-room":
      return l10n.t("none: the GPU has no memory for them");
    case "device-linear":
      return l10n.t("none: on a software device they would cost as much as they save");
    case "device-differs":
      return l10n.t("none: this GPU computes several tokens at once with other results than one by one");
  }
}

export const percentOf = (share: number): string => `${Math.round(share * 100)}%`;

export const msOf = (ms: number): string =>
  ms < 9950 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;

export function bytesOf(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Text as Markdown shows it unchanged, in a table's cell too. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/[\\`*_{}[\]()<>#+!|~$&-]/g, "\\$&").replace(/\s*\n\s*/g, " ");
