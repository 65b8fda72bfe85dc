import * as vscode from "vscode";
import { isLanguageOn, type MetricsSummary, type TraceRecord } from "../../engine/complete/index.ts";
import {
  type EngineStatus,
  isFault,
  isSameSilence,
  type Silence,
  systemClock,
} from "../../engine/contract/index.ts";
import { sentenceOf, UserError } from "../../engine/errors/index.ts";
import { type Downloads, modelTrouble } from "../models/index.ts";
import type { Engine } from "../services/index.ts";
import type { Settings } from "../settings/index.ts";
import type { Snooze } from "../suggest/index.ts";
import type { StatusView } from "./status_text.ts";
import { type Trouble, troubleAfter, troubleIn } from "./trouble.ts";

const GLANCE_MS = 300; // a spinner for less would only flicker
const STATUS_MS = 5000; // between two looks at the engine's memory
const REDRAW_MS = 500;

export interface StatusOptions {
  readonly log: vscode.LogOutputChannel;
  readonly engine: Engine;
  readonly settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> };
  readonly snooze: Snooze;
  readonly downloads: Downloads;
  readonly summary: () => MetricsSummary;
  readonly onMetrics: vscode.Event<void>;
  readonly onTrace: vscode.Event<TraceRecord>;
  readonly report: (error: unknown) => void;
}

/** Gathers what the status bar item and the language status item show; tells at most twice a second that it changed. */
export function watchStatus({
  log,
  engine,
  settings,
  snooze,
  downloads,
  summary,
  onMetrics,
  onTrace,
  report,
}: StatusOptions) {
  const changed = new vscode.EventEmitter<void>();
  const silences = new Map<string, Silence>();
  let trouble: Trouble | null = null;
  let engineStatus: EngineStatus | null = null;
  let statusAt = Number.NEGATIVE_INFINITY;
  let longBusy = false;
  let busyTimer: NodeJS.Timeout | undefined;
  let redraw: NodeJS.Timeout | undefined;
  let drawn: StatusView | undefined;
  /** Asked of the editor when it may be another, since asking takes it a millisecond and more: its document, and whether it is on. */
  let inlineSuggest: { readonly of: string | undefined; readonly isOn: boolean } | undefined;

  const soon = (): void => {
    redraw ??= setTimeout(() => {
      redraw = undefined;
      drawn = viewNow(); // once for all that draw it
      changed.fire();
      drawn = undefined;
    }, REDRAW_MS);
  };

  async function lookAtEngine(): Promise<void> {
    if (performance.now() - statusAt < STATUS_MS) return;
    statusAt = performance.now();
    engineStatus = (await engine.service.status().catch(() => undefined)) ?? null;
    soon();
  }

  function noteTrace(record: TraceRecord): void {
    const { uri, outcome, trigger, source } = record;
    if (trigger === "speculative") return;
    const silence = outcome.kind === "nothing" ? outcome.silence : undefined;
    if (silence?.id === "superseded") return;
    if (silence) silences.set(uri, silence);
    else silences.delete(uri);
    const before = trouble;
    trouble = troubleAfter(before, record, isAboutModel);
    if (trouble && !(before && isSameSilence(before.silence, trouble.silence))) tellOf(trouble.silence);
    if (source === "model") void lookAtEngine();
    soon();
  }

  function tellOf(silence: Silence): void {
    log.warn(sentenceOf(silence));
    // Nothing is suggested until the user picks another model: notify once.
    if (isFault(silence) && modelTrouble(silence)) report(new UserError(silence));
  }

  const listeners = vscode.Disposable.from(
    changed,
    onTrace(noteTrace),
    onMetrics(soon),
    snooze.onChange(soon),
    downloads.onChange(soon),
    settings.onChange(() => {
      trouble = null; // another model, another device: the next request tells
      soon();
    }),
    engine.service.onState(({ kind }) => {
      if (kind !== "running" && kind !== "loading") engineStatus = null;
      if (kind === "starting") trouble = null;
      soon();
    }),
    engine.onBusy(() => {
      if (engine.busy)
        busyTimer ??= setTimeout(() => {
          longBusy = true;
          soon();
        }, GLANCE_MS);
      else {
        clearTimeout(busyTimer);
        busyTimer = undefined;
        if (longBusy) soon();
        longBusy = false;
      }
    }),
    vscode.window.onDidChangeActiveTextEditor(soon),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration("editor.inlineSuggest")) return;
      inlineSuggest = undefined;
      soon();
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => silences.delete(uri.toString())),
  );

  function isInlineSuggestOn(document?: vscode.TextDocument): boolean {
    const of = document && `${document.languageId} ${document.uri.toString()}`;
    if (!inlineSuggest || inlineSuggest.of !== of) {
      const editor = vscode.workspace.getConfiguration("editor", document);
      inlineSuggest = { of, isOn: editor.get("inlineSuggest.enabled") !== false };
    }
    return inlineSuggest.isOn;
  }

  function viewNow(): StatusView {
    const document = vscode.window.activeTextEditor?.document;
    const { pipeline, statistics, recordTyping } = settings.current;
    const here = troubleIn(trouble, document?.uri.toString());
    const { languages } = pipeline;
    const isOn = !document || isLanguageOn(languages, document.languageId);
    return {
      engine: engine.service.state,
      busy: longBusy,
      trouble: here,
      modelTrouble: (here && isFault(here) && modelTrouble(here)) || null,
      download: downloads.summary,
      inlineSuggest: isInlineSuggestOn(document),
      enabled: pipeline.enabled,
      snoozedForMs: Math.max(0, snooze.untilMs - systemClock.now()),
      languageOff: isOn ? null : document.languageId,
      manual: pipeline.trigger === "manual",
      eco: pipeline.profile === "eco",
      summary: statistics ? summary() : null,
      recordTyping,
      engineStatus,
      lastSilence: (document && silences.get(document.uri.toString())) ?? null,
    };
  }

  return {
    get view(): StatusView {
      return drawn ?? viewNow();
    },
    onChange: changed.event,
    dispose(): void {
      clearTimeout(busyTimer);
      clearTimeout(redraw);
      listeners.dispose();
    },
  };
}

export type Status = ReturnType<typeof watchStatus>;

const isAboutModel = (silence: Silence): boolean => isFault(silence) && modelTrouble(silence) !== undefined;
