import type { Hit, Wanted } from "../cache.ts";
import type { AnswerSource, PipelineSettings, Question, Silence } from "../contract.ts";
import type { Decode } from "../decode.ts";
import type { FilterHints } from "../filters/index.ts";
import type { Place, SyntaxFacts } from "../text/index.ts";

/** A cursor in a document, as all stages see it. */
export interface Placed extends Wanted {
  readonly question: Question;
  /** As they were when the question came. */
  readonly settings: PipelineSettings;
  readonly place: Place;
  /** What the parser knows of the place; undefined if no parser reads the language. */
  readonly facts: SyntaxFacts | undefined;
  /** What filters may know of it. */
  readonly hints: FilterHints;
}

/** A question on its way through the stages, with what they have found out so far. */
export interface Asked extends Placed {
  /** Milliseconds of the pipeline's clock. */
  readonly askedMs: number;
  /** Whether a later question has come, or the caller has left. */
  readonly superseded: () => boolean;
  /** From `delay`: milliseconds that were waited before the model was asked. */
  readonly delayMs: number;
  /** From `attach` or `prompt`: the decode whose text answers the question. */
  readonly decode?: Decode;
  readonly source: AnswerSource;
}

/** A question for whose place there is a suggestion. */
export interface Found extends Asked {
  readonly hit: Hit;
}

export type Outcome =
  /** The next stage continues, with what this one has found out. */
  | { readonly kind: "continue"; readonly asked: Asked }
  | { readonly kind: "found"; readonly found: Found }
  | { readonly kind: "silence"; readonly silence: Silence; readonly asked: Asked }
  /** The user's typing has diverged from the model's text: run all stages again. */
  | { readonly kind: "again" };

/** The stages in their order; the last two follow once there is a suggestion. */
export type StageId = "gate" | "recall" | "attach" | "delay" | "prompt" | "decode" | "confidence" | "range";

export type Stage = (asked: Asked) => Outcome | Promise<Outcome>;

/** Runs the stage only if no running decode will answer. */
export const unlessAttached =
  (stage: Stage): Stage =>
  (asked) =>
    asked.decode ? next(asked) : stage(asked);

export const next = (asked: Asked): Outcome => ({ kind: "continue", asked });

export const silent = (asked: Asked, silence: Silence): Outcome => ({ kind: "silence", silence, asked });

export const found = (asked: Asked, hit: Hit, source: AnswerSource): Outcome => ({
  kind: "found",
  found: { ...asked, hit, source },
});
