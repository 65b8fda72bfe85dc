import type { Completer } from "../contract/index.ts";
import type { PipelineSettings, Silence, TraceRecord } from "./contract.ts";
import { createPipeline } from "./pipeline.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { indentationOf, languageIdOf, type Syntax } from "./text/index.ts";

/** One question about a text that no editor holds. */
export interface OneQuestion {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  /** Where a link leads, as in `DocumentView`. */
  readonly target?: string | undefined;
  /** As VS Code would name it; by default, from the path. */
  readonly languageId?: string;
  readonly text: string;
  /** In UTF-16 code units of `text`. */
  readonly cursor: number;
  readonly trigger?: "automatic" | "invoked";
  /** In place of the defaults, which here wait for no key, compute nothing ahead, and have ten minutes. */
  readonly settings?: Partial<PipelineSettings>;
  /** The row that the suggest widget has chosen: it replaces the word before the cursor. */
  readonly selected?: string;
  /** With the grammar of the language loaded. */
  readonly syntax?: Syntax;
  /** Sees the text grow, as in `createPipeline`. */
  readonly onPartial?: (text: string) => void;
}

/** What one stage, the length policy or one filter made of the question or of the text. */
export interface StageVerdict {
  /** A stage's id, `length`, or `filter:` and the id of a filter that changed the text. */
  readonly stage: string;
  /** `continue` and `found` lead to a suggestion; else the id of the silence, or what a filter has left of the text. */
  readonly verdict: string | { readonly before: string; readonly after: string | null };
}

export interface OneAnswer {
  /** The ghost text at the cursor; null where there is none. */
  readonly shown: string | null;
  /** The whole text after the suggestion is accepted; the text itself where there is none. */
  readonly document: string;
  readonly silence: Silence | null;
  readonly stages: readonly StageVerdict[];
  readonly trace: TraceRecord;
}

/** No user types here: the same text gives the same answer, however fast the machine is. */
const UNHURRIED = { delay: 0, timeLimitMs: 600_000, speculate: false } as const;

/** Asks a pipeline of its own one question, as the editor would. */
export async function completeOnce(question: OneQuestion, completer: Completer): Promise<OneAnswer> {
  const { path, target, text, cursor, selected, syntax, onPartial } = question;
  const languageId = question.languageId ?? languageIdOf(path, text);
  const stages: StageVerdict[] = [];
  let trace: TraceRecord | undefined;
  const pipeline = createPipeline({
    completer,
    settings: () => ({ ...DEFAULT_SETTINGS, ...UNHURRIED, ...question.settings }),
    ...(syntax && { syntax }),
    ...(onPartial && { onPartial }),
    onStage: (stage, verdict) => stages.push({ stage, verdict }),
    onTrace: (record) => (trace = record),
  });
  try {
    const answered = await pipeline.answer({
      document: { uri: `file:///${path}`, path, target, languageId, text, version: 1, readOnly: false },
      cursor,
      trigger: question.trigger ?? "automatic",
      cursors: 1,
      selectionIsEmpty: true,
      indentation: indentationOf(text, languageId),
      ...(selected !== undefined && {
        intellisense: { start: replacedFrom(text, cursor, selected), end: cursor, text: selected },
      }),
    });
    const told = { stages: withFilters(stages, trace!), trace: trace! };
    if (answered.kind === "nothing")
      return { shown: null, document: text, silence: answered.silence, ...told };
    const { start, end, text: inserted } = answered.suggestion;
    return {
      shown: inserted.slice(cursor - start),
      document: text.slice(0, start) + inserted + text.slice(end),
      silence: null,
      ...told,
    };
  } finally {
    pipeline.dispose();
  }
}

/** The verdicts of the length policy and of the filters, which run where a decode's lines are kept, before `decode` ends. */
function withFilters(stages: readonly StageVerdict[], trace: TraceRecord): StageVerdict[] {
  const at = stages.findIndex(({ stage }) => stage === "decode");
  if (at === -1) return [...stages];
  const filters = trace.filters.map(({ id, before, after }) => ({
    stage: `filter:${id}`,
    verdict: { before, after },
  }));
  const length = { stage: "length", verdict: trace.stoppedBy ?? "continue" };
  return [...stages.slice(0, at), length, ...filters, ...stages.slice(at)];
}

/** Where a row of the suggest widget begins to replace: at the word, or before it where the row begins with more. */
function replacedFrom(text: string, cursor: number, selected: string): number {
  const head = text
    .slice(0, cursor)
    .split(/[\r\n]/)
    .at(-1)!;
  const word = /[\p{L}\p{N}_$]*$/u.exec(head)![0].length;
  for (let length = Math.min(head.length, selected.length); length > word; length--)
    if (head.endsWith(selected.slice(0, length))) return cursor - length;
  return cursor - word;
}
