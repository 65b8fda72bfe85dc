import type { Fault } from "../errors/index.ts";

/** Why no suggestion is shown. `sentenceOf` composes the sentence that a user reads. */
export interface Silence
  extends Pick<Fault, "problem" | "path" | "setting">,
    Partial<Pick<Fault, "code" | "advice">> {
  /** Stable, for traces, statistics and tests: `mid-word`, or `filtered:` and the id of a filter. */
  readonly id: string;
}

/** Whether the silence is a fault of the engine: it has the fault's code. */
export const isFault = (silence: Silence): silence is Silence & Fault =>
  silence.code !== undefined && silence.advice !== undefined;

/** Whether two silences tell a user the same. */
export const isSameSilence = (a: Silence, b: Silence): boolean => a.id === b.id && a.problem === b.problem;
