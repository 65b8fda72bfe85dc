// A stand-in for the editor's API, as far as suggestions use it: a document keeps its lines and their offsets as VS Code's
// extension host does (an array of lines, and sums that hold up to the first line that has changed), and counts what is
// read of it. Tests mock the module `vscode` with this file; the benchmark of big files bundles it in that place.

/** What a document was asked for, in characters of text and in line lengths that were added up for an offset. */
export const read = { characters: 0, sums: 0 };

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
  translate = (lines = 0, characters = 0) => new Position(this.line + lines, this.character + characters);
  with = (line = this.line, character = this.character) => new Position(line, character);
  isEqual = (other: Position) => this.line === other.line && this.character === other.character;
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, end: Position | number, line?: number, character?: number) {
    this.start = typeof start === "number" ? new Position(start, end as number) : start;
    this.end = typeof start === "number" ? new Position(line!, character!) : (end as Position);
  }
  get isEmpty(): boolean {
    return this.start.isEqual(this.end);
  }
  get isSingleLine(): boolean {
    return this.start.line === this.end.line;
  }
}

export class Uri {
  readonly scheme: string;
  readonly path: string;
  constructor(scheme: string, path: string) {
    this.scheme = scheme;
    this.path = path;
  }
  static file = (path: string) => new Uri("file", path);
  get fsPath(): string {
    return this.path;
  }
  toString = () => `${this.scheme}://${this.path}`;
}

export class TextDocument {
  readonly uri: Uri;
  readonly languageId: string;
  version = 1;
  readonly isClosed = false;
  readonly eol = 1;
  private readonly lines: string[];
  private starts: Uint32Array;
  private valid = 0; // starts[0 … valid] hold

  constructor(uri: Uri, languageId: string, text: string) {
    this.uri = uri;
    this.languageId = languageId;
    this.lines = text.split("\n");
    this.starts = new Uint32Array(this.lines.length);
  }

  get lineCount(): number {
    return this.lines.length;
  }

  lineAt(line: number | Position) {
    const number = typeof line === "number" ? line : line.line;
    const text = this.lines[number]!;
    return {
      lineNumber: number,
      get text() {
        read.characters += text.length;
        return text;
      },
      range: new Range(number, 0, number, text.length),
    };
  }

  private validate({ line, character }: Position): Position {
    if (line >= this.lines.length) return new Position(this.lines.length - 1, this.lines.at(-1)!.length);
    return new Position(line, Math.min(character, this.lines[line]!.length));
  }

  getText(range?: Range): string {
    const start = this.validate(range?.start ?? new Position(0, 0));
    const end = this.validate(range?.end ?? new Position(this.lines.length, 0));
    const text = this.textIn(start, end);
    read.characters += text.length;
    return text;
  }

  private textIn(start: Position, end: Position): string {
    if (start.line === end.line) return this.lines[start.line]!.substring(start.character, end.character);
    const lines = [this.lines[start.line]!.substring(start.character)];
    for (let line = start.line + 1; line < end.line; line++) lines.push(this.lines[line]!);
    lines.push(this.lines[end.line]!.substring(0, end.character));
    return lines.join("\n");
  }

  offsetAt(position: Position): number {
    const { line, character } = this.validate(position);
    return this.startOf(line) + character;
  }

  private startOf(line: number): number {
    for (; this.valid < line; this.valid++) {
      read.sums++;
      this.starts[this.valid + 1] = this.starts[this.valid]! + this.lines[this.valid]!.length + 1;
    }
    return this.starts[line]!;
  }

  positionAt(offset: number): Position {
    this.startOf(this.lines.length - 1); // as VS Code does, to know whether the offset is inside
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return this.validate(new Position(low, offset - this.starts[low]!));
  }

  /** Replaces `range` by `text`, as a user does; what it costs is the editor's own. */
  edit(range: Range, text: string): { rangeOffset: number; rangeLength: number } {
    const { start, end } = range;
    const rangeOffset = this.startOf(start.line) + start.character;
    const rangeLength = this.startOf(end.line) + end.character - rangeOffset;
    const lines = text.split("\n");
    lines[lines.length - 1] += this.lines[end.line]!.substring(end.character);
    lines[0] = this.lines[start.line]!.substring(0, start.character) + lines[0];
    const below = this.lines.splice(start.line).slice(end.line - start.line + 1);
    for (const line of lines) this.lines.push(line);
    for (const line of below) this.lines.push(line);
    if (this.starts.length !== this.lines.length) {
      const starts = new Uint32Array(this.lines.length);
      starts.set(this.starts.subarray(0, start.line + 1));
      this.starts = starts;
    }
    this.valid = Math.min(this.valid, start.line);
    this.version++;
    return { rangeOffset, rangeLength };
  }
}

type Listener<T> = (event: T) => unknown;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  event = (listener: Listener<T>) => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(event: T): void {
    for (const listener of this.listeners) listener(event);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Disposable {
  readonly dispose: () => unknown;
  constructor(dispose: () => unknown) {
    this.dispose = dispose;
  }
  static from = (...all: { dispose(): unknown }[]) =>
    new Disposable(() => {
      for (const one of all) one.dispose();
    });
}

export class TabInputText {
  readonly uri: Uri;
  constructor(uri: Uri) {
    this.uri = uri;
  }
}

export class InlineCompletionItem {
  readonly insertText: string;
  readonly range: Range;
  readonly command: { readonly arguments: readonly unknown[] };
  constructor(insertText: string, range: Range, command: { readonly arguments: readonly unknown[] }) {
    this.insertText = insertText;
    this.range = range;
    this.command = command;
  }
}

export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };

interface Selections {
  readonly textEditor: ReturnType<typeof editorOf>;
  readonly selections: readonly { readonly active: Position; readonly isEmpty: boolean }[];
}

export const TextDocumentChangeReason = { Undo: 1, Redo: 2 };

const events = {
  activated: new EventEmitter<unknown>(),
  changed: new EventEmitter<object>(),
  selected: new EventEmitter<Selections>(),
  never: new EventEmitter<never>(),
};
const commandHandlers = new Map<string, (...args: never[]) => unknown>();

interface Provider {
  provideInlineCompletionItems(
    document: TextDocument,
    position: Position,
    context: object,
    token: object,
  ): Promise<InlineCompletionItem[]>;
}
let provider: Provider | undefined;

function editorOf(document: TextDocument, active: Position) {
  const selection = { active, start: active, end: active, isEmpty: true };
  return { document, selection, selections: [selection], options: { tabSize: 2, insertSpaces: true } };
}

export const window = {
  activeTextEditor: undefined as ReturnType<typeof editorOf> | undefined,
  visibleTextEditors: [],
  tabGroups: { all: [] as { tabs: { input: unknown }[] }[] },
  onDidChangeActiveTextEditor: events.activated.event,
  onDidChangeTextEditorSelection: events.selected.event,
  onDidChangeWindowState: events.never.event,
};

export const workspace = {
  textDocuments: [] as TextDocument[],
  workspaceFolders: [],
  onDidChangeTextDocument: events.changed.event,
  onDidCloseTextDocument: events.never.event,
  onDidOpenTextDocument: events.never.event,
  onDidSaveTextDocument: events.never.event,
  onDidChangeConfiguration: events.never.event,
  onDidChangeWorkspaceFolders: events.never.event,
  onWillRenameFiles: events.never.event,
  createFileSystemWatcher: () => ({
    onDidChange: events.never.event,
    onDidCreate: events.never.event,
    onDidDelete: events.never.event,
    dispose: () => {},
  }),
  getWorkspaceFolder: () => undefined,
  getConfiguration: () => ({ get: () => undefined }),
  fs: { isWritableFileSystem: () => true, stat: () => Promise.reject(new Error("not saved")) },
};

export const languages = {
  registerInlineCompletionItemProvider(_selector: unknown, one: Provider) {
    provider = one;
    return new Disposable(() => {});
  },
};

export const commands = {
  registerCommand(name: string, handler: (...args: never[]) => unknown) {
    commandHandlers.set(name, handler);
    return new Disposable(() => commandHandlers.delete(name));
  },
  executeCommand: async (name: string, ...args: never[]): Promise<unknown> =>
    commandHandlers.get(name)?.(...args),
};

/** What a user does. */
export const user = {
  open(path: string, languageId: string, text: string): TextDocument {
    const document = new TextDocument(Uri.file(path), languageId, text);
    workspace.textDocuments.push(document);
    window.tabGroups.all.push({ tabs: [{ input: new TabInputText(document.uri) }] });
    return document;
  },

  close(document: TextDocument): void {
    workspace.textDocuments.splice(workspace.textDocuments.indexOf(document), 1);
    window.tabGroups.all = window.tabGroups.all.filter(
      ({ tabs }) => !tabs.some(({ input }) => (input as TabInputText).uri === document.uri),
    );
  },

  goTo(document: TextDocument, position: Position): void {
    const isOther = window.activeTextEditor?.document !== document;
    window.activeTextEditor = editorOf(document, position);
    if (isOther) events.activated.fire(window.activeTextEditor);
    const { selections } = window.activeTextEditor;
    events.selected.fire({ textEditor: window.activeTextEditor, selections });
  },

  /** One key at the cursor. `before` is called when the document has changed, and nobody has been told yet. */
  async type(text: string, before: () => void = () => {}): Promise<InlineCompletionItem[]> {
    const { document, selection } = window.activeTextEditor!;
    const range = new Range(selection.active, selection.active);
    const change = { range, text, ...document.edit(range, text) };
    const lines = text.split("\n");
    const position =
      lines.length === 1
        ? range.start.translate(0, text.length)
        : new Position(range.start.line + lines.length - 1, lines.at(-1)!.length);
    before();
    events.changed.fire({ document, contentChanges: [change], reason: undefined });
    this.goTo(document, position);
    return provider!.provideInlineCompletionItems(
      document,
      position,
      { triggerKind: InlineCompletionTriggerKind.Automatic },
      { isCancellationRequested: false, onCancellationRequested: events.never.event },
    );
  },
};
