import * as vscode from "vscode";
import { type FileToRead, showInformation } from "../editor/index.ts";
import { offerChatModel } from "../models/index.ts";
import { atMostEvery, chatContext, readAnswer, type Services } from "../services/index.ts";
import { openPage } from "../webviews/index.ts";
import { waitOf } from "../words/index.ts";
import { conversationTurns, type Exchange, noticeOfEnd, type Subject } from "./conversation.ts";

const MAX_TOKENS = 1024;
const UPDATE_MS = 80;

/** `Explain Selection`: streams an explanation beside the code, and takes further questions. */
export function registerExplain(services: Services): vscode.Disposable {
  let panel: vscode.WebviewPanel | undefined;
  let subject: (Subject & { readonly file: FileToRead }) | undefined;
  let exchanges: Exchange[] = [];
  let running: AbortController | undefined;
  let notice = "";
  let tokens = 0; // of the model's context, for the prompt

  const state = () => ({
    kind: "data" as const,
    data: {
      subject: subject
        ? `${subject.path}, lines ${subject.firstLine} to ${subject.lastLine}`
        : "Select code, then run “Foretype: Explain Selection”.",
      exchanges: exchanges.map(({ question, answer }, index) => ({
        question: index === 0 ? "" : question,
        answer,
      })),
      streaming: running !== undefined,
      notice: running ? sentenceStart(waitOf(services.engine.state, exchanges.at(-1)?.answer ?? "")) : notice,
      strings: {
        stop: "Stop",
        copy: "Copy",
        ask: "Ask",
        placeholder: "Ask about this code",
      },
    },
  });
  const show = () => void panel?.webview.postMessage(state());

  function openPanel(): void {
    if (panel) {
      panel.reveal(undefined, true);
      return;
    }
    panel = openPage(services.context, {
      name: "explain",
      title: "Foretype Explain",
      column: vscode.ViewColumn.Beside,
      data: state().data,
      onMessage: (message) => {
        if (message.kind === "ready") show();
        else if (message.kind === "stop") running?.abort();
        else if (message.kind === "copy") {
          const text = exchanges.map(({ answer }) => answer).join("\n\n");
          void vscode.env.clipboard.writeText(text);
        } else if (message.kind === "ask" && typeof message.text === "string" && message.text.trim() !== "") {
          void ask(message.text.trim()).catch(services.report);
        }
      },
    });
    panel.onDidDispose(() => {
      panel = undefined;
      running?.abort();
    });
  }

  async function explain(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      void showInformation("Open a file and select code to explain.");
      return;
    }
    const { document } = editor;
    if (!services.mayRead(document)) return;
    const range = editor.selection.isEmpty
      ? await enclosing(document, editor.selection.active)
      : editor.selection;
    const code = document.getText(range);
    if (code.trim() === "") {
      void showInformation("There is nothing here but white space: select the code to explain.");
      return;
    }
    if (await offerChatModel(services)) return;
    const context = await chatContext(services.engine);
    tokens = context - MAX_TOKENS;
    if (tokens < MAX_TOKENS / 2) tokens = Math.floor(context / 2);
    running?.abort();
    subject = {
      file: { uri: document.uri, languageId: document.languageId },
      path: services.pathOf(document.uri),
      languageId: document.languageId,
      firstLine: range.start.line + 1,
      lastLine: range.end.line + 1,
      code,
    };
    exchanges = [];
    openPanel();
    await ask("Explain this code.");
  }

  async function ask(question: string): Promise<void> {
    if (!subject || !services.mayRead(subject.file)) return;
    running?.abort();
    const abort = new AbortController();
    running = abort;
    const exchange: Exchange = { question, answer: "" };
    exchanges.push(exchange);
    const { turns, dropped } = conversationTurns(subject, exchanges, tokens);
    notice =
      dropped > 0 ? `The model no longer sees the oldest ${dropped} exchanges: its context is full.` : "";
    show();
    const showSometimes = atMostEvery(UPDATE_MS, show);
    const request = { messages: turns, maxTokens: MAX_TOKENS, signal: abort.signal };
    let said = "";
    try {
      const end = await readAnswer(services.engine, request, (text) => {
        exchange.answer += text;
        showSometimes();
      });
      said = noticeOfEnd(end, exchange.answer);
    } catch (error) {
      said = (error as Error).message;
      services.report(error);
    }
    if (running !== abort) return; // a later question took its place, and its notice holds
    running = undefined;
    if (said !== "") notice = said;
    show();
  }

  return vscode.Disposable.from(
    services.engine.onState(() => running && show()),
    vscode.commands.registerCommand("foretype.explainSelection", () => explain().catch(services.report)),
    { dispose: () => panel?.dispose() },
  );
}

const sentenceStart = (clause: string): string => clause.charAt(0).toUpperCase() + clause.slice(1);

/** The innermost function, class or the like around a place; its line where no language knows one. */
async function enclosing(document: vscode.TextDocument, at: vscode.Position): Promise<vscode.Range> {
  const symbols = await vscode.commands.executeCommand<
    (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined
  >("vscode.executeDocumentSymbolProvider", document.uri);
  let found: vscode.Range | undefined;
  const visit = (list: readonly (vscode.DocumentSymbol | vscode.SymbolInformation)[]): void => {
    for (const symbol of list) {
      const range = "range" in symbol ? symbol.range : symbol.location.range;
      if (!range.contains(at)) continue;
      found = range;
      if ("children" in symbol) visit(symbol.children);
    }
  };
  visit(symbols ?? []);
  return found ?? document.lineAt(at.line).range;
}
