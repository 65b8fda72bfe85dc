import type { Completer } from "../contract/index.ts";
import { type Clock, systemClock } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { acceptedStand, createCache, type Entry, type Hit } from "./cache.ts";
import type {
  Answer,
  AnswerSource,
  ContextSource,
  Pipeline,
  PipelineSettings,
  Question,
  Silence,
  TraceRecord,
} from "./contract.ts";
import { type Decode, follows, restOf, startDecode } from "./decode.ts";
import { cutAtControlCharacter, type FilterHints, filterSuggestion } from "./filters/index.ts";
import { createPauses } from "./pauses.ts";
import {
  acceptEstimate,
  blockWanted,
  closedGate,
  createRhythm,
  delayFor,
  isConfident,
  stopRuleFor,
} from "./policy/index.ts";
import { replacement } from "./range.ts";
import type { Syntax, SyntaxFacts } from "./text/index.ts";
import { createAnchors, isBlank, placeAt, type Stand, standAt, withLineEnding } from "./text/index.ts";
import { traceRecord } from "./trace.ts";

export interface PipelineOptions {
  readonly completer: Completer;
  readonly settings: () => PipelineSettings;
  readonly context?: ContextSource;
  readonly syntax?: Syntax;
  readonly clock?: Clock;
  /** The answer at this place has become better since it was given: ask again. */
  readonly onGrown?: (uri: string, cursor: number) => void;
  readonly onTrace?: (record: TraceRecord) => void;
  /** Sees the text of the running decode grow, after the length policy and before the filters. */
  readonly onPartial?: (text: string) => void;
}

const LINE_TOKENS = 64; // a line of 200 characters
const BLOCK_TOKENS = 160; // twelve lines, most of the time
const INVOKED_TOKENS = 256;
const INVOKED_LIMIT = 3000; // ms: somebody who asks waits longer
const SPECULATION_IDLE = 50; // ms
const TRACES = 100;

/** The stages of one question, in order: gates, cache, attach, delay, prompt, decode, confidence, filters, range. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { completer, settings, clock = systemClock } = options;
  const cache = createCache();
  const rhythm = createRhythm();
  const anchors = createAnchors(clock.now);
  const contextOf =
    ({ document, cursor }: Pick<Question, "document" | "cursor">) =>
    () =>
      options.context?.chunks(document, cursor) ?? [];
  const pauses = createPauses({
    completer,
    clock,
    isBusy: () => decode !== undefined,
    better: ({ document, cursor }: Question) =>
      settings().profile === "eco"
        ? undefined
        : anchors.tidied(standAt(document, cursor), document.path, contextOf({ document, cursor })),
  });
  const traces: TraceRecord[] = [];
  const listeners = new Set<() => void>();
  let decode: Decode | undefined;
  let last: Decode | undefined; // the decode begun last, over or not
  let latest = 0; // number of the last question
  let nextId = 1;
  let speculation: unknown;
  let passed: Question | undefined; // the last one that no gate was closed to
  /** Where the last answer came before its time: told when it has grown. */
  let early: { decode: Decode; uri: string; cursor: number } | undefined;

  function begin(
    stand: Stand,
    question: Question,
    priority: "invoked" | "automatic" | "speculative",
    facts: SyntaxFacts | undefined,
  ): Decode {
    decode?.abort();
    clock.clearTimeout(speculation);
    const ghost = last && restOf(last, stand);
    const place = placeAt(stand.before + stand.after, stand.before.length);
    const { multiline, maxLines } = settings();
    const mode = multiline === "auto" && priority === "invoked" && isBlank(place.rest) ? "always" : multiline;
    const multiLine = blockWanted(place, mode, facts);
    const started = startDecode(completer, {
      stand,
      prompt: anchors.promptAt(
        stand,
        question.document.path,
        contextOf(question),
        priority === "speculative",
      ),
      multiLine,
      stopRule: stopRuleFor(place, maxLines, mode, facts),
      maxTokens: priority === "invoked" ? INVOKED_TOKENS : multiLine ? BLOCK_TOKENS : LINE_TOKENS,
      priority,
      ghost,
      now: clock.now,
      onChange: () => {
        if (decode === started)
          options.onPartial?.(withLineEnding(cutAtControlCharacter(started.kept), stand.lineEnding));
        for (const listener of listeners) listener();
        if (started.over) ended(started, question);
      },
    });
    decode = started;
    last = started;
    return started;
  }

  /** A decode that ran on in the background comes to the cache; whoever was answered early is told. */
  function ended(one: Decode, question: Question): void {
    if (one.firstLineMs !== null) rhythm.firstLine(one.firstLineMs - one.startedMs);
    if (decode === one) decode = undefined;
    pauses.begin(question); // or goes on
    if (one.aborted || one.error || one.end?.reason === "preempted" || one.end?.reason === "cancelled")
      return;
    const { entry, shown } = remember(one, question);
    if (early?.decode !== one) return;
    const { uri, cursor } = early;
    early = undefined;
    if (entry && entry.text !== shown) options.onGrown?.(uri, cursor);
  }

  /** The decode's whole lines, filtered, as an entry of the cache: its own if it has one already. */
  const entries = new WeakMap<Decode, Entry>();
  const reports = new WeakMap<Decode, { filters: TraceRecord["filters"]; silence?: Silence }>();
  function remember(
    one: Decode,
    question: Question,
  ): { entry: Entry | undefined; shown: string | undefined } {
    const { stand } = one;
    const place = placeAt(stand.before + stand.after, stand.before.length);
    const earlier = entries.get(one);
    const shown = earlier?.text;
    const text = one.wholeLines;
    if (text.trim() === "") {
      reports.set(one, {
        filters: [],
        silence: { id: "no-text", sentence: "The model had nothing to suggest here." },
      });
      return { entry: earlier, shown };
    }
    const outcome = filterSuggestion(text, place, hintsOf(question));
    if ("drop" in outcome) {
      reports.set(one, {
        filters: outcome.reports,
        silence: {
          id: `filtered:${outcome.drop}`,
          sentence: `The model's suggestion was dropped by the filter “${outcome.drop}”: see it in “Foretype: Show Trace”.`,
        },
      });
      return { entry: earlier, shown };
    }
    reports.set(one, { filters: outcome.reports });
    if (earlier) {
      // What is on the screen never changes under the user; it only grows.
      if (outcome.show.startsWith(earlier.text)) earlier.text = outcome.show;
      return { entry: earlier, shown };
    }
    const firstLine = outcome.show.trimStart().split("\n", 1)[0]!;
    const entry: Entry = {
      id: nextId++,
      stand,
      text: outcome.show,
      multiLine: one.multiLine,
      acceptEstimate: acceptEstimate(one.meanLogProbability ?? 0, firstLine.length),
      dismissed: false,
    };
    entries.set(one, entry);
    cache.add(entry);
    return { entry, shown };
  }

  /** Resolves when `ready` holds, the time is over, or the question is superseded. */
  function waitFor(ready: () => boolean, untilMs: () => number, stop: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      let timer: unknown;
      const check = () => {
        clock.clearTimeout(timer);
        const left = untilMs() - clock.now();
        if (ready() || stop() || left <= 0) {
          listeners.delete(check);
          resolve();
        } else if (left < Number.POSITIVE_INFINITY) timer = clock.setTimeout(check, left);
      };
      listeners.add(check);
      check();
    });
  }

  const factsAt = (languageId: string, { before, after }: Stand): SyntaxFacts | undefined =>
    options.syntax?.factsAt(languageId, before, after);

  const sleep = (ms: number): Promise<void> =>
    ms <= 0 ? Promise.resolve() : new Promise((resolve) => void clock.setTimeout(resolve, ms));

  function trace(
    question: Question,
    askedMs: number,
    delayMs: number,
    used: Decode | undefined,
    source: AnswerSource | null,
    outcome: TraceRecord["outcome"],
  ): void {
    const row = traceRecord({
      question,
      askedMs,
      delayMs,
      nowMs: clock.now(),
      decode: used,
      acceptEstimate: (used && entries.get(used)?.acceptEstimate) ?? null,
      filters: (used && reports.get(used)?.filters) ?? [],
      source,
      outcome,
    });
    traces.push(row);
    if (traces.length > TRACES) traces.shift();
    options.onTrace?.(row);
  }

  async function answer(question: Question): Promise<Answer> {
    const askedMs = clock.now();
    const number = ++latest;
    const { document, cursor, trigger } = question;
    const chosen = settings();
    clock.clearTimeout(speculation);
    for (const listener of listeners) listener(); // older questions see that they are superseded
    const superseded = () => number !== latest || question.signal?.aborted === true;
    const stand = standAt(document, cursor);
    const text = stand.before + stand.after;
    const place = placeAt(text, stand.before.length);
    let delayMs = 0;
    let used: Decode | undefined;
    const tell = (outcome: TraceRecord["outcome"], source: AnswerSource | null): void =>
      trace(question, askedMs, delayMs, used, source, outcome);
    const nothing = (silence: Silence): Answer => {
      tell({ kind: "nothing", silence }, null);
      return { kind: "nothing", silence };
    };

    const facts = factsAt(document.languageId, stand);
    const closed = closedGate(question, chosen, {
      head: place.head,
      rest: place.rest,
      inComment: facts?.inComment ?? false,
      nowMs: askedMs,
    });
    if (closed) {
      decode?.abort();
      return nothing(closed);
    }
    passed = question;
    if (trigger === "automatic") rhythm.key(askedMs);

    const serve = (hit: Hit, source: AnswerSource): Answer => {
      const { entry } = hit;
      if (entry.dismissed && trigger === "automatic")
        return nothing({
          id: "dismissed",
          sentence: "You dismissed the suggestion here: press Alt+\\ to ask again.",
        });
      if (trigger === "automatic" && !isConfident(entry.acceptEstimate, chosen.eagerness)) {
        const percent = Math.round(entry.acceptEstimate * 100);
        return nothing({
          id: "low-confidence",
          sentence: `The model was not sure enough (${percent} %): see the setting “foretype.eagerness”.`,
        });
      }
      const range = replacement(question, stand, place, hit, hintsOf(question));
      if ("id" in range) return nothing(range);
      entry.dismissed = false;
      tell({ kind: "shown", id: entry.id, text: range.text }, source);
      return { kind: "show", suggestion: { id: entry.id, ...range, source } };
    };

    const hit = cache.find(stand);
    if (hit) {
      if (decode && entries.get(decode) !== hit.entry && decode.priority !== "speculative") decode.abort();
      return serve(hit, hit.typed > 0 ? "typed-through" : "cache");
    }

    if (trigger === "automatic" && cache.endsAt(stand))
      return nothing({
        id: "complete",
        sentence: "The last suggestion ends here: type on, or press Alt+\\ to ask.",
      });

    let source: AnswerSource = "model";
    if (decode && !decode.aborted && follows(decode, stand)) source = "attached";
    else {
      decode?.abort();
      delayMs = trigger === "invoked" ? 0 : delayFor(chosen, place.head, place.rest, rhythm.factor);
      await sleep(delayMs);
      if (superseded()) return nothing(SUPERSEDED);
      begin(stand, question, trigger, facts);
    }
    const running = decode!;
    used = running;
    const limit = trigger === "invoked" ? INVOKED_LIMIT : chosen.timeLimitMs;
    const diverged = () => running.aborted || !follows(running, stand);
    await waitFor(
      () => running.over || diverged(),
      () => (running.firstTextMs === null ? Number.POSITIVE_INFINITY : running.firstTextMs + limit),
      superseded,
    );
    if (superseded()) return nothing(SUPERSEDED);
    if (running.error) return nothing(sentenceFor(running.error));
    if (running.end?.reason === "preempted")
      return nothing({
        id: "busy",
        sentence: "The model is busy with what you asked it to explain or refactor.",
      });
    if (diverged()) {
      // What the model went on to write is not what was typed meanwhile: begin anew from here.
      running.abort();
      return answer(question);
    }
    if (!running.over) {
      remember(running, question);
      early = { decode: running, uri: document.uri, cursor };
    }
    const found = cache.find(stand);
    if (found) return serve(found, source);
    const silence = running.over
      ? (reports.get(running)?.silence ?? {
          id: "no-text",
          sentence: "The model had nothing to suggest here.",
        })
      : {
          id: "still-writing",
          sentence: `The first line was not complete after ${limit} ms (foretype.timeLimitMs); it shows when it is.`,
        };
    return nothing(silence);
  }

  function speculate(entry: Entry, question: Question): void {
    const { speculate: wanted, profile } = settings();
    clock.clearTimeout(speculation);
    if (!wanted || profile === "eco") return;
    speculation = clock.setTimeout(() => {
      if (decode) return; // the GPU is not idle
      const stand = acceptedStand(entry);
      if (cache.find(stand)) return;
      const facts = factsAt(question.document.languageId, stand);
      begin(stand, { ...question, trigger: "automatic" }, "speculative", facts);
    }, SPECULATION_IDLE);
  }

  let lastQuestion: Question | undefined;
  return {
    async answer(question) {
      lastQuestion = question;
      pauses.end();
      try {
        const answered = await answer(question);
        if (passed === question) pauses.begin(question);
        return answered;
      } catch (error) {
        const silence = sentenceFor(error as Error);
        trace(question, clock.now(), 0, undefined, null, { kind: "nothing", silence });
        return { kind: "nothing", silence };
      }
    },
    shown(id) {
      const entry = cache.get(id);
      if (entry && lastQuestion?.document.uri === entry.stand.uri) speculate(entry, lastQuestion);
    },
    accepted() {
      // The text is in the document now; the next question finds it typed.
    },
    dismissed(id) {
      const entry = cache.get(id);
      if (entry) entry.dismissed = true;
      decode?.abort();
    },
    forget(uri) {
      cache.forget(uri);
      anchors.forget(uri);
    },
    traces: () => traces,
    dispose() {
      latest++;
      clock.clearTimeout(speculation);
      pauses.dispose();
      decode?.abort();
      for (const listener of listeners) listener();
    },
  };
}

const SUPERSEDED: Silence = { id: "superseded", sentence: "You typed on before the model was asked." };

function sentenceFor(error: Error): Silence {
  return error instanceof UserError
    ? { id: "engine-error", sentence: error.message, fault: error.fault }
    : { id: "engine-error", sentence: `The engine failed (${error.message}): see “Foretype: Show Log”.` };
}

const hintsOf = ({ document, indentation }: Question): FilterHints => ({
  languageId: document.languageId,
  ...indentation,
});
