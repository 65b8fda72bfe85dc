import type { Silence } from "../contract.ts";
import { filterSuggestion } from "../filters/index.ts";
import { textBetween, withLineEnding } from "../text/index.ts";
import type { Found } from "./stage.ts";

export interface Replacement {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The text to insert and the range to replace: the rest of the entry, over the closing brackets that the editor has
 * inserted and the entry contains too. With a row of the suggest widget highlighted, the text must extend that row.
 */
export function replacement({ question, cursorText, place, hints, hit }: Found): Replacement | Silence {
  const { entry, typed, closers } = hit;
  const { cursor } = question;
  let text = entry.text.slice(typed);
  let end = cursor;
  if (closers !== "") {
    if (!text.includes("\n") && isWithin(closers, text)) end = cursor + closers.length;
    else {
      const outcome = filterSuggestion(text, place, hints);
      if ("drop" in outcome)
        return {
          id: `filtered:${outcome.drop}`,
          problem: "What is left of the suggestion is already after the cursor",
        };
      text = outcome.show;
    }
  }
  const inserted = withLineEnding(text, cursorText.lineEnding);
  const { intellisense } = question;
  if (!intellisense) return { text: inserted, start: cursor, end };

  const written = textBetween(question.document, intellisense.start, cursor);
  const whole = written + inserted;
  if (intellisense.start <= cursor && intellisense.end >= cursor && whole.startsWith(intellisense.text))
    return { text: whole, start: intellisense.start, end: Math.max(end, intellisense.end) };
  return {
    id: "intellisense",
    problem: `The suggestion does not begin with “${intellisense.text.split("\n", 1)[0]}”, which the suggest widget has selected`,
  };
}

/** Whether the characters of `part` occur in `text`, in order. */
function isWithin(part: string, text: string): boolean {
  let at = 0;
  for (const character of part) {
    at = text.indexOf(character, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
