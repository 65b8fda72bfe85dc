// The types of editor.mjs, which is plain JavaScript since set-up runs before any package exists.
type Note = (text: string) => void;

export interface RunningEditor {
  /** Opens `folder` in the workbench. */
  readonly url: string;
  /** The server, whose process group holds the extension host and all that it starts. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface EditorOptions {
  readonly port?: number;
  readonly folder: string;
  readonly profile: string;
  readonly extensions?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly log?: string;
}

export const QUIET: Readonly<Record<string, unknown>>;
export function editorUnavailable(): string | undefined;
export function setUpEditor(note: Note): Promise<string | undefined>;
export function findBrowser(): string | undefined;
export function setUpBrowser(note: Note): Promise<{ path: string } | { missing: string }>;
export function installExtension(vsix: string, extensions: string): Promise<void>;
export function startEditor(options: EditorOptions): Promise<RunningEditor>;
