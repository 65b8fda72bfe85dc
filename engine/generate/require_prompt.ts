import { UserError } from "../errors.ts";

/** @throws UserError for a prompt that cannot be run. */
export function requirePrompt(ids: readonly number[], vocabulary: number, context: number): void {
  if (ids.length === 0) throw new UserError("The prompt is empty: give it at least one token.");
  if (ids.length >= context) {
    throw new UserError(
      `The prompt has ${ids.length} tokens and the context holds ${context}, one of them for the answer: shorten the prompt or choose a larger context.`,
    );
  }
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined) {
    throw new UserError(`There is no token ${wrong}: ids go from 0 to ${vocabulary - 1} in this model.`);
  }
}
