import * as vscode from "vscode";
import type { Lifecycle, Pipeline } from "../../engine/complete/index.ts";
import type { Silence } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import { isSupported, SELECTOR } from "../editor/index.ts";
import { ACCEPTED } from "../words/index.ts";
import { questionAt } from "./question.ts";
import type { ReadOnly } from "./read_only.ts";

export interface GhostTextOptions {
  readonly log: vscode.LogOutputChannel;
  readonly pipeline: Pipeline;
  readonly lifecycle: Lifecycle;
  readonly readOnly: ReadOnly;
}

/** Suggestions as the editor's inline completions: one at a place, with a range and a command that says it was taken. */
export function createGhostText({ log, pipeline, lifecycle, readOnly }: GhostTextOptions) {
  /** A place where we ask the editor to ask again: it calls that invoked, but the user did not ask. */
  let again: { readonly uri: string; readonly cursor: number } | undefined;
  let last: { readonly uri: string; readonly cursor: number } | undefined;

  async function provide(
    document: vscode.TextDocument,
    position: vscode.Position,
    { triggerKind, selectedCompletionInfo }: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const uri = document.uri.toString();
    const cursor = document.offsetAt(position);
    const { version } = document;
    const ours = again?.uri === uri && again.cursor === cursor;
    again = undefined;
    last = { uri, cursor };
    const invoked = triggerKind === vscode.InlineCompletionTriggerKind.Invoke && !ours;
    const trigger = invoked ? "invoked" : "automatic";

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
        if (invoked) explainSilence(answer.silence);
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
      const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
      const command = { command: ACCEPTED, title: "", arguments: [id, text.length - (cursor - start)] };
      return [new vscode.InlineCompletionItem(text, range, command)];
    } finally {
      cancellation.dispose();
    }
  }

  /** Asks the editor to ask again, if the cursor still is where it was. */
  function retrigger(place: { readonly uri: string; readonly cursor: number }): void {
    const editor = vscode.window.activeTextEditor;
    if (!editor || editor.document.uri.toString() !== place.uri) return;
    if (!editor.selection.isEmpty || editor.document.offsetAt(editor.selection.active) !== place.cursor)
      return;
    again = place;
    void vscode.commands.executeCommand("editor.action.inlineSuggest.trigger");
  }

  const registrations = vscode.Disposable.from(
    vscode.languages.registerInlineCompletionItemProvider(SELECTOR, {
      provideInlineCompletionItems: provide,
    }),
    vscode.commands.registerCommand(ACCEPTED, (id: number, characters: number) => {
      lifecycle.accepted(id);
      pipeline.accepted(id, characters);
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (isSupported(document)) pipeline.forget(document.uri.toString());
    }),
  );

  return {
    retrigger: (uri: string, cursor: number) => retrigger({ uri, cursor }),
    /** Asks again at the place of the last question. */
    retriggerLast(): void {
      if (last) retrigger(last);
    },
    dispose: () => registrations.dispose(),
  };
}

const SENTENCE_MS = 5000;

/** Says why there is no suggestion, where the user asked for one. */
function explainSilence(silence: Silence): void {
  if (silence.id !== "superseded")
    vscode.window.setStatusBarMessage(`Foretype: ${sentenceOf(silence)}`, SENTENCE_MS);
}
