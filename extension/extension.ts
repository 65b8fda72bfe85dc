// The extension: ghost text, explain and refactor, pages and settings, as VS Code shows them.
// Start at activate() below: each part is made here, in order, and handed what it needs.
// Owns everything that imports vscode; what it says and counts is worked out in modules that do not (*_text.ts and others).
// Promise: activation only registers, and nothing blocks the extension host for longer than 5 ms.
// Must not know: GPUs, tensors; the engine is spoken to through engine/client/ alone.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { EngineState } from "../engine/client/index.ts";
import {
  createLifecycle,
  createPipeline,
  createSyntax,
  editorPace,
  type LifecycleEvent,
  type Pipeline,
  type PipelineSettings,
  repeatSource,
  type TraceRecord,
  warmUp,
} from "../engine/complete/index.ts";
import { systemClock } from "../engine/contract/index.ts";
import { registerCommands } from "./commands.ts";
import { createEditorContext, createIgnoredFiles } from "./context/index.ts";
import { createEditLog } from "./edit_log/index.ts";
import { editorCommand, exclusionOfFile, mayRead, pathOf } from "./editor/index.ts";
import { registerExplain } from "./explain/index.ts";
import { createDownloads } from "./models/index.ts";
import { chosenModelSource, createNextEdits } from "./next_edit/index.ts";
import { createTraceRecorder, type TraceRecorder } from "./recording/index.ts";
import { registerRefactor } from "./refactor/index.ts";
import type { Services } from "./services/index.ts";
import { createEngine, type Engine, openLog } from "./services/index.ts";
import { type Settings, watchConfiguration } from "./settings/index.ts";
import { createStatistics, type Statistics } from "./statistics/index.ts";
import { createReport, showLanguageStatus, showStatusBar, watchStatus } from "./status/index.ts";
import { createGhostText, createReadOnly, createSnooze, watchSuggestions } from "./suggest/index.ts";
import { registerPages } from "./webviews/index.ts";

let statistics: Statistics | undefined;
let recorder: TraceRecorder | undefined;

/** Registers, and no more: the engine starts with the first request, grammars load with the first document. */
export function activate(context: vscode.ExtensionContext): void {
  const startedMs = performance.now();
  const own = <T extends vscode.Disposable>(one: T): T => {
    context.subscriptions.push(one);
    return one;
  };

  const log = own(openLog());
  const settings = own(watchConfiguration(log));
  const report = createReport(log);
  const snooze = own(createSnooze());
  const downloads = own(createDownloads());
  const readOnly = own(createReadOnly());
  const ignoredFiles = own(createIgnoredFiles());
  const { history } = own(
    createEditLog({
      settings,
      ignoredFiles,
      isOurs: (document, changes): boolean => nextEdit.isOurs(document, changes),
    }),
  );
  const engine = own(createEngine({ extensionPath: context.extensionPath, log, settings }));
  statistics = own(createStatistics(context.globalStorageUri, log));
  const { metrics, onChange: onMetrics } = statistics;
  const onTrace = own(new vscode.EventEmitter<TraceRecord>());

  const grammars = join(context.extensionPath, "out", "grammars");
  const syntax = createSyntax({
    read: (file) => readFile(join(grammars, file)),
    onError: (message) => log.warn(message),
  });
  const pipelineSettings = (): PipelineSettings => ({
    ...settings.current.pipeline,
    snoozedUntilMs: snooze.untilMs,
  });
  const editorContext = own(
    createEditorContext({ settings, ignoredFiles, history, modelPositions: () => engine.modelPositions }),
  );
  recorder = own(createTraceRecorder({ storage: context.globalStorageUri, log, settings }));
  const pipeline = own(
    recorder.watch(
      createPipeline({
        completer: engine.completer,
        settings: pipelineSettings,
        context: editorContext,
        syntax,
        pace: editorPace,
        onGrown: (uri, cursor, trigger) => ghostText.retrigger(uri, cursor, trigger),
        isLoading: () => isLoading(engine.service.state),
        onTrace(record) {
          if (settings.current.statistics) metrics.trace(record);
          onTrace.fire(record);
        },
      }),
    ),
  );
  const lifecycle = own(
    createLifecycle({
      clock: systemClock,
      emit(event: LifecycleEvent) {
        if (settings.current.statistics) metrics.lifecycle(event);
        if (event.kind === "shown") pipeline.shown(event.id);
      },
      onTyped(characters) {
        if (settings.current.statistics) metrics.typed(characters);
      },
      textOf(uri, start, end) {
        const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
        return document?.getText(new vscode.Range(document.positionAt(start), document.positionAt(end)));
      },
    }),
  );
  own(watchSuggestions(lifecycle));
  const nextEdit = own(
    createNextEdits({
      extensionUri: context.extensionUri,
      log,
      settings,
      snooze,
      readOnly,
      history,
      sources: [
        repeatSource(syntax, editorPace),
        chosenModelSource({ settings, model: engine.editModel, filesFor: editorContext.filesFor, report }),
      ],
      prepare: (languageId) => void syntax.ready(languageId),
      hasGhostText: () => lifecycle.current !== undefined,
      askForGhost: (uri, cursor) => ghostText.retrigger(uri, cursor, "automatic"),
      onEvent(event) {
        if (settings.current.statistics) metrics.nextEdit(event);
      },
      report,
    }),
  );
  const rehearsal = own(warmUp(systemClock));
  const ghostText = own(
    createGhostText({ log, onAsked: rehearsal.postpone, pipeline, lifecycle, readOnly, nextEdit }),
  );
  own(engine.onRecovered(() => ghostText.retriggerLast()));
  own(forgetWithModel(settings, engine, pipeline));

  const status = own(
    watchStatus({
      log,
      engine,
      settings,
      snooze,
      downloads,
      summary: metrics.summary,
      onMetrics,
      onTrace: onTrace.event,
      report,
    }),
  );
  own(showStatusBar(status, settings));
  own(showLanguageStatus(status));

  const services: Services = {
    context,
    log,
    engine: engine.service,
    settings,
    traces: () => readableTraces(pipeline.traces(), settings.current),
    onTrace: onTrace.event,
    metrics,
    onMetrics,
    report,
    mayRead: (file) => mayRead(file, settings.current.pipeline.exclude),
    pathOf,
  };
  const why = {
    status,
    readOnly,
    settings: pipelineSettings,
    syntax,
    traces: services.traces,
    nextEdit: nextEdit.view,
  };
  own(registerCommands({ services, engine, lifecycle, snooze, status, why, downloads }));
  own(registerExplain(services));
  own(registerRefactor(services));
  own(registerPages(services));

  log.debug(`activated in ${(performance.now() - startedMs).toFixed(1)} ms`);
}

export const deactivate = (): Promise<unknown> => Promise.all([statistics?.flush(), recorder?.flush()]);

const isLoading = ({ kind }: EngineState): boolean => kind === "starting" || kind === "loading";

/**
 * What one model suggested, on one device and with some files beside the text, says nothing of what another would;
 * kept prompts may hold text that is excluded now.
 */
function forgetWithModel(
  settings: Services["settings"],
  engine: Engine,
  pipeline: Pick<Pipeline, "forget">,
): vscode.Disposable {
  const forget = () => {
    pipeline.forget();
    void editorCommand("editor.action.inlineSuggest.hide");
  };
  const shape = ({ completionModel, engine: { device }, context, pipeline: { exclude } }: Settings) =>
    JSON.stringify([completionModel, device, context, exclude]);
  let known = shape(settings.current);
  return vscode.Disposable.from(
    engine.onReplaced(forget),
    settings.onChange((changed) => {
      const now = shape(changed);
      if (now !== known) forget();
      known = now;
    }),
  );
}

/** Without those that hold text of files that are excluded by now. */
const readableTraces = (traces: readonly TraceRecord[], { pipeline: { exclude } }: Settings): TraceRecord[] =>
  traces.filter(
    ({ uri, languageId, raw }) =>
      raw === "" || !exclusionOfFile({ uri: vscode.Uri.parse(uri), languageId }, exclude),
  );
