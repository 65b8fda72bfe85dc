import {
  type Answer,
  createPipeline,
  DEFAULT_SETTINGS,
  type Pipeline,
  type PipelineOptions,
  type PipelineSettings,
  type Question,
  type TraceRecord,
} from "../../../engine/complete/index.ts";
import type { Completer, CompletionRequest } from "../../../engine/contract/index.ts";
import { fakeClock } from "./clock.ts";

export interface Script extends Completer {
  readonly requests: CompletionRequest[];
  /** Deltas that were asked for. */
  pulled: number;
  /** Whether the stream was closed before its end. */
  left: boolean;
}

/** A completer that says the same each time. */
export function scripted(deltas: readonly string[], beforeEach: (index: number) => void = () => {}): Script {
  const script: Script = {
    requests: [],
    pulled: 0,
    left: false,
    async *complete(request) {
      script.requests.push(request);
      script.left = true;
      for (const [index, text] of deltas.entries()) {
        beforeEach(index);
        if (request.signal?.aborted) return undefined;
        script.pulled++;
        yield { text };
      }
      script.left = false;
      return undefined;
    },
  };
  return script;
}

/** A completer that writes when it is told to, for tests of what happens meanwhile. */
export function driven() {
  const requests: (CompletionRequest & {
    write(text: string, logProbability?: number): Promise<void>;
    end(): Promise<void>;
    fail(error: Error): Promise<void>;
    readonly gone: boolean;
  })[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const completer: Completer = {
    async *complete(request) {
      const queue: ({ text: string; logProbability?: number } | "end" | Error)[] = [];
      let wake = () => {};
      const state = { gone: false };
      const put = (item: (typeof queue)[number]) => {
        queue.push(item);
        wake();
        return settle();
      };
      request.signal?.addEventListener("abort", () => void put("end"));
      requests.push({
        ...request,
        write: (text, logProbability = -0.1) => put({ text, logProbability }),
        end: () => put("end"),
        fail: (error) => put(error),
        get gone() {
          return state.gone;
        },
      });
      try {
        for (;;) {
          const item = queue.shift();
          if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (item === "end") return undefined;
          else if (item instanceof Error) throw item;
          else yield item;
        }
      } finally {
        state.gone = true;
      }
    },
  };
  return { completer, requests, settle };
}

export interface Ask extends Partial<Question> {
  readonly path?: string;
  readonly languageId?: string;
  readonly readOnly?: boolean;
}

/** `marked`: the document, with `█` at the cursor. */
export function questionAt(marked: string, ask: Ask = {}): Question {
  const { path = "src/a.ts", languageId = "typescript", readOnly = false, ...more } = ask;
  const cursor = marked.indexOf("█");
  return {
    document: {
      uri: `file:///${path}`,
      path,
      languageId,
      text: marked.replace("█", ""),
      version: 1,
      readOnly,
    },
    cursor,
    trigger: "automatic",
    cursors: 1,
    selectionIsEmpty: true,
    indentation: { tabSize: 2, insertSpaces: true },
    ...more,
  };
}

/** A pipeline on a clock that the test turns. */
export function bench(
  completer: Completer,
  settings: Partial<PipelineSettings> = {},
  more: Partial<PipelineOptions> = {},
) {
  const clock = fakeClock();
  const traces: TraceRecord[] = [];
  const grown: [uri: string, cursor: number][] = [];
  const pipeline: Pipeline = createPipeline({
    completer,
    settings: () => ({ ...DEFAULT_SETTINGS, delay: 0, speculate: false, ...settings }),
    clock,
    onTrace: (record) => traces.push(record),
    onGrown: (uri, cursor) => grown.push([uri, cursor]),
    ...more,
  });
  return {
    pipeline,
    clock,
    traces,
    grown,
    ask: (marked: string, ask?: Ask): Promise<Answer> => pipeline.answer(questionAt(marked, ask)),
  };
}

/** What is shown, or why nothing is. */
export const outcome = (answer: Answer): { shown: string } | { nothing: string } =>
  answer.kind === "show" ? { shown: answer.suggestion.text } : { nothing: answer.silence.id };
