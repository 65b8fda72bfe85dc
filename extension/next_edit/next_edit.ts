import * as vscode from "vscode";
import {
  createNextEdit,
  type DocumentChange,
  type EditHistory,
  type EditSource,
  type NextEditEvent,
  type NextEditView,
} from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import { editorCommand, placeOf } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import type { ReadOnly } from "../suggest/index.ts";
import { NEXT_EDIT_TAB } from "../words/index.ts";
import { announce } from "./announce.ts";
import { createDecorations } from "./decorate.ts";
import { createDiffEditor } from "./diff_editor.ts";
import { drawingOf } from "./drawing.ts";
import { insertionAt } from "./ghost.ts";
import { watchSurroundings } from "./surroundings.ts";
import { whyOff } from "./why_off.ts";

export interface NextEditsOptions {
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> };
  readonly snooze: { readonly untilMs: number };
  readonly readOnly: ReadOnly;
  readonly history: EditHistory;
  readonly sources: readonly EditSource[];
  /** Loads what the sources ask of a language, in the background: else they know nothing of the first edit. */
  readonly prepare: (languageId: string) => void;
  /** Whether ghost text of a model is on the screen. */
  readonly hasGhostText: () => boolean;
  /** Has the editor ask for ghost text at a place. */
  readonly askForGhost: (uri: string, cursor: number) => void;
  readonly onEvent: (event: NextEditEvent) => void;
  readonly report: (error: unknown) => void;
}

const SENTENCE_MS = 5000;
const FOLLOWS_MS = 150; // Tab waits that long for the edit after one that was taken
const TURN_MS = 1000; // … and for the key before it, which the editor may have left without an end
const CHORD = process.platform === "darwin" ? "Cmd+Alt+Enter" : "Ctrl+Alt+Enter";

/** The next edit: shown where it belongs, and put under Tab. */
export function createNextEdits(options: NextEditsOptions) {
  const { log, settings, snooze, readOnly, history } = options;
  /** Undefined while it is not known: then it can be. */
  const knownReadOnly = new WeakMap<vscode.TextDocument, boolean>();
  let isAsked = false;
  let wasShown = false;
  /** The edit that we have asked the editor to make. */
  let making: { readonly document: vscode.TextDocument; readonly change: DocumentChange } | undefined;
  /** Where a jump went, while the cursor is still there: Tab accepts there, whatever it would indent. */
  let landing: { readonly document: vscode.TextDocument; readonly position: vscode.Position } | undefined;
  /** The insertion that the editor shows as ghost text. */
  let ghost:
    | { readonly uri: string; readonly version: number; readonly cursor: number; readonly text: string }
    | undefined;
  let said: vscode.Disposable | undefined;
  let sentence = "";
  let isDrawing = false;
  let logged = "";

  const next = createNextEdit({
    clock: systemClock,
    history,
    sources: options.sources,
    whyOff(uri) {
      const active = vscode.window.activeTextEditor?.document;
      const isActive = active?.uri.toString() === uri;
      const document = isActive ? active : openDocument(uri);
      if (!document) return undefined;
      const { nextEdit, pipeline } = settings.current;
      return whyOff({
        ...surroundings.current,
        nextEdit,
        pipeline: { ...pipeline, snoozedUntilMs: snooze.untilMs },
        document: {
          ...placeOf(document.uri),
          languageId: document.languageId,
          readOnly: !isActive && (knownReadOnly.get(document) ?? false), // of the active one the view asks
        },
        isAsked,
        nowMs: systemClock.now(),
      });
    },
    onChange: drawSoon,
    onEvent(event) {
      log.debug(`next edit: ${event.kind}`);
      options.onEvent(event);
    },
    onError: (error) => log.error(error as Error),
  });
  const surroundings = watchSurroundings(drawSoon);
  const decorations = createDecorations(options.extensionUri);
  const diffEditor = createDiffEditor();
  const contexts = createContexts();

  /** The edit that was asked for, or all of our ghost text at once; a single character may as well be typed. */
  function isOurs(
    document: vscode.TextDocument,
    [change, ...more]: readonly vscode.TextDocumentContentChangeEvent[],
  ): boolean {
    if (!change || more.length > 0) return false;
    const { rangeOffset, rangeLength, text } = change;
    if (making?.document === document) {
      const { offset, removed, inserted } = making.change;
      return rangeOffset === offset && rangeLength === removed && bare(text) === bare(inserted);
    }
    if (!ghost || ghost.uri !== document.uri.toString() || ghost.text.length < 2) return false;
    return rangeLength === 0 && rangeOffset === ghost.cursor && bare(text) === bare(ghost.text);
  }

  function placeCursor(): void {
    const editor = vscode.window.activeTextEditor;
    const document = editor?.document;
    if (!editor || !document || !history.get(document.uri.toString())) {
      next.moved(undefined);
      return;
    }
    if (!knownReadOnly.has(document)) {
      knownReadOnly.set(document, false);
      void readOnly.check(document).then((is) => {
        knownReadOnly.set(document, is);
        if (is) placeCursor();
      });
    }
    if (!(landing?.document === document && landing.position.isEqual(editor.selection.active)))
      landing = undefined;
    next.moved({
      uri: document.uri.toString(),
      cursor: document.offsetAt(editor.selection.active),
      selectionIsEmpty: editor.selection.isEmpty,
      cursors: editor.selections.length,
      readOnly: knownReadOnly.get(document) ?? false,
      ghostText: options.hasGhostText(),
      // The editor tells nobody of these two: the conditions of the keys see to them.
      suggestList: false,
      snippet: false,
    });
  }

  /** Several things happen in one event: all are drawn at once. */
  function drawSoon(): void {
    if (isDrawing) return;
    isDrawing = true;
    queueMicrotask(() => {
      isDrawing = false;
      draw();
    });
  }

  function draw(): void {
    const editor = vscode.window.activeTextEditor;
    const view = next.view();
    const follows = view.kind === "none" && view.follows;
    if (wasShown && view.kind === "none" && !follows) isAsked = false;
    wasShown = view.kind === "shown";
    trace(view);
    drawGhost(editor, view);
    const facts = editor && {
      uri: editor.document.uri.toString(),
      cursorLine: editor.selection.active.line,
      wordWrap: surroundings.current.hasWordWrap,
      isGhost: ghost !== undefined,
      key: isTabOurs(editor) ? "Tab" : CHORD,
    };
    const drawing = facts && drawingOf(view, facts);
    decorations.show(editor, drawing);
    say(drawing?.sentence ?? "");
    contexts.set("foretype.nextEdit", wasShown);
    contexts.set("foretype.nextEditTab", follows || (wasShown && facts?.key === "Tab"));
  }

  function drawGhost(editor: vscode.TextEditor | undefined, view: NextEditView): void {
    const before = ghost;
    ghost = editor && ghostIn(editor, view);
    if (ghost) {
      if (before?.text !== ghost.text || before.cursor !== ghost.cursor)
        options.askForGhost(ghost.uri, ghost.cursor);
    } else if (before && before.version === editor?.document.version) hideGhost();
  }

  /** The editor shows ghost text until it is told otherwise, or the text changes. */
  const hideGhost = () => void editorCommand("editor.action.inlineSuggest.hide");

  function trace(view: NextEditView): void {
    const state = view.kind === "none" ? view.silence.id : `line ${view.proposal.line + 1}, ${view.tab}`;
    if (state !== logged) log.debug(`next edit: ${state}`);
    logged = state;
  }

  function ghostIn(editor: vscode.TextEditor, view: NextEditView): typeof ghost {
    const { document, selection } = editor;
    const uri = document.uri.toString();
    if (view.kind === "none" || view.proposal.uri !== uri || !surroundings.current.showsGhosts)
      return undefined;
    const cursor = document.offsetAt(selection.active);
    const line = document.lineAt(selection.active.line).text;
    const text = insertionAt(view.proposal, cursor, line.slice(selection.active.character));
    return text === undefined ? undefined : { uri, version: document.version, cursor, text };
  }

  /** Whether Tab would indent nothing where the cursor is. */
  function isTabOurs({ document, selection }: vscode.TextEditor): boolean {
    const { active } = selection;
    if (landing?.document === document && landing.position.isEqual(active)) return true;
    return document.lineAt(active.line).firstNonWhitespaceCharacterIndex < active.character;
  }

  /** Told where a screen reader finds it, once for each, and read aloud: when it appears, and again where Tab has jumped. */
  function say(text: string): void {
    if (text === sentence) return;
    sentence = text;
    said?.dispose();
    said =
      text === ""
        ? undefined
        : vscode.Disposable.from(vscode.window.setStatusBarMessage(text), announce(text));
  }

  async function jump(from: vscode.TextEditor, uri: string, offset: number): Promise<void> {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
    const position = document.positionAt(offset);
    const range = new vscode.Range(position, position);
    const editor =
      from.document === document
        ? from
        : await vscode.window.showTextDocument(document, { selection: range });
    landing = { document, position };
    editor.selection = new vscode.Selection(position, position);
    placeCursor(); // the editor tells of it later than the next key may come
    const folded = { selectionLines: [position.line], levels: 100, direction: "up" };
    await editorCommand("editor.unfold", folded);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** As one step of undo, and only where the text is as it was when the edit was found. */
  async function accept(editor: vscode.TextEditor, { change, cursor }: Accepting): Promise<void> {
    const { document } = editor;
    const { offset, removed, inserted } = change;
    const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + removed));
    making = { document, change };
    try {
      const undoStops = { undoStopBefore: true, undoStopAfter: true };
      // Refused where the document has another version by then.
      if (!(await editor.edit((builder) => builder.replace(range, inserted), undoStops)))
        return tell("The text was changed meanwhile, so nothing was done.");
    } finally {
      making = undefined;
    }
    const endings =
      document.eol === vscode.EndOfLine.CRLF ? bareLineEnds(inserted.slice(0, cursor - offset)) : 0;
    const position = document.positionAt(cursor + endings);
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** @returns whether there was one */
  async function goOn(): Promise<boolean> {
    const editor = vscode.window.activeTextEditor;
    const action = next.tab();
    if (!editor || action.kind === "none") return false;
    if (action.kind === "jump") await jump(editor, action.uri, action.offset);
    else await accept(editor, action);
    return true;
  }

  /** Contexts of keys lag behind: what is on the screen now decides, and else Tab does what it did before. */
  async function tab(): Promise<void> {
    const before = next.view();
    if (before.kind === "none" && before.follows) await within(FOLLOWS_MS, next.settled());
    const editor = vscode.window.activeTextEditor;
    if (editor && next.view().kind === "shown" && isTabOurs(editor) && (await goOn())) return;
    await editorCommand("tab");
  }

  /** The key that always works: goes on, or looks for one, or says why there is none. */
  async function goOnOrAsk(): Promise<void> {
    if (await goOn()) return;
    isAsked = true;
    await next.ask();
    const view = next.view();
    if (view.kind === "shown") return;
    isAsked = false;
    tell(`No next edit: ${sentenceOf(view.silence)}`);
  }

  function refuse(): void {
    if (!next.escape()) tell("There is no next edit to refuse.");
  }

  async function showAsDiff(): Promise<void> {
    const view = next.view();
    if (view.kind === "none") return tell(`No next edit: ${sentenceOf(view.silence)}`);
    next.keep();
    const uri = vscode.Uri.parse(view.proposal.uri, true);
    await diffEditor.show(await vscode.workspace.openTextDocument(uri), view.proposal);
  }

  /** Of two quick keys the second is about what the first one leaves: it waits for its turn. */
  let turn: Promise<void> = Promise.resolve();
  const run = (command: () => unknown) => (): Promise<void> => {
    const before = turn;
    turn = (async () => {
      await within(TURN_MS, before);
      try {
        await command();
      } catch (error) {
        options.report(error);
      }
    })();
    return turn;
  };
  const registrations = vscode.Disposable.from(
    vscode.commands.registerCommand(NEXT_EDIT_TAB, run(tab)),
    vscode.commands.registerCommand("foretype.acceptNextEdit", run(goOnOrAsk)),
    vscode.commands.registerCommand("foretype.refuseNextEdit", run(refuse)),
    vscode.commands.registerCommand("foretype.showNextEdit", run(showAsDiff)),
    settings.onChange(placeCursor),
    vscode.window.onDidChangeActiveTextEditor(placeCursor),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor === vscode.window.activeTextEditor) placeCursor();
    }),
    new vscode.Disposable(
      history.listen({
        opened({ languageId }) {
          if (languageId !== undefined) options.prepare(languageId);
          placeCursor();
        },
        changed() {},
        renamed() {},
        closed() {},
      }),
    ),
  );
  placeCursor();

  return {
    isOurs,
    /** What the editor shows as ghost text at a place, instead of what a model would write there. */
    ghostAt(
      document: vscode.TextDocument,
      position: vscode.Position,
    ): vscode.InlineCompletionItem | undefined {
      if (ghost?.uri !== document.uri.toString() || document.offsetAt(position) !== ghost.cursor)
        return undefined;
      return new vscode.InlineCompletionItem(ghost.text, new vscode.Range(position, position));
    },
    /** Escape has hidden what was on the screen. @returns whether that was a next edit */
    dismissGhost: (): boolean => ghost !== undefined && next.escape(),
    /** What else is on the screen may be another now. */
    refresh: placeCursor,
    /** What is shown, or why nothing is. */
    view: next.view,
    dispose(): void {
      said?.dispose();
      contexts.clear();
      for (const one of [registrations, next, surroundings, decorations, diffEditor]) one.dispose();
    },
  };
}

interface Accepting {
  readonly change: DocumentChange;
  readonly cursor: number;
}

const tell = (text: string): void => void vscode.window.setStatusBarMessage(`Foretype: ${text}`, SENTENCE_MS);

/** Contexts of keybindings, set where they change. */
function createContexts() {
  const known = new Map<string, boolean>();
  const set = (name: string, value: boolean): void => {
    if ((known.get(name) ?? false) === value) return;
    known.set(name, value);
    void vscode.commands.executeCommand("setContext", name, value);
  };
  return {
    set,
    clear(): void {
      for (const name of known.keys()) set(name, false);
    },
  };
}

const openDocument = (uri: string): vscode.TextDocument | undefined =>
  vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);

/** With line ends as we write them; the editor writes the document's. */
const bare = (text: string): string => text.replaceAll("\r\n", "\n");

const bareLineEnds = (text: string): number => (text.match(/(?<!\r)\n/g) ?? []).length;

const within = (ms: number, promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms))]);
