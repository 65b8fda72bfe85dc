import { UserError } from "../../errors/index.ts";
import {
  drain,
  type GenerateOptions,
  type GenerationResult,
  type GenerationTally,
  type Session,
} from "../../generate/index.ts";

/**
 * What a measured generation starts from. `cold prompt`: no state is kept, so every token of the prompt is computed. `kept state`: the
 * prompt was read before, so only its last token is. Kernels are warm in both: the first run of each measurement is not counted.
 */
export type Start = "cold prompt" | "kept state";

type Timings = GenerationTally["timings"];

/** Generates from `start`: makes it, and checks afterwards that it was the one. @throws UserError as `requireStart` and `requireRounds` */
export async function generateFrom(
  start: Start,
  session: Session,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<GenerationResult> {
  if (start === "cold prompt") session.forget();
  const result = await drain(session.generate(prompt, options));
  requireStart(start, result.timings);
  if (options.drafts === "off") requireRounds(result.timings);
  return result;
}

/** @throws UserError where another number of the prompt's tokens was computed than `start` means */
export function requireStart(
  start: Start,
  { promptTokens, computedTokens }: Pick<Timings, "promptTokens" | "computedTokens">,
): void {
  const meant = start === "cold prompt" ? promptTokens : 1;
  if (computedTokens === meant) return;
  throw new UserError({
    code: "benchmark",
    problem: `A ${start} computes ${meant} of ${promptTokens} prompt tokens, and ${computedTokens} were computed`,
    advice:
      start === "kept state"
        ? "choose a shorter context, so that there is memory to keep states in"
        : "this is a fault of the benchmark, please report it",
  });
}

/** @throws UserError where more tokens were sampled without drafts than rounds were run */
export function requireRounds({ tokens, steps }: Pick<Timings, "tokens" | "steps">): void {
  if (tokens <= steps) return;
  throw new UserError({
    code: "benchmark",
    problem: `${tokens} tokens were sampled in ${steps} rounds, and a round without drafts samples one`,
    advice: "this is a fault of the benchmark, please report it",
  });
}

/** @throws UserError where `ms` is no time that anything takes */
export function perSecond(count: number, ms: number): number {
  if (ms > 0 && Number.isFinite(ms)) return (1000 * count) / ms;
  throw new UserError({
    code: "benchmark",
    problem: `${count} tokens took ${ms} ms, which nothing does`,
    advice: "measure more of them",
  });
}

/** Prompt tokens a second: of those that were computed. */
export const promptRate = ({ computedTokens, promptMs }: Timings): number =>
  perSecond(computedTokens, promptMs);

/** Tokens a second after the first, with which the time begins. */
export const decodeRate = ({ tokens, decodeMs }: Timings): number => perSecond(tokens - 1, decodeMs);
