import type { PipelineSettings } from "../contract.ts";

const MAX_DELAY = 300; // ms: longer feels dead
const ECO_DELAY = 250;
const KEYS = 20; // intervals that the median is taken of
const PAUSE = 2000; // ms: a longer interval is thinking, not typing

/** What the delay learns from: the rhythm of keys, and how soon first lines come. */
export function createRhythm() {
  const intervals: number[] = [];
  let lastKey: number | undefined;
  let answerMs: number | undefined;
  return {
    key(nowMs: number): void {
      const interval = nowMs - (lastKey ?? Number.NEGATIVE_INFINITY);
      lastKey = nowMs;
      if (interval >= PAUSE) return;
      intervals.push(interval);
      if (intervals.length > KEYS) intervals.shift();
    },
    firstLine(ms: number): void {
      answerMs = answerMs === undefined ? ms : answerMs * 0.8 + ms * 0.2;
    },
    /** From 0.5 to 2: above 1 where the user types faster than the model answers. */
    get factor(): number {
      if (answerMs === undefined || intervals.length < 3) return 1;
      const median = [...intervals].sort((a, b) => a - b)[intervals.length >> 1]!;
      return Math.min(2, Math.max(0.5, answerMs / Math.max(median, 1)));
    },
  };
}

export type Rhythm = ReturnType<typeof createRhythm>;

/**
 * Milliseconds to wait before the model is asked: none where a person stops to think (an empty line, after an opening
 * bracket), more inside a word, and the more so the faster they type.
 */
export function delayFor(settings: PipelineSettings, head: string, rest: string, factor: number): number {
  if (settings.delay !== "adaptive") return settings.delay;
  const delay = Math.min(MAX_DELAY, baseDelay(head, rest) * factor);
  return settings.profile === "eco" ? Math.max(ECO_DELAY, delay) : delay;
}

function baseDelay(head: string, rest: string): number {
  if (head.trim() === "" || /[.([{=:,]\s*$/.test(head)) return 0;
  if (
    /\b(?:return|if|for|while|const|let|var|def|class|import|from|new|await|in|of|and|or|not)\s$/.test(head)
  )
    return 0;
  if (/[\p{L}\p{N}_$]$/u.test(head)) return 90;
  return rest.trim() === "" ? 40 : 90;
}
