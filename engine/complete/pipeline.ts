import { type Clock, type Completer, systemClock } from "../contract/index.ts";
import { createAhead } from "./ahead.ts";
import type {
  Answer,
  ContextSource,
  Pipeline,
  PipelineSettings,
  Question,
  Silence,
  TraceRecord,
} from "./contract.ts";
import type { Decode } from "./decode.ts";
import { createDismissals } from "./dismissals.ts";
import { presentable } from "./filters/index.ts";
import { createKept } from "./kept.ts";
import { createPauses } from "./pauses.ts";
import { createRhythm } from "./policy/index.ts";
import { createQuestions } from "./questions.ts";
import { createRunning } from "./running.ts";
import { engineError } from "./silences.ts";
import {
  type Asked,
  attach,
  decode,
  delay,
  type Found,
  gate,
  type Placed,
  prompt,
  recall,
  replacement,
  requestFor,
  type Stage,
  type StageId,
  unlessAttached,
  withheld,
} from "./stages/index.ts";
import {
  type CursorText,
  createAnchors,
  cursorTextAt,
  inSlices,
  type Pace,
  placeAt,
  type Syntax,
  withLineEnding,
} from "./text/index.ts";
import { createTraces, type Traced } from "./trace.ts";

export interface PipelineOptions {
  readonly completer: Completer;
  readonly settings: () => PipelineSettings;
  readonly context?: ContextSource;
  readonly syntax?: Syntax;
  readonly clock?: Clock;
  /** How a thread that serves others is given back while a text is filtered; left out: it is not. */
  readonly pace?: Pace;
  /** The answer at this place has become better since it was given: ask again, with the trigger of that question. */
  readonly onGrown?: (uri: string, cursor: number, trigger: Question["trigger"]) => void;
  /** Whether the model is being loaded: a silence tells it. */
  readonly isLoading?: () => boolean;
  readonly onTrace?: (record: TraceRecord) => void;
  /** Sees the text of the running decode grow, after the length policy and before the filters. */
  readonly onPartial?: (text: string) => void;
  /** Sees what each stage made of a question, in the order in which they ran. */
  readonly onStage?: (stage: StageId, verdict: string) => void;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { completer, settings, context, syntax, clock = systemClock, pace, onStage } = options;
  const { isLoading = () => false } = options;
  const questions = createQuestions();
  const rhythm = createRhythm();
  const anchors = createAnchors(clock.now);
  const kept = createKept({ contextOf: anchors.contextOf, onGrown: options.onGrown });
  const dismissals = createDismissals();
  const traces = createTraces({ now: clock.now, kept, onTrace: options.onTrace });
  let settingsShape: string | undefined;
  const running = createRunning({ completer, clock, beforeEnd: pace && filterInTurns, onText, onEnd });
  const ahead = createAhead({ clock, settings, kept, running });
  const pauses = createPauses({
    completer,
    clock,
    isBusy: () => running.current !== undefined,
    better: (question: Question) => {
      if (settings().profile === "eco") return undefined;
      const { document, cursor } = question;
      return anchors.tidied(cursorTextAt(document, cursor), document.path, () => contextOf(question));
    },
  });

  /**
   * From a question to a suggestion, the cheapest way first, until a stage finds one or ends in a silence. The second
   * argument is all that a stage may touch. The filters run where a decode's lines are kept (kept.ts); `show` has the
   * stages that follow: confidence and range.
   */
  const stages: readonly (readonly [StageId, Stage])[] = [
    ["gate", (asked) => gate(asked, { questions, rhythm, running })],
    ["recall", (asked) => recall(asked, { dismissals, kept, running })],
    ["attach", (asked) => attach(asked, { running })],
    ["delay", unlessAttached((asked) => delay(asked, { clock, rhythm }))],
    ["prompt", unlessAttached((asked) => prompt(asked, { ahead, anchors, contextOf, running }))],
    ["decode", (asked) => decode(asked, { clock, isLoading, kept, running })],
  ];

  async function answer(question: Question): Promise<Answer> {
    let asked = ask(question);
    for (const [id, stage] of stages) {
      const step = stage(asked);
      // Awaited only where a stage takes time: a kept suggestion is served in the keystroke's own turn.
      const outcome = step instanceof Promise ? await step : step;
      onStage?.(id, outcome.kind === "silence" ? outcome.silence.id : outcome.kind);
      switch (outcome.kind) {
        case "continue":
          asked = outcome.asked;
          break;
        case "found":
          return show(outcome.found);
        case "silence":
          return nothing(outcome.asked, outcome.silence);
        case "again":
          return answer(question);
      }
    }
    throw new Error(`no stage has answered the question at ${question.cursor} of ${question.document.uri}`);
  }

  function ask(question: Question): Asked {
    const askedMs = clock.now();
    const superseded = questions.begin(question);
    ahead.cancel();
    running.wake(); // older questions see that they are superseded
    question.signal?.addEventListener("abort", running.wake, { once: true });
    const placed = placedAt(question, cursorTextAt(question.document, question.cursor));
    return { ...placed, askedMs, superseded, delayMs: 0, source: "model" };
  }

  function placedAt(question: Question, cursorText: CursorText): Placed {
    const { before, after } = cursorText;
    const { languageId, path } = question.document;
    const now = settings();
    const facts = syntax?.factsAt(languageId, before, after);
    return {
      question,
      settings: now,
      cursorText,
      key: answerKey(question, now),
      place: placeAt(before + after, before.length),
      facts,
      hints: { languageId, path, ...question.indentation, facts, controlTexts: completer.controlTexts },
    };
  }

  function show(found: Found): Answer {
    const { entry } = found.hit;
    const silence = withheld(found);
    onStage?.("confidence", silence?.id ?? "continue");
    if (silence) return nothing(found, silence);
    const range = replacement(found);
    onStage?.("range", "id" in range ? range.id : "found");
    if ("id" in range) return nothing(found, range);
    if (found.question.trigger === "invoked") {
      entry.dismissed = false;
      dismissals.lift(found.cursorText);
    }
    kept.show(entry);
    const { source } = found;
    traces.add(found, source, { kind: "shown", id: entry.id, text: range.text });
    return { kind: "show", suggestion: { id: entry.id, ...range, source } };
  }

  function nothing(traced: Traced, silence: Silence): Answer {
    traces.add(traced, null, { kind: "nothing", silence });
    return { kind: "nothing", silence };
  }

  function contextOf({ document, cursor }: Question) {
    return context?.chunks(document, cursor) ?? [];
  }

  function onText(decode: Decode): void {
    const { kept: text, place, hints, cursorText } = decode;
    options.onPartial?.(withLineEnding(presentable(text, place, hints), cursorText.lineEnding));
    kept.grow(decode);
  }

  /** What came with the last text, the filters, and the answer that is made of it: each in turns of its own. */
  async function filterInTurns(decode: Decode, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await pace!.pause();
    await inSlices(kept.prepare(decode), signal, pace);
    await pace!.pause();
  }

  /** What is kept of a document, or of all, and what work in flight would add to it. */
  function forget(uri?: string): void {
    const isMeant = (question: Question) => uri === undefined || question.document.uri === uri;
    kept.forget(uri);
    anchors.forget(uri);
    ahead.cancel();
    pauses.forget(isMeant);
    if (uri !== undefined) {
      dismissals.forget(uri);
      questions.end(uri); // of a document that is closed
    }
    running.forget(uri);
  }

  /** Other settings make other suggestions, and other files that no prompt may have. */
  function forgetWithSettings(): void {
    const { languages, exclude, multiline, maxLines, inComments } = settings();
    const shape = JSON.stringify([languages, exclude, multiline, maxLines, inComments]);
    if (settingsShape !== undefined && shape !== settingsShape) forget();
    settingsShape = shape;
  }

  function onEnd(decode: Decode): void {
    const { firstLineMs, startedMs } = decode;
    if (firstLineMs !== null) rhythm.firstLine(firstLineMs - startedMs);
    pauses.begin(decode.question);
    kept.keepWhole(decode);
  }

  return {
    async answer(question) {
      pauses.end();
      forgetWithSettings();
      try {
        const answered = await answer(question);
        if (questions.passed === question) pauses.begin(question);
        return answered;
      } catch (error) {
        return nothing({ question, askedMs: clock.now(), delayMs: 0 }, engineError(error as Error));
      }
    },
    shown(id) {
      const entry = kept.get(id);
      const question = questions.last;
      if (!entry || question?.document.uri !== entry.cursorText.uri) return;
      const { tabSize, insertSpaces } = question.indentation;
      ahead.schedule(entry, insertSpaces ? " ".repeat(tabSize) : "\t", (cursorText) =>
        requestFor(placedAt({ ...question, trigger: "automatic" }, cursorText), "speculative", {
          anchors,
          contextOf,
        }),
      );
    },
    accepted() {
      // The text is in the document now; the next question finds it typed.
    },
    dismissed(id) {
      const entry = kept.get(id);
      if (entry) {
        entry.dismissed = true;
        dismissals.add(entry);
      }
      ahead.cancel();
      running.abort();
    },
    forget,
    traces: () => traces.records,
    dispose() {
      questions.end();
      ahead.cancel();
      pauses.dispose();
      running.abort();
      running.wake();
    },
  };
}

/** What an answer depends on beside text: where either differs, a kept answer is another question's. */
function answerKey({ document, indentation }: Question, { multiline, maxLines }: PipelineSettings): string {
  const { path, languageId } = document;
  return JSON.stringify([
    path,
    languageId,
    indentation.tabSize,
    indentation.insertSpaces,
    multiline,
    maxLines,
  ]);
}
