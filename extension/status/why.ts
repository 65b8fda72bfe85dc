import * as vscode from "vscode";
import type {
  NextEditView,
  PipelineSettings,
  Question,
  Syntax,
  TraceRecord,
} from "../../engine/complete/index.ts";
import { closedGate, cursorTextAt, isInComment, placeAt } from "../../engine/complete/index.ts";
import { type Silence, systemClock } from "../../engine/contract/index.ts";
import { isSupported } from "../editor/index.ts";
import type { ReadOnly } from "../suggest/index.ts";
import { questionAt } from "../suggest/index.ts";
import type { Status } from "./status.ts";
import {
  adviceOf,
  decisionsNear,
  lastSilenceAt,
  nextEditRow,
  type Remedy,
  remedyFor,
  whyRow,
} from "./why_text.ts";

export interface WhyOptions {
  readonly status: Status;
  readonly readOnly: ReadOnly;
  readonly settings: () => PipelineSettings;
  readonly syntax: Syntax;
  readonly traces: () => readonly TraceRecord[];
  readonly nextEdit: () => NextEditView;
}

interface Item extends vscode.QuickPickItem {
  readonly remedy?: Remedy;
}

/** Says what keeps suggestions from the cursor now, and what became of the last questions near it. */
export async function showWhy(options: WhyOptions): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const now = await reasonNow(options, editor);
  const line: Item = {
    label: "Decisions near the cursor",
    kind: vscode.QuickPickItemKind.Separator,
  };
  const items: Item[] = [now ? reasonItem(now) : freeItem()];
  if (editor) {
    const { document, selection } = editor;
    const near = decisionsNear(options.traces(), document.uri.toString(), selection.active.line + 1);
    if (near.length > 0) items.push(line);
    for (const decision of near) {
      const { outcome } = decision.last;
      const remedy: Remedy = outcome.kind === "nothing" ? remedyFor(outcome.silence) : ["foretype.showTrace"];
      items.push({ ...whyRow(decision, systemClock.now()), remedy });
    }
  }
  items.push(
    { label: "Next edit", kind: vscode.QuickPickItemKind.Separator },
    nextEditItem(options.nextEdit()),
  );
  const choice = await vscode.window.showQuickPick(items, {
    title: "Why No Suggestion Here?",
    placeHolder: "Choose a reason to change what causes it",
    matchOnDetail: true,
  });
  if (choice?.remedy) await vscode.commands.executeCommand(...choice.remedy);
}

function nextEditItem(view: NextEditView): Item {
  const { remedy, ...row } = nextEditRow(view);
  return { ...row, remedy };
}

function reasonItem(silence: Silence): Item {
  const advice = adviceOf(silence);
  const now = "now, at the cursor";
  return {
    label: `$(circle-slash) ${silence.problem}`,
    detail: advice ? `${advice} · ${now}` : now,
    remedy: remedyFor(silence),
  };
}

const freeItem = (): Item => ({
  label: `$(check) Suggestions can appear here`,
  detail: "Type on, or press Alt+\\ to ask.",
  remedy: ["foretype.triggerSuggestion"],
});

async function reasonNow(
  { status, readOnly, settings, syntax, traces }: WhyOptions,
  editor: vscode.TextEditor | undefined,
): Promise<Silence | null> {
  if (!editor) return { id: "no-editor", problem: "No text editor has the focus", advice: "open a file" };
  const { document, selection } = editor;
  if (!isSupported(document))
    return {
      id: "scheme",
      problem: `Suggestions are for files and notebooks, and this is neither (${document.uri.scheme})`,
    };
  const { engine, inlineSuggest, trouble } = status.view;
  if (!inlineSuggest)
    return {
      id: "inline-suggest-off",
      problem: "The editor shows no inline suggestions",
      advice: "turn on the setting “editor.inlineSuggest.enabled”",
      setting: "editor.inlineSuggest.enabled",
    };
  const question = questionAt(document, selection.active, {
    trigger: "automatic",
    readOnly: await readOnly.check(document),
  });
  const gate = closedGate(question, settings(), gateView(question, syntax));
  if (gate) return gate;
  if (engine.kind === "failed") return { id: "engine-failed", ...engine.fault };
  const { line, character } = selection.active;
  const place = { uri: document.uri.toString(), line: line + 1, column: character + 1 };
  return lastSilenceAt(traces(), place) ?? trouble;
}

function gateView({ document, cursor }: Question, syntax: Syntax) {
  const { before, after } = cursorTextAt(document, cursor);
  const { languageId } = document;
  return {
    place: placeAt(before + after, before.length),
    inComment: () => isInComment(languageId, before, after, syntax.factsAt(languageId, before, after)),
    nowMs: systemClock.now(),
  };
}
