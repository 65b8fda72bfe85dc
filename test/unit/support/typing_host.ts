// The parts of the extension that work on a keystroke, put together as extension.ts does, with a scripted model. Who
// imports this puts editor.ts in the place of the module `vscode`.
import {
  createLifecycle,
  createMetrics,
  createPipeline,
  DEFAULT_SETTINGS,
  type Syntax,
} from "../../../engine/complete/index.ts";
import { type Completer, systemClock } from "../../../engine/contract/index.ts";
import { createEditorContext, createIgnoredFiles } from "../../../extension/context/index.ts";
import { createEditLog } from "../../../extension/edit_log/index.ts";
import { createTraceRecorder } from "../../../extension/recording/index.ts";
import type { Settings } from "../../../extension/settings/index.ts";
import { createGhostText, createReadOnly, watchSuggestions } from "../../../extension/suggest/index.ts";

export interface TypingHostOptions {
  /** What the model writes at each place. */
  readonly answer: string;
  readonly syntax?: Syntax;
  readonly recordTyping?: boolean;
  /** Where recordings would be written. */
  readonly storage?: string;
}

export function createTypingHost({
  answer,
  syntax,
  recordTyping = false,
  storage = "/nowhere",
}: TypingHostOptions) {
  const settings = {
    current: {
      nextEdit: "repeat",
      pipeline: { ...DEFAULT_SETTINGS, delay: 0, speculate: false },
      context: { recentEdits: true, definitions: true, openFiles: true },
      contextTokens: 4096,
      recordTyping,
    } as Partial<Settings> as Settings,
    onChange: () => ({ dispose: () => {} }),
  };
  const silent = { debug() {}, info() {}, warn() {} };
  const log = silent as unknown as Parameters<typeof createGhostText>[0]["log"];
  const completer: Completer = {
    async *complete() {
      yield { text: answer };
      return undefined;
    },
  };
  const recorder = createTraceRecorder({
    storage: { fsPath: storage } as Parameters<typeof createTraceRecorder>[0]["storage"],
    log,
    settings,
  });
  const ignoredFiles = createIgnoredFiles();
  const edits = createEditLog({ settings, ignoredFiles, isOurs: () => false });
  const { history } = edits;
  const context = createEditorContext({ settings, ignoredFiles, history, modelPositions: () => 8192 });
  const metrics = createMetrics({ now: systemClock.now });
  const pipeline = recorder.watch(
    createPipeline({
      completer,
      settings: () => ({ ...settings.current.pipeline, snoozedUntilMs: 0 }),
      context,
      onTrace: metrics.trace,
      ...(syntax && { syntax }),
    }),
  );
  const lifecycle = createLifecycle({ clock: systemClock, emit: metrics.lifecycle, textOf: () => undefined });
  const parts = [
    recorder,
    ignoredFiles,
    edits,
    context,
    pipeline,
    lifecycle,
    createGhostText({ log, onAsked: () => {}, pipeline, lifecycle, readOnly: createReadOnly() }),
    watchSuggestions(lifecycle),
  ];
  return {
    pipeline,
    lifecycle,
    metrics,
    dispose(): void {
      for (const part of parts) part.dispose();
    },
  };
}
