import type { TraceRecord } from "../../engine/complete/index.ts";
import type { Silence } from "../../engine/contract/index.ts";

/** Why the last question could not be served, and where it was asked. */
export interface Trouble {
  readonly uri: string;
  readonly silence: Silence;
  /** What is wrong with the model concerns every file; other trouble, the file in which it came up. */
  readonly isAboutModel: boolean;
}

/**
 * The trouble after a question: that of the last one. A question that asked no model says nothing of the model.
 * @param isAboutModel whether another model is the way out of a silence
 */
export function troubleAfter(
  before: Trouble | null,
  { uri, outcome, prompt }: Pick<TraceRecord, "uri" | "outcome" | "prompt">,
  isAboutModel: (silence: Silence) => boolean,
): Trouble | null {
  if (outcome.kind === "nothing" && outcome.silence.id === "engine-error") {
    const { silence } = outcome;
    return { uri, silence, isAboutModel: isAboutModel(silence) };
  }
  const askedModel = prompt !== null || outcome.kind === "shown";
  return before?.isAboutModel && !askedModel ? before : null;
}

/** The trouble that a document's status shows. */
export const troubleIn = (trouble: Trouble | null, uri: string | undefined): Silence | null =>
  trouble && (trouble.isAboutModel || trouble.uri === uri) ? trouble.silence : null;
