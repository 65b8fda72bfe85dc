import type { EngineState } from "../../engine/client/index.ts";
import type { StoredMetrics, TraceRecord } from "../../engine/complete/index.ts";
import type { EngineStatus, ModelDescription } from "../../engine/contract/index.ts";
import type { Settings } from "../settings/index.ts";
import { baseName } from "../words/index.ts";

export interface DiagnosticsInput {
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly engine: EngineState;
  readonly status: EngineStatus | null;
  readonly model: ModelDescription | null;
  readonly metrics: StoredMetrics;
  readonly traces: readonly TraceRecord[];
}

/** For a bug report: no source text, no file names of the workspace, of paths only the last part. */
export function diagnostics(input: DiagnosticsInput): object {
  const { settings, status, model, engine } = input;
  const { exclude, ...pipeline } = settings.pipeline;
  const named = <T extends { readonly path: string }>(one: T): T => ({ ...one, path: baseName(one.path) });
  return {
    versions: input.versions,
    settings: {
      ...pipeline,
      excludePatterns: exclude.length,
      engine: settings.engine,
      completionModel: named(settings.completionModel),
      chatModel: named(settings.chatModel),
      context: settings.context,
      statistics: settings.statistics,
    },
    // A reason may name a file.
    engine: engine.kind === "loading" ? named(engine) : { kind: engine.kind },
    status: status && { ...status, models: status.models.map(named) },
    model: model && named(model),
    metrics: input.metrics,
    traces: input.traces.map(redact),
  };
}

function redact(record: TraceRecord): object {
  const { at, languageId, line, column, trigger, source, outcome, multiLine, stoppedBy } = record;
  const { confidence, times, tokens, drafted, acceptedDrafts, prompt } = record;
  return {
    at,
    languageId,
    line,
    column,
    trigger,
    source,
    outcome:
      outcome.kind === "shown"
        ? { kind: "shown", characters: outcome.text.length, lines: outcome.text.split("\n").length }
        : { kind: "nothing", id: outcome.silence.id },
    multiLine,
    stoppedBy,
    rawCharacters: record.raw.length,
    filters: record.filters.map(({ id, before, after }) => ({
      id,
      before: before.length,
      after: after === null ? null : after.length,
    })),
    confidence,
    prompt: prompt && { ...prompt, context: prompt.context.map(({ characters }) => characters) },
    times,
    tokens,
    drafted,
    acceptedDrafts,
  };
}
