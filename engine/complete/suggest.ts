import { anchorPrompt, HEAD_LINES } from "./anchor.ts";
import type { Completer } from "./completer.ts";
import { cutAtControlCharacter, type FilterId, type FilterReport, filterSuggestion } from "./filters.ts";
import { blockWanted, type StopReason, stopRuleFor } from "./length_policy.ts";
import { placeAt } from "./place.ts";
import { offsetAt, readPlainText, withLineEnding } from "./position.ts";

export interface SuggestionLimits {
  /** Lines above the cursor's own that go to the middle of the prompt. */
  readonly headLines: number;
  readonly lineTokens: number;
  readonly blockTokens: number;
  /** Of a suggestion of several lines. */
  readonly maxLines: number;
}

export const DEFAULT_LIMITS: SuggestionLimits = {
  headLines: HEAD_LINES,
  lineTokens: 64, // a line of 200 characters
  blockTokens: 160, // 16 lines are seldom read at a glance; 160 tokens fill most of them
  maxLines: 16,
};

export interface SuggestRequest {
  /** The file as it is on disk or in the editor, with its own line ends. */
  readonly text: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  readonly completer: Completer;
  readonly limits: SuggestionLimits;
  /** Milliseconds from any start. */
  readonly clock: () => number;
  readonly signal?: AbortSignal;
  /** Sees the text grow, after the stop rule and before the filters, which may still shorten it. */
  readonly onPartial?: (text: string) => void;
}

/** Milliseconds from the call; null for what never came. */
export interface SuggestionTimings {
  readonly firstTextMs: number | null;
  /** The first line with anything on it was complete. */
  readonly firstLineMs: number | null;
  /** Until the completer's stream was left. */
  readonly totalMs: number;
}

export type Suggestion = (
  | { readonly kind: "shown" /** With the file's own line ends. */; readonly text: string }
  | { readonly kind: "nothing"; readonly reason: FilterId | "no-text" | "cancelled" }
) & {
  /** What the length policy asked for; the text may still be one line. */
  readonly multiLine: boolean;
  /** "end": the model ended, or came to the token limit. */
  readonly stoppedBy: StopReason | "end";
  readonly filters: readonly FilterReport[];
  readonly timings: SuggestionTimings;
};

/**
 * The ghost text at one place. Leaves the completer's stream as soon as a stop rule decides.
 * Throws a UserError where the file has no such place.
 */
export async function suggest(request: SuggestRequest): Promise<Suggestion> {
  const { path, completer, limits, clock, signal, onPartial } = request;
  const begin = clock();
  const { text, lineEnding } = readPlainText(request.text);
  const cursor = offsetAt(text, path, request.line, request.column);
  const place = placeAt(text, cursor);
  const multiLine = blockWanted(place);
  const stopRule = stopRuleFor(place, limits.maxLines);

  let generated = "";
  let kept = "";
  let stoppedBy: StopReason | "end" = "end";
  let firstTextMs: number | null = null;
  let firstLineMs: number | null = null;
  const stream = completer.complete({
    prompt: { path, ...anchorPrompt(text, cursor, limits.headLines), context: [] },
    maxTokens: multiLine ? limits.blockTokens : limits.lineTokens,
    ...(signal && { signal }),
  });
  for await (const delta of stream) {
    if (signal?.aborted) break;
    const added = delta.text.replaceAll("\r", ""); // models that saw CRLF files write it
    if (added === "") continue;
    generated += added;
    firstTextMs ??= clock() - begin;

    const decision = stopRule(generated);
    const before = kept;
    kept = decision === "continue" ? generated : generated.slice(0, decision.keep);
    if (kept !== before) onPartial?.(withLineEnding(cutAtControlCharacter(kept), lineEnding));
    if (kept.trimStart().includes("\n")) firstLineMs ??= clock() - begin;
    if (decision !== "continue") {
      stoppedBy = decision.stop;
      break;
    }
  }
  const totalMs = clock() - begin;
  if (kept.trim() !== "") firstLineMs ??= totalMs;

  const common = { multiLine, stoppedBy, timings: { firstTextMs, firstLineMs, totalMs } };
  if (signal?.aborted) return { kind: "nothing", reason: "cancelled", filters: [], ...common };
  if (generated === "") return { kind: "nothing", reason: "no-text", filters: [], ...common };
  const outcome = filterSuggestion(kept, place);
  return "show" in outcome
    ? { kind: "shown", text: withLineEnding(outcome.show, lineEnding), filters: outcome.reports, ...common }
    : { kind: "nothing", reason: outcome.drop, filters: outcome.reports, ...common };
}
