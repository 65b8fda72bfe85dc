import * as vscode from "vscode";
import { sentenceOf } from "../../engine/errors/index.ts";
import { showInformation, showProgress, showWarning } from "../editor/index.ts";
import { offerChatModel } from "../models/index.ts";
import { atMostEvery, chatContext, readAnswer, type Services } from "../services/index.ts";
import { waitOf } from "../words/index.ts";
import { budgetFor } from "./budget.ts";
import { askInstruction } from "./instruction.ts";
import type { Doubt } from "./judge_answer.ts";
import {
  closeProposal,
  endOfSelection,
  hasProposal,
  proposalText,
  proposedCode,
  type Refactoring,
  SCHEME,
  surroundingsOf,
  verdictOf,
} from "./proposal.ts";
import { refactorMessages } from "./request.ts";
import { wholeLines } from "./selected.ts";
import { watchSelection } from "./watch_selection.ts";

const UPDATE_MS = 120; // a diff that changes oftener than this cannot be read

/** `Refactor Selection…`: instruction, streamed diff, and one undoable edit. */
export function registerRefactor(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  let current: Refactoring | undefined;
  let applying = false;
  let count = 0;

  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) =>
      current?.uri.toString() === uri.toString() ? proposalText(current) : "",
  };

  const say = (sentence: string): void => void showInformation(sentence);

  /** Says why a proposal is not applied, and offers to copy it. */
  async function refuse(one: Refactoring, doubt: Doubt): Promise<void> {
    const copy = "Copy Proposal";
    const code = proposedCode(one);
    const actions = code === "" || code === one.surroundings.selected.text ? [] : [copy];
    const chosen = await showWarning(sentenceOf(doubt), ...actions);
    if (chosen === copy) await vscode.env.clipboard.writeText(proposedCode(one));
  }

  async function begin(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return say("Select code in an editor first, then refactor it.");
    const { document } = editor;
    if (document.uri.scheme === SCHEME)
      return say("This is a proposal already: apply it, retry, or discard it.");
    if (!services.mayRead(document)) return;
    const selected = editor.selection.isEmpty
      ? document.lineAt(editor.selection.active.line).range
      : editor.selection;
    const text = document.getText(selected);
    if (text.trim() === "") return say("There is nothing but white space here: select the code to refactor.");
    // From here on the user may type, and the model's answer is for what was selected.
    const selection = watchSelection(document, selected, () => moved(selection));
    const one = await ask(document, selection, text);
    if (!one) return selection.dispose();
    await discard(); // one at a time: the new one takes the old one's place
    current = one;
    await stream(one);
  }

  /** A new refactoring, once its instruction is known; undefined where there is to be none. */
  async function ask(
    document: vscode.TextDocument,
    selection: Refactoring["selection"],
    text: string,
  ): Promise<Refactoring | undefined> {
    if (await offerChatModel(services)) return undefined;
    const budget = budgetFor(text, "", await chatContext(services.engine));
    if ("problem" in budget) {
      say(sentenceOf(budget));
      return undefined;
    }
    const { refactorPresets } = services.settings.current;
    const instruction = await askInstruction(services.context, refactorPresets);
    if (instruction === undefined) return undefined;
    const surroundings = surroundingsOf(document, selection);
    if (!surroundings) {
      say("The code has changed since it was selected: select it again, and start over.");
      return undefined;
    }
    return {
      document,
      selection,
      // The file's own name, so that the proposal is coloured as the file is.
      uri: document.uri.with({ scheme: SCHEME, query: String(++count), fragment: "" }),
      instruction,
      text: "",
      end: undefined,
      abort: undefined,
      surroundings,
    };
  }

  let redraw: NodeJS.Timeout | undefined;
  let told: Refactoring | undefined;

  /** A selection's document has changed: the proposal changes with it, and says at once if the selection has ended. */
  function moved(selection: Refactoring["selection"]): void {
    const one = current;
    if (one?.selection !== selection || applying) return;
    const end = endOfSelection(one);
    if (end && told !== one) {
      told = one;
      void refuse(one, end);
    }
    clearTimeout(redraw);
    redraw = setTimeout(() => changed.fire(one.uri), UPDATE_MS);
  }

  /** Asks the model about the selection as it is now, and shows its answer as it comes. */
  async function stream(one: Refactoring): Promise<void> {
    const { document, selection } = one;
    if (!services.mayRead(document)) return;
    const ended = endOfSelection(one);
    if (ended) return refuse(one, ended);
    one.surroundings = surroundingsOf(document, selection) ?? one.surroundings;
    const { before, selected, after } = one.surroundings;
    const budget = budgetFor(selected.text, one.instruction, await chatContext(services.engine));
    if ("problem" in budget) return say(sentenceOf(budget));
    one.abort?.abort();
    const abort = new AbortController();
    Object.assign(one, { text: "", end: undefined, abort });
    changed.fire(one.uri);
    const title = `${document.uri.path.split("/").at(-1)}: ${one.instruction}`;
    // The diff finds its first change by itself only if there is one when it opens.
    const at = selection.place && new vscode.Range(selection.place.start, selection.place.start);
    const options = { preview: false, selection: at };
    await vscode.commands.executeCommand("vscode.diff", document.uri, one.uri, title, options);

    const messages = refactorMessages({
      instruction: one.instruction,
      path: services.pathOf(document.uri),
      languageId: document.languageId,
      before,
      selected: wholeLines(selected),
      after,
      around: budget.around,
    });
    const request = {
      messages,
      maxTokens: budget.maxTokens,
      original: selected.text,
      signal: abort.signal,
    };
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: "Foretype is refactoring",
      cancellable: true,
    };
    await showProgress(progress, async (toast, token) => {
      token.onCancellationRequested(() => abort.abort());
      const tell = () => toast.report({ message: waitOf(services.engine.state, one.text) });
      const watch = services.engine.onState(tell);
      tell();
      const show = atMostEvery(UPDATE_MS, () => changed.fire(one.uri));
      let end: Refactoring["end"] = "failed";
      try {
        end = await readAnswer(services.engine, request, (piece) => {
          const isFirst = one.text === "";
          one.text += piece;
          if (isFirst) tell();
          show();
        });
      } catch (error) {
        services.report(error);
      } finally {
        watch.dispose();
      }
      if (one.abort !== abort) return; // another try took its place
      one.abort = undefined;
      one.end = end;
      changed.fire(one.uri);
    });
    if (current !== one || one.abort || endOfSelection(one)) return;
    const verdict = verdictOf(one);
    // Who pressed Stop knows, and an error has been reported.
    if (verdict && !verdict.certain && one.end !== "cancelled" && one.end !== "failed")
      await refuse(one, verdict);
  }

  /** Puts the proposal into the document, as one step of its undo history. */
  async function apply(): Promise<void> {
    const one = current;
    if (!one || applying) return;
    if (one.abort) return say("The model is still writing: wait for it, or stop it first.");
    const { document, selection, uri } = one;
    one.surroundings = surroundingsOf(document, selection) ?? one.surroundings;
    const ended = endOfSelection(one);
    if (ended) return refuse(one, ended);
    const verdict = verdictOf(one);
    const { place } = selection;
    if (!verdict || !place) return;
    if (!verdict.certain) return refuse(one, verdict);

    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, place, verdict.code);
    const { version } = document;
    applying = true;
    let applied = false;
    try {
      // VS Code refuses an edit of another version than the document has by then.
      applied = await vscode.workspace.applyEdit(edit, { isRefactoring: true });
    } finally {
      applying = false;
    }
    if (!applied) {
      changed.fire(uri);
      const doubt = endOfSelection(one) ?? {
        problem: "The editor did not take the change",
        advice:
          document.version === version
            ? "look whether the file is read-only"
            : "the file changed at the same moment, so apply it again",
      };
      return refuse(one, doubt);
    }
    finish(one);
    await closeProposal(uri);
    const editor = await vscode.window.showTextDocument(document);
    const end = document.positionAt(document.offsetAt(place.start) + verdict.code.length);
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(new vscode.Range(place.start, end));
  }

  function finish(one: Refactoring): void {
    one.abort?.abort();
    one.selection.dispose();
    if (current === one) current = undefined;
  }

  async function discard(): Promise<void> {
    const one = current;
    if (!one) return;
    finish(one);
    await closeProposal(one.uri);
  }

  async function editInstruction(): Promise<void> {
    const one = current;
    if (!one) return;
    const { refactorPresets } = services.settings.current;
    const instruction = await askInstruction(services.context, refactorPresets, one.instruction);
    if (instruction === undefined || current !== one) return;
    one.instruction = instruction;
    await stream(one);
  }

  const guarded = (action: () => Promise<void>) => () => action().catch(services.report);
  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, provider),
    vscode.commands.registerCommand("foretype.refactorSelection", guarded(begin)),
    vscode.commands.registerCommand("foretype.refactor.apply", guarded(apply)),
    vscode.commands.registerCommand("foretype.refactor.discard", guarded(discard)),
    vscode.commands.registerCommand("foretype.refactor.editInstruction", guarded(editInstruction)),
    vscode.commands.registerCommand(
      "foretype.refactor.retry",
      guarded(async () => {
        if (current) await stream(current);
      }),
    ),
    // A diff that is closed by hand is discarded.
    vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      if (current && hasProposal(closed, current.uri)) finish(current);
    }),
    { dispose: () => current && finish(current) },
  );
}
