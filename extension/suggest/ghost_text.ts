import * as vscode from "vscode";
import type { Lifecycle, Pipeline, Question } from "../../engine/complete/index.ts";
import type { Silence } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import { editorCommand, isSupported, SELECTOR } from "../editor/index.ts";
import { ACCEPTED, DISMISSED } from "../words/index.ts";
import { questionAt } from "./question.ts";
import type { ReadOnly } from "./read_only.ts";

export interface GhostTextOptions {
  readonly log: vscode.LogOutputChannel;
  /** The editor asks for a suggestion: what is not for it had better wait. */
  readonly onAsked: () => void;
  readonly pipeline: Pipeline;
  readonly lifecycle: Lifecycle;
  readonly readOnly: ReadOnly;
  /** The next edit, where the editor can show it as ghost text: it comes before what a model would write there. */
  readonly nextEdit?: {
    ghostAt(
      document: vscode.TextDocument,
      position: vscode.Position,
    ): vscode.InlineCompletionItem | undefined;
    /** @returns whether it was on the screen */
    dismissGhost(): boolean;
    /** Ghost text of a model has come or gone. */
    refresh(): void;
  };
}

/** Suggestions as the editor's inline completions: one at a place, with a range and a command that says it was taken. */
export function createGhostText({ log, onAsked, pipeline, lifecycle, readOnly, nextEdit }: GhostTextOptions) {
  /** A place where we ask the editor to ask again: it calls that invoked, whatever the user did. */
  let again: Place | undefined;
  let last: Place | undefined;
  /** What the editor was last given to show. */
  let offered: { readonly id: number; readonly uri: string; readonly cursor: number } | undefined;

  /** How the user asked; what the editor asks because we told it to has the trigger of the question before. */
  function triggerOf(
    kind: vscode.InlineCompletionTriggerKind,
    uri: string,
    cursor: number,
  ): { readonly trigger: Question["trigger"]; readonly byUser: boolean } {
    if (kind !== vscode.InlineCompletionTriggerKind.Invoke) return { trigger: "automatic", byUser: false };
    const ours = again?.uri === uri && again.cursor === cursor ? again : undefined;
    again = undefined;
    return { trigger: ours?.trigger ?? "invoked", byUser: !ours };
  }

  async function provide(
    document: vscode.TextDocument,
    position: vscode.Position,
    { triggerKind, selectedCompletionInfo }: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    onAsked();
    const uri = document.uri.toString();
    const cursor = document.offsetAt(position);
    const { version } = document;
    const { trigger, byUser } = triggerOf(triggerKind, uri, cursor);
    const ghost = nextEdit?.ghostAt(document, position);
    if (ghost) return [ghost];
    last = { uri, cursor, trigger };

    const isReadOnly = await readOnly.check(document);
    if (token.isCancellationRequested || document.version !== version) return [];
    const abort = new AbortController();
    const cancellation = token.onCancellationRequested(() => abort.abort());
    try {
      const answer = await pipeline.answer(
        questionAt(document, position, {
          trigger,
          readOnly: isReadOnly,
          selected: selectedCompletionInfo,
          signal: abort.signal,
        }),
      );
      const outcome = answer.kind === "show" ? answer.suggestion.source : answer.silence.id;
      const stale = token.isCancellationRequested || document.version !== version;
      log.debug(
        `${trigger} at ${position.line + 1}:${position.character + 1}: ${outcome}${stale ? ", stale" : ""}`,
      );
      if (stale) return [];
      if (answer.kind === "nothing") {
        if (byUser) explainSilence(answer.silence);
        return [];
      }
      const { id, text, start, end } = answer.suggestion;
      lifecycle.returned({
        id,
        uri,
        languageId: document.languageId,
        cursor,
        text: text.slice(cursor - start),
      });
      pipeline.shown(id);
      offered = { id, uri, cursor };
      nextEdit?.refresh();
      // Both are on the cursor's line.
      const range = new vscode.Range(
        position.translate(0, start - cursor),
        position.translate(0, end - cursor),
      );
      const command = { command: ACCEPTED, title: "", arguments: [id, text.length - (cursor - start)] };
      return [new vscode.InlineCompletionItem(text, range, command)];
    } finally {
      cancellation.dispose();
    }
  }

  /** Asks the editor to ask again, if the cursor still is where it was. */
  function retrigger(place: Place): void {
    if (!isCursorAt(place)) return;
    again = place;
    void editorCommand("editor.action.inlineSuggest.trigger");
  }

  /** Escape has hidden what was on the screen. */
  function dismiss(): void {
    if (nextEdit?.dismissGhost()) return;
    if (!offered || !isCursorAt(offered)) return;
    const { id } = offered;
    offered = undefined;
    pipeline.dismissed(id);
    if (lifecycle.current?.id === id) lifecycle.dismissed();
    nextEdit?.refresh();
  }

  const registrations = vscode.Disposable.from(
    vscode.languages.registerInlineCompletionItemProvider(SELECTOR, {
      provideInlineCompletionItems: provide,
    }),
    vscode.commands.registerCommand(ACCEPTED, (id: number, characters: number) => {
      lifecycle.accepted(id);
      pipeline.accepted(id, characters);
    }),
    vscode.commands.registerCommand(DISMISSED, dismiss),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (isSupported(document)) pipeline.forget(document.uri.toString());
    }),
  );

  return {
    /** @param trigger of the question that was asked there */
    retrigger: (uri: string, cursor: number, trigger: Question["trigger"]) =>
      retrigger({ uri, cursor, trigger }),
    /** Asks again at the place of the last question. */
    retriggerLast(): void {
      if (last) retrigger(last);
    },
    dispose: () => registrations.dispose(),
  };
}

/** A place of a question. */
interface Place {
  readonly uri: string;
  readonly cursor: number;
  readonly trigger: Question["trigger"];
}

/** Whether the active editor's only cursor is there. */
function isCursorAt({ uri, cursor }: Omit<Place, "trigger">): boolean {
  const editor = vscode.window.activeTextEditor;
  return (
    editor?.document.uri.toString() === uri &&
    editor.selection.isEmpty &&
    editor.document.offsetAt(editor.selection.active) === cursor
  );
}

const SENTENCE_MS = 5000;

/** Says why there is no suggestion, where the user asked for one. */
function explainSilence(silence: Silence): void {
  if (silence.id !== "superseded")
    vscode.window.setStatusBarMessage(`Foretype: ${sentenceOf(silence)}`, SENTENCE_MS);
}
