import type { Completer } from "../../contract/index.ts";
import { systemClock } from "../../contract/index.ts";
import { sentenceOf, UserError } from "../../errors/index.ts";
import type { PipelineSettings, ReadableFile, ShownSuggestion, Silence } from "../contract.ts";
import { createPipeline } from "../pipeline.ts";
import { exclusionOf } from "../policy/index.ts";
import type { Syntax } from "../text/index.ts";
import { countingCompleter } from "./counting.ts";
import { type Keystroke, kindOf, summarise, type TypingSummary, typesInto } from "./keystrokes.ts";
import { createRecordedDocuments, type EventOf } from "./recorded_documents.ts";
import type { TypingEvent, TypingRecording } from "./recording.ts";
import { createVirtualClock } from "./virtual_clock.ts";

export interface PlayOptions {
  readonly completer: Completer;
  readonly settings: () => PipelineSettings;
  /** Its grammars are loaded: one that comes late would make runs differ. */
  readonly syntax?: Syntax | undefined;
  /** Tokens of a prompt, a quarter of which the trace's other open documents may take. Default: they take none. */
  readonly contextTokens?: number | undefined;
  /**
   * Plays in real time, this many times as fast as it was typed; the pipeline's own times stay as they are. Default:
   * virtual time, in which the model takes none: counts are then the same on every machine.
   */
  readonly speed?: number | undefined;
  /** Told of each keystroke, in order, when the next one begins; with a speed, some of its work may still run. */
  readonly onKey?: ((key: Keystroke) => void) | undefined;
  /** Whether keystrokes are kept for the playback's end; default true. Those of hours would hide what else grows. */
  readonly keepsKeys?: boolean | undefined;
  /** Told of what is on the screen, whenever that changes; hands that are not recorded may accept it by later events. */
  readonly onScreen?: ((screen: ScreenText | undefined) => void) | undefined;
  /** Real milliseconds that the model may take from one step to the next. */
  readonly patienceMs?: number | undefined;
}

export interface Playback {
  readonly keystrokes: readonly Keystroke[];
  readonly summary: TypingSummary;
}

const PATIENCE = 600_000; // ms: a software device takes minutes for a long prompt
const SHOWN = 250; // ms on the screen, after which a suggestion counts as seen
const AFTER = 2000; // ms played on after the last event, for its answer
const QUIET_TURNS = 3; // of the event loop without a step: promises have settled

/** A suggestion on the screen. */
export interface ScreenText {
  readonly uri: string;
  readonly cursor: number;
  /** From the cursor on. */
  readonly rest: string;
}

interface Shown extends ScreenText {
  readonly id: number;
  /** Since when any part of it has been there, on the pipeline's clock. */
  readonly sinceMs: number;
  readonly timer: unknown;
}

/** The last change: what it takes to judge it when the question after it tells where it left the cursor. */
interface LastChange {
  readonly event: EventOf<"change">;
  readonly row: Keystroke;
  readonly before: string;
  readonly screen: Shown | undefined;
  asked: boolean;
}

/**
 * Plays recorded typing through the pipeline, as an editor would ask it, and counts what each keystroke costs.
 * @throws UserError if the model stops answering, and any error with which the model ends a stream.
 */
export async function playTrace(
  trace: Pick<TypingRecording, "name"> & { readonly events: Iterable<TypingEvent> },
  options: PlayOptions,
): Promise<Playback> {
  const { settings, syntax, contextTokens, speed, onKey, onScreen } = options;
  const { keepsKeys = true, patienceMs = PATIENCE } = options;
  const virtual = speed === undefined ? createVirtualClock() : undefined;
  const clock = virtual?.clock ?? systemClock;
  const startMs = clock.now();
  const isExcluded = (file: ReadableFile) => exclusionOf(file, settings().exclude) !== undefined;
  const documents = createRecordedDocuments(clock, isExcluded);
  const keystrokes: Keystroke[] = [];
  let last: LastChange | undefined;
  let screen: Shown | undefined;
  let place: { readonly uri: string; readonly line: number } | undefined; // of the last keystroke
  let lastAsk: { readonly event: EventOf<"ask">; readonly row: Keystroke } | undefined;
  let played = 0; // events so far
  let failure: Error | undefined; // of the pipeline itself

  const work = countingCompleter(options.completer, () => keystrokes.at(-1));
  const pipeline = createPipeline({
    completer: work.completer,
    settings,
    clock,
    ...(syntax && { syntax }),
    ...(contextTokens !== undefined && { context: documents.context(contextTokens) }),
    onGrown(uri, cursor) {
      if (lastAsk?.event.uri === uri && lastAsk.event.cursor === cursor && lastAsk.row === keystrokes.at(-1))
        ask(lastAsk.event, lastAsk.row);
    },
  });

  function begin(key: Pick<Keystroke, "at" | "uri" | "line" | "kind" | "jumpedLines">): Keystroke {
    const done = keystrokes.at(-1);
    if (done) onKey?.(done);
    if (!keepsKeys) keystrokes.length = 0;
    const row: Keystroke = {
      ...key,
      matched: null,
      shown: null,
      silence: "not-asked",
      streams: 0,
      computedTokens: 0,
      promptTokens: 0,
      decodedTokens: 0,
      uncounted: 0,
      idle: { computedTokens: 0, decodedTokens: 0, streams: 0, prepared: 0 },
      latencyMs: null,
    };
    keystrokes.push(row);
    return row;
  }

  function show(next: Shown | undefined): void {
    if (screen) clock.clearTimeout(screen.timer);
    screen = next;
    onScreen?.(next);
  }

  /** What the last change was, if it left the cursor there. */
  function judge({ event: { uri, changes }, row, before, screen }: LastChange, cursor: number): void {
    place = { uri, line: documents.lineAt(uri, cursor) };
    row.matched =
      screen === undefined
        ? null
        : screen.uri === uri && typesInto(screen.rest, screen.cursor, changes, before, cursor);
  }

  function ask(event: EventOf<"ask">, row: Keystroke): void {
    const { uri, cursor, trigger } = event;
    const { tabSize, insertSpaces, ...document } = documents.get(uri);
    const asked = played;
    const askedMs = performance.now();
    lastAsk = { event, row };
    const question = {
      document: { ...document, readOnly: false },
      cursor,
      trigger,
      cursors: 1,
      selectionIsEmpty: true,
      indentation: { tabSize, insertSpaces },
    };
    void pipeline.answer(question).then((answer) => {
      const stale = asked !== played || (answer.kind === "nothing" && answer.silence.id === "superseded");
      if (!stale) row.latencyMs ??= performance.now() - askedMs;
      if (answer.kind === "show") showAnswer(answer.suggestion, event, row, stale);
      else showNothing(answer.silence, row, stale);
    });
  }

  /** A stale answer, one that later events have overtaken, is counted and leaves the screen as it is. */
  function showNothing(silence: Silence, row: Keystroke, stale: boolean): void {
    row.silence = silence.id;
    if (silence.id === "engine-error") failure = new Error(sentenceOf(silence));
    if (!stale) show(undefined);
  }

  function showAnswer(
    { id, text, start }: ShownSuggestion,
    { uri, cursor }: EventOf<"ask">,
    row: Keystroke,
    stale: boolean,
  ): void {
    row.silence = stale ? "stale" : null;
    if (stale) return;
    row.shown = text.slice(cursor - start);
    const typedInto = row.matched === true && last?.screen?.id === id;
    const sinceMs = typedInto ? last!.screen!.sinceMs : clock.now();
    const timer = clock.setTimeout(() => pipeline.shown(id), Math.max(0, sinceMs + SHOWN - clock.now()));
    show({ id, uri, cursor, rest: row.shown, sinceMs, timer });
  }

  function change(event: EventOf<"change">): void {
    const { uri, at, changes } = event;
    const line = documents.lineAt(uri, Math.min(...changes.map(({ offset }) => offset)));
    const jumped = place && (place.uri !== uri || Math.abs(line - place.line) > 1);
    const row = begin({
      at,
      uri,
      line: line + 1,
      kind: jumped ? "jumped" : kindOf(changes),
      jumpedLines: jumped && place?.uri === uri ? line - place.line : null,
    });
    const before = documents.change(event).text;
    last = { event, row, before, screen, asked: false };
    show(undefined);
    const { offset, inserted } = changes.at(-1)!;
    judge(last, offset + inserted.length);
  }

  /** The rows' kind `accepted` is only for what this model did suggest. */
  function accept({ uri, cursor, text }: EventOf<"accept">): void {
    const one = last?.screen;
    if (!last || !one || one.uri !== uri || one.cursor !== cursor || !one.rest.startsWith(text)) return;
    last.row.kind = "accepted";
    pipeline.accepted(one.id, text.length);
  }

  /** The question that follows a change belongs to its keystroke; any other is one of its own. */
  function askedIn(event: EventOf<"ask">): void {
    const { uri, at, cursor } = event;
    if (last?.event.uri === uri && !last.asked) {
      judge(last, cursor);
      last.asked = true;
      ask(event, last.row);
    } else {
      const line = documents.lineAt(uri, cursor) + 1;
      ask(event, begin({ at, uri, line, kind: "asked", jumpedLines: null }));
    }
  }

  function play(event: TypingEvent): void {
    const { uri } = event;
    played++;
    switch (event.type) {
      case "open":
        documents.open(event);
        break;
      case "change":
        change(event);
        break;
      case "ask":
        askedIn(event);
        break;
      case "cursor":
        if (screen && (screen.uri !== uri || screen.cursor !== event.cursor)) show(undefined);
        break;
      case "accept":
        accept(event);
        break;
      case "dismiss":
        if (screen?.uri === uri) pipeline.dismissed(screen.id);
        show(undefined);
        break;
      case "close":
        if (screen?.uri === uri) show(undefined);
        documents.close(uri);
        pipeline.forget(uri);
        break;
    }
  }

  /** Waits, in real time, until the model is idle and what follows from that has happened. */
  async function settle(at: number): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const { steps } = work;
      if (!work.working) await new Promise<void>((resolve) => setImmediate(resolve));
      else if (!(await work.step(patienceMs)))
        throw new UserError({
          code: "benchmark",
          problem: `The model has done nothing for ${patienceMs / 1000} s at ${Math.round(at)} ms of ${trace.name}`,
          advice: "play it with a smaller model, or on a faster device",
        });
      quiet = work.working || work.steps !== steps ? 0 : quiet + 1;
      check();
    }
  }

  function check(): void {
    const error = work.failure ?? failure;
    if (error) throw error;
  }

  /** Lets time pass until `at` of the recording. */
  async function passTo(at: number): Promise<void> {
    if (virtual) {
      do await settle(at);
      while (virtual.step(startMs + at));
      return;
    }
    const left = startMs + at / speed! - clock.now();
    if (left > 0) await new Promise<void>((resolve) => setTimeout(resolve, left));
    check();
  }

  try {
    let end = 0;
    for (const event of trace.events) {
      end = event.at;
      await passTo(end);
      play(event);
    }
    await passTo(end + AFTER * (speed ?? 1));
    await settle(end);
    const done = keystrokes.at(-1);
    if (done) onKey?.(done);
    return { keystrokes, summary: summarise(keystrokes) };
  } finally {
    show(undefined);
    pipeline.dispose();
  }
}
