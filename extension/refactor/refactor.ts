import * as vscode from "vscode";
import { offerChatModel } from "../models/index.ts";
import { answerOf, atMostEvery, type Services } from "../services/index.ts";
import { extractCode, type Selected } from "./extract_code.ts";
import { askInstruction } from "./instruction.ts";
import { findAgain, refactorMessages } from "./request.ts";

/** Documents of this scheme are proposals: they exist only in memory. */
const SCHEME = "foretype-refactor";

const MAX_TOKENS = 2048;
const UPDATE_MS = 120; // a diff that changes oftener than this cannot be read

/** One refactoring, from its instruction to its end. */
interface Refactoring {
  readonly document: vscode.TextDocument;
  readonly start: number;
  readonly selected: Selected;
  readonly uri: vscode.Uri;
  instruction: string;
  answer: string;
  abort: AbortController | undefined;
}

/** `Refactor Selection…`: instruction, streamed diff, and one undoable edit. */
export function registerRefactor(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  let current: Refactoring | undefined;
  let count = 0;

  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) =>
      current?.uri.toString() === uri.toString() ? proposalText(current) : "",
  };

  async function begin(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      void vscode.window.showInformationMessage("Select code in an editor first, then refactor it.");
      return;
    }
    const { document } = editor;
    if (document.uri.scheme === SCHEME) {
      void vscode.window.showInformationMessage(
        "This is a proposal already: apply it, retry, or discard it.",
      );
      return;
    }
    if (!services.mayRead(document)) return;
    const selection = editor.selection.isEmpty
      ? document.lineAt(editor.selection.active.line).range
      : editor.selection;
    const text = document.getText(selection);
    if (text.trim() === "") {
      void vscode.window.showInformationMessage(
        "There is nothing but white space here: select the code to refactor.",
      );
      return;
    }
    if (await offerChatModel(services)) return;
    const instruction = await askInstruction(services.context, services.settings.current.refactorPresets);
    if (instruction === undefined) return;
    await discard(); // one at a time: the new one takes the old one's place
    const first = document.lineAt(selection.start.line);
    const indentation = first.text.slice(0, first.firstNonWhitespaceCharacterIndex);
    current = {
      document,
      start: document.offsetAt(selection.start),
      selected: {
        text,
        indentation,
        startsAfterIndentation: selection.start.character >= indentation.length,
        lineEnding: document.eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n",
      },
      // The file's own name, so that the proposal is coloured as the file is.
      uri: document.uri.with({ scheme: SCHEME, query: String(++count), fragment: "" }),
      instruction,
      answer: "",
      abort: undefined,
    };
    await stream(current);
  }

  /** Asks the model, and shows its answer as it comes. */
  async function stream(one: Refactoring): Promise<void> {
    const { document, start, selected } = one;
    if (!services.mayRead(document)) return;
    const text = document.getText();
    one.answer = "";
    one.abort?.abort();
    const abort = new AbortController();
    one.abort = abort;
    changed.fire(one.uri);
    const title = `${document.uri.path.split("/").at(-1)}: ${one.instruction}`;
    await vscode.commands.executeCommand("vscode.diff", document.uri, one.uri, title, { preview: false });

    const messages = refactorMessages({
      instruction: one.instruction,
      path: services.pathOf(document.uri),
      languageId: document.languageId,
      before: text.slice(0, start),
      selected: selected.text,
      after: text.slice(start + selected.text.length),
    });
    const progress = {
      location: vscode.ProgressLocation.Notification,
      title: "Foretype is refactoring",
      cancellable: true,
    };
    await vscode.window.withProgress(progress, async (_, token) => {
      token.onCancellationRequested(() => abort.abort());
      const request = {
        messages,
        maxTokens: MAX_TOKENS,
        original: selected.text,
        signal: abort.signal,
      };
      const show = atMostEvery(UPDATE_MS, () => changed.fire(one.uri));
      try {
        for await (const piece of answerOf(services.engine, request)) {
          one.answer += piece;
          show();
        }
      } catch (error) {
        services.report(error);
      }
      if (one.abort === abort) one.abort = undefined;
      changed.fire(one.uri);
    });
    if (abort.signal.aborted || current !== one) return;
    const code = extractCode(one.answer, selected);
    if (code === "") {
      void vscode.window.showWarningMessage(
        "The model answered without code: retry, or edit the instruction.",
      );
    } else if (code === selected.text) {
      void vscode.window.showInformationMessage(
        "The model would leave the code as it is: retry, or edit the instruction.",
      );
    }
  }

  /** Puts the proposal into the document, as one step of its undo history. */
  async function apply(): Promise<void> {
    const one = current;
    if (!one) return;
    if (one.abort) {
      void vscode.window.showInformationMessage("The model is still writing: wait for it, or stop it first.");
      return;
    }
    const { document, selected, uri } = one;
    const code = extractCode(one.answer, selected);
    if (code === "") {
      void vscode.window.showWarningMessage("There is no code to apply: retry, or edit the instruction.");
      return;
    }
    const start = document.isClosed ? undefined : findAgain(document.getText(), selected.text, one.start);
    if (start === undefined) {
      void vscode.window.showWarningMessage(
        "The code has changed since it was selected, so the proposal is not applied: copy what you need from it, or discard it and start again.",
      );
      return;
    }
    const range = new vscode.Range(
      document.positionAt(start),
      document.positionAt(start + selected.text.length),
    );
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, range, code);
    if (!(await vscode.workspace.applyEdit(edit, { isRefactoring: true }))) {
      void vscode.window.showWarningMessage("The editor did not take the change: is the file read-only?");
      return;
    }
    current = undefined;
    await closeTabs(uri);
    const editor = await vscode.window.showTextDocument(document);
    const end = document.positionAt(start + code.length);
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(new vscode.Range(range.start, end));
  }

  async function discard(): Promise<void> {
    const one = current;
    if (!one) return;
    current = undefined;
    one.abort?.abort();
    await closeTabs(one.uri);
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
      if (current && closed.some((tab) => isProposal(tab, current!.uri))) {
        current.abort?.abort();
        current = undefined;
      }
    }),
    { dispose: () => current?.abort?.abort() },
  );
}

/** The whole document with the proposal in the selection's place, so that the diff shows it among its surroundings. */
function proposalText({ document, start, selected, answer }: Refactoring): string {
  const text = document.getText();
  const at = findAgain(text, selected.text, start);
  if (at === undefined) return text;
  const code = extractCode(answer, selected);
  return text.slice(0, at) + (code === "" ? selected.text : code) + text.slice(at + selected.text.length);
}

const isProposal = ({ input }: vscode.Tab, uri: vscode.Uri): boolean =>
  input instanceof vscode.TabInputTextDiff && input.modified.toString() === uri.toString();

async function closeTabs(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) =>
    group.tabs.filter((tab) => isProposal(tab, uri)),
  );
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs);
}
