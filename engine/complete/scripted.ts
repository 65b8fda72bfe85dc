import type { Completer } from "../contract/index.ts";
import type { PipelineSettings, Silence, TraceRecord } from "./contract.ts";
import { createPipeline } from "./pipeline.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { indentationOf, languageIdOf, type Syntax } from "./text/index.ts";

/** One question, and the text that a model is made to write. */
export interface Scripted {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  /** As VS Code would name it; by default, from the path. */
  readonly languageId?: string;
  readonly text: string;
  /** In UTF-16 code units of `text`. */
  readonly cursor: number;
  readonly answer: string;
  /** Of the sizes of the pieces in which the answer comes. */
  readonly seed?: number;
  readonly trigger?: "automatic" | "invoked";
  readonly settings?: Partial<PipelineSettings>;
  /** The row that the suggest widget has chosen: it replaces the word before the cursor. */
  readonly selected?: string;
  /** With the grammar of the language loaded. */
  readonly syntax?: Syntax;
}

/** What one stage, the length policy or one filter made of the question or of the text. */
export interface StageVerdict {
  /** A stage's id, `length`, or `filter:` and the id of a filter. */
  readonly stage: string;
  /** `continue` and `found` lead to a suggestion; else the id of the silence, or what a filter has left of the text. */
  readonly verdict: string | { readonly before: string; readonly after: string | null };
}

export interface ScriptedOutcome {
  /** The ghost text at the cursor; null where there is none. */
  readonly shown: string | null;
  /** The whole text after the suggestion is accepted; the text itself where there is none. */
  readonly document: string;
  readonly silence: Silence | null;
  readonly stages: readonly StageVerdict[];
}

/** Runs the whole pipeline with a given text in the model's place. */
export async function completeScripted(question: Scripted): Promise<ScriptedOutcome> {
  const { path, text, cursor, answer, seed = 1, trigger = "automatic", settings, selected } = question;
  const stages: { stage: string; verdict: StageVerdict["verdict"] }[] = [];
  let trace: TraceRecord | undefined;
  const pipeline = createPipeline({
    completer: completerOf(answer, seed),
    settings: () => ({ ...DEFAULT_SETTINGS, delay: 0, speculate: false, ...settings }),
    ...(question.syntax && { syntax: question.syntax }),
    onStage: (stage, verdict) => stages.push({ stage, verdict }),
    onTrace: (record) => (trace = record),
  });
  try {
    const answered = await pipeline.answer({
      document: {
        uri: `file:///${path}`,
        path,
        languageId: question.languageId ?? languageIdOf(path, text),
        text,
        version: 1,
        readOnly: false,
      },
      cursor,
      trigger,
      cursors: 1,
      selectionIsEmpty: true,
      indentation: indentationOf(text),
      ...(selected !== undefined && {
        intellisense: { start: wordStart(text, cursor), end: cursor, text: selected },
      }),
    });
    const verdicts = withFilters(stages, trace);
    if (answered.kind === "nothing")
      return { shown: null, document: text, silence: answered.silence, stages: verdicts };
    const { start, end, text: inserted } = answered.suggestion;
    return {
      shown: inserted.slice(cursor - start),
      document: text.slice(0, start) + inserted + text.slice(end),
      silence: null,
      stages: verdicts,
    };
  } finally {
    pipeline.dispose();
  }
}

const MAX_PIECE = 8; // characters: tokens are shorter, most of the time

/** A completer that writes one text, in pieces. */
function completerOf(answer: string, seed: number): Completer {
  return {
    async *complete({ signal }) {
      const characters = Array.from(answer);
      let state = seed;
      for (let at = 0; at < characters.length; ) {
        if (signal?.aborted) return undefined;
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
        const size = 1 + Math.floor((state / 2 ** 32) * MAX_PIECE);
        yield { text: characters.slice(at, at + size).join("") };
        at += size;
      }
      return undefined;
    },
  };
}

/** The verdicts of the length policy and of the filters, which run where a decode's lines are kept, after `decode`. */
function withFilters(stages: readonly StageVerdict[], trace: TraceRecord | undefined): StageVerdict[] {
  if (!trace || !stages.some(({ stage }) => stage === "decode")) return [...stages];
  const at = stages.findIndex(({ stage }) => stage === "decode");
  const filters = trace.filters.map(({ id, before, after }) => ({
    stage: `filter:${id}`,
    verdict: { before, after },
  }));
  const length = { stage: "length", verdict: trace.stoppedBy ?? "continue" };
  return [...stages.slice(0, at), length, ...filters, ...stages.slice(at)];
}

function wordStart(text: string, cursor: number): number {
  return cursor - /[\p{L}\p{N}_$]*$/u.exec(text.slice(0, cursor))![0].length;
}
