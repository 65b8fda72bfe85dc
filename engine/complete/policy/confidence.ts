import type { PipelineSettings } from "../contract.ts";

/** The estimated share of acceptances below which a suggestion is held back. */
const thresholds: Readonly<Record<PipelineSettings["eagerness"], number>> = {
  conservative: 0.4,
  balanced: 0.25, // the share below which Cursor's Tab hides a suggestion, by its authors (cursor.com/blog/tab-rl)
  eager: 0.1,
};

// Not yet fitted to recorded acceptances: they put 25 % where the mean token has a probability of 0.24, and give a
// little for length, because a long line that the model is sure of saves more. Refit both from the statistics.
const INTERCEPT = 1.75;
const PER_NAT = 2;
const PER_CHARACTER = 0.005;

/**
 * How likely a suggestion is to be accepted, from 0 to 1: logistic in the mean log-probability (natural) of its first
 * line's tokens and in that line's length.
 */
export function acceptEstimate(meanLogProbability: number, firstLineCharacters: number): number {
  const logit = INTERCEPT + PER_NAT * meanLogProbability + PER_CHARACTER * Math.min(firstLineCharacters, 80);
  return 1 / (1 + Math.exp(-logit));
}

export const isConfident = (estimate: number, eagerness: PipelineSettings["eagerness"]): boolean =>
  estimate >= thresholds[eagerness];
