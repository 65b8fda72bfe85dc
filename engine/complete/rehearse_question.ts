import type { Clock, Completer } from "../contract/index.ts";
import { createContext } from "./context/index.ts";
import type { Question } from "./contract.ts";
import { createPipeline } from "./pipeline.ts";
import { closedGate } from "./policy/index.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { type Pieces, placeAt } from "./text/index.ts";

const PAUSE_MS = 20;
const HEAD = "function sum(items) {\n  let total = 0;\n  return ";
const TEXT = `${HEAD}\n}\n`;
const FILE = { uri: "file:///rehearsal.ts", path: "rehearsal.ts", languageId: "typescript" };
const QUESTION: Question = {
  document: { ...FILE, text: TEXT, version: 1, readOnly: false },
  cursor: HEAD.length,
  trigger: "automatic",
  cursors: 1,
  selectionIsEmpty: true,
  indentation: { tabSize: 2, insertSpaces: true },
};

/**
 * Asks a pipeline of its own, whose model writes one word: each stage runs once, in turns as those of a real question.
 * @returns the pipeline, which may still be at it
 */
export function* rehearseQuestion(clock: Clock): Pieces<{ dispose(): void }> {
  const place = placeAt(TEXT, HEAD.length);
  closedGate(QUESTION, DEFAULT_SETTINGS, { place, inComment: () => false, nowMs: clock.now() });
  yield;
  const other = { uri: "file:///other.ts", path: "other.ts", languageId: "typescript", text: TEXT };
  const context = createContext({
    budget: () => TEXT.length,
    openDocuments: () => [other],
    recentEdits: () => [],
    definitions: () => [],
    isExcluded: () => false,
  });
  context.chunks(QUESTION.document, QUESTION.cursor);
  yield;
  const pause = () => new Promise<void>((resolve) => void clock.setTimeout(resolve, PAUSE_MS));
  const completer: Completer = {
    async *complete() {
      await pause();
      yield { text: "total;" };
      return undefined;
    },
  };
  const settings = { ...DEFAULT_SETTINGS, delay: PAUSE_MS };
  const pace = { now: clock.now, pause };
  const pipeline = createPipeline({ completer, settings: () => settings, context, clock, pace });
  yield;
  void pipeline.answer(QUESTION).finally(() => pipeline.dispose());
  return pipeline;
}
