import type {
  Completer,
  CompletionPriority,
  GenerationCost,
  GenerationEnd,
  PromptParts,
} from "../contract/index.ts";
import type { Wanted } from "./cache.ts";
import type { Question } from "./contract.ts";
import type { FilterHints } from "./filters/index.ts";
import type { StopReason, StopRule } from "./policy/index.ts";
import { type CursorText, depthOf, type Place, typedSince } from "./text/index.ts";

export interface DecodeRequest extends Wanted {
  /** The question that started the decode. */
  readonly question: Question;
  readonly place: Place;
  readonly hints: FilterHints;
  readonly prompt: PromptParts;
  readonly multiLine: boolean;
  readonly stopRule: StopRule;
  readonly maxTokens: number;
  readonly priority: CompletionPriority;
}

export interface DecodeOptions {
  /** What an earlier decode generated past the cursor: a hint for drafting, which affects speed only. */
  readonly ghost: string | undefined;
  readonly now: () => number;
  /** The stream has ended, and the decode ends when this does. */
  readonly beforeEnd?: ((decode: Decode, signal: AbortSignal) => Promise<void>) | undefined;
  /** Called when text has arrived, or the decode has ended. */
  readonly onChange: () => void;
}

/** One generation at one cursor, and its text so far. It outlives the question that started it. */
export interface Decode extends DecodeRequest {
  readonly startedMs: number;
  /** All generated text, without `\r`. */
  readonly raw: string;
  /** What the length policy keeps of it. */
  readonly kept: string;
  /** The complete lines of `kept`, without the last line break. */
  readonly wholeLines: string;
  readonly firstTextMs: number | null;
  readonly firstLineMs: number | null;
  /** Mean natural log-probability of the first line's deltas; null before the first. */
  readonly meanLogProbability: number | null;
  /** Pieces of text so far, mostly one token each: the only count if the stream is left before its end. */
  readonly pieces: number;
  readonly stoppedBy: StopReason | "end" | null;
  readonly end: GenerationEnd | undefined;
  /** Of the whole stream, or of the part that was read. */
  readonly cost: GenerationCost | undefined;
  readonly error: Error | undefined;
  readonly over: boolean;
  readonly aborted: boolean;
  abort(): void;
  /** Whether its text is of no use any more, for any question: another model answers by now, or the document is closed. */
  readonly forgotten: boolean;
  forget(): void;
}

const MOST_OF_TOKEN = 64; // characters; an engine that writes more for all of its tokens has gone wrong
const TYPED = 256; // characters: a user who has typed more since then has left the decode's text

/** A decode's text from where what was typed since leaves it; undefined if none is left, or the cursor is elsewhere. */
export function restOf(one: Decode, cursorText: CursorText): string | undefined {
  const typed = typedSince(one.cursorText, cursorText, TYPED);
  if (typed === undefined) return undefined;
  let agreed = 0;
  while (agreed < typed.length && typed[agreed] === one.kept[agreed]) agreed++;
  return one.kept.slice(agreed) || undefined;
}

/** Whether what the user typed since the decode started agrees with its text, as far as both go. */
export function follows(decode: Decode, cursorText: CursorText): boolean {
  const { raw, prompt } = decode;
  const typed = typedSince(decode.cursorText, cursorText, Math.max(raw.length, 64), depthOf(prompt));
  if (typed === undefined) return false;
  if (raw.startsWith(typed)) return true;
  return !decode.over && typed.startsWith(raw);
}

/** Starts the model; leaves its stream as soon as the length policy has enough. */
export function startDecode(
  completer: Completer,
  request: DecodeRequest,
  { ghost, now, beforeEnd, onChange }: DecodeOptions,
): Decode {
  const { stopRule } = request;
  const longest = request.maxTokens * MOST_OF_TOKEN;
  const controller = new AbortController();
  let logProbabilities = 0;
  let counted = 0;
  const decode = {
    ...request,
    startedMs: now(),
    raw: "",
    kept: "",
    get wholeLines(): string {
      if (decode.over && !decode.aborted) return decode.kept;
      const end = decode.kept.lastIndexOf("\n");
      return end === -1 ? "" : decode.kept.slice(0, end);
    },
    firstTextMs: null as number | null,
    firstLineMs: null as number | null,
    get meanLogProbability(): number | null {
      return counted === 0 ? null : logProbabilities / counted;
    },
    pieces: 0,
    stoppedBy: null as StopReason | "end" | null,
    end: undefined as GenerationEnd | undefined,
    cost: undefined as GenerationCost | undefined,
    error: undefined as Error | undefined,
    over: false,
    aborted: false,
    abort() {
      if (decode.over) return;
      decode.aborted = true;
      controller.abort();
    },
    forgotten: false,
    forget() {
      decode.forgotten = true;
      decode.abort();
    },
  };

  async function run(): Promise<void> {
    const { prompt, maxTokens, priority } = request;
    const { signal } = controller;
    const stream = completer.complete({ prompt, maxTokens, priority, ...(ghost && { ghost }), signal });
    try {
      for (;;) {
        const { value, done } = await stream.next();
        if (done) {
          decode.end = value;
          decode.cost = value ?? decode.cost;
          decode.stoppedBy ??= "end";
          return;
        }
        if (decode.aborted) return;
        decode.cost = value.cost ?? decode.cost;
        take(value.text, value.logProbability);
        if (decode.stoppedBy !== null) return;
        onChange();
      }
    } finally {
      await stream.return(undefined);
    }
  }

  function take(text: string, logProbability: number | undefined): void {
    const firstLineOpen = decode.firstLineMs === null;
    decode.raw += text.slice(0, longest - decode.raw.length).replaceAll("\r", ""); // models that saw CRLF files write it
    if (decode.raw === "") return;
    decode.pieces++;
    decode.firstTextMs ??= now();
    if (firstLineOpen && logProbability !== undefined) {
      logProbabilities += logProbability;
      counted++;
    }
    const decision = stopRule(decode.raw);
    decode.kept = decision === "continue" ? decode.raw : decode.raw.slice(0, decision.keep);
    if (decision !== "continue") decode.stoppedBy = decision.stop;
    else if (decode.raw.length >= longest) decode.stoppedBy = "end";
    if (decision !== "continue" || decode.kept.trimStart().includes("\n")) decode.firstLineMs ??= now();
  }

  const read = run();
  const ended = beforeEnd ? read.then(() => beforeEnd(decode, controller.signal)) : read;
  ended
    .catch((error: unknown) => {
      decode.error = error instanceof Error ? error : new Error(String(error));
    })
    .finally(() => {
      decode.over = true;
      if (decode.kept.trim() !== "") decode.firstLineMs ??= now();
      onChange();
    });
  return decode;
}
