import { CHARACTERS_PER_TOKEN } from "../words/index.ts";
import type { Doubt } from "./judge_answer.ts";

/** What a request may take of the model's context. */
export interface Budget {
  /** Of the answer. The context is a limit of its own. */
  readonly maxTokens: number;
  /** Characters of the file on each side of the selection. */
  readonly around: number;
}

const FRAME = 200; // tokens of the prompt beside the code and the instruction, with the chat template
const AROUND = 1500; // characters on each side: enough to name things alike
const MIN_ANSWER = 2048; // tokens: a short selection may become a long one
const GROWTH = 2; // an answer longer than this many selections is a model that does not stop

const tokensOf = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

/**
 * What to ask for, or why a selection is too long for the model: its context holds the prompt and an answer as long as the
 * selection. The code around it is the first to be cut.
 * @param context in tokens
 */
export function budgetFor(selected: string, instruction: string, context: number): Budget | Doubt {
  const selection = tokensOf(selected.length);
  const left = context - FRAME - tokensOf(instruction.length) - selection;
  if (left < selection) {
    const most = Math.max(0, Math.floor((left + selection) / 2) * CHARACTERS_PER_TOKEN);
    return {
      problem: `The selection has ${selected.length} characters, and the model's context of ${context} tokens holds about ${most} together with their rewriting`,
      advice: "select fewer lines",
    };
  }
  const wanted = GROWTH * selection;
  const around = Math.floor(((left - wanted) * CHARACTERS_PER_TOKEN) / 2);
  return {
    maxTokens: Math.max(MIN_ANSWER, wanted),
    around: Math.max(0, Math.min(AROUND, around)),
  };
}
