import type { ChatMessage } from "../../engine/contract/index.ts";
import type { AnswerEnd } from "../services/index.ts";
import { CHARACTERS_PER_TOKEN, fenceFor } from "../words/index.ts";

export interface Exchange {
  readonly question: string;
  answer: string;
}

export interface Subject {
  readonly path: string;
  readonly languageId: string;
  /** From 1, inclusive. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly code: string;
}

/** What the model is told: the code, then the exchanges; the oldest of them go where `tokens` do not hold all. */
export function conversationTurns(
  { path, languageId, firstLine, lastLine, code }: Subject,
  exchanges: readonly Exchange[],
  tokens: number,
): { readonly turns: ChatMessage[]; readonly dropped: number } {
  const fence = fenceFor(code);
  const opening: ChatMessage[] = [
    {
      role: "system",
      content:
        "You explain code to a programmer, briefly and exactly: what it does, how, and what is easy to miss. " +
        "Use short paragraphs and lists in Markdown. Say so where you are not sure.",
    },
    {
      role: "user",
      content: `Lines ${firstLine} to ${lastLine} of ${path}:\n${fence}${languageId}\n${code}\n${fence}\n\n${exchanges[0]?.question ?? ""}`,
    },
  ];
  const turnsOf = ({ question, answer }: Exchange, index: number): ChatMessage[] => [
    ...(index === 0 ? [] : [{ role: "user", content: question } as const]),
    ...(answer === "" ? [] : [{ role: "assistant", content: answer } as const]),
  ];
  const length = (turns: readonly ChatMessage[]) =>
    turns.reduce((sum, { content }) => sum + content.length, 0);
  const room = tokens * CHARACTERS_PER_TOKEN;
  let dropped = 0;
  for (;;) {
    // The first question stays with the code; its answer, and what follows, may go.
    const kept = exchanges.flatMap((exchange, index) =>
      index > 0 && index <= dropped
        ? []
        : turnsOf(dropped > 0 && index === 0 ? { ...exchange, answer: "" } : exchange, index),
    );
    const turns = [...opening, ...kept];
    if (length(turns) <= room || dropped >= exchanges.length - 1)
      return { turns: mergeUsers(turns), dropped };
    dropped++;
  }
}

/** Templates want the roles to alternate. */
function mergeUsers(turns: readonly ChatMessage[]): ChatMessage[] {
  const merged: ChatMessage[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    if (last && last.role === turn.role) {
      merged[merged.length - 1] = { role: last.role, content: `${last.content}\n\n${turn.content}` };
    } else merged.push(turn);
  }
  return merged;
}

/** What a reader is to know of how an answer ended, in one line; empty if it is whole. */
export function noticeOfEnd(end: AnswerEnd, answer: string): string {
  switch (end) {
    case "end":
      return answer.trim() === "" ? "The model gave no answer: ask in other words." : "";
    case "max-tokens":
      return "The answer is cut off, since it reached its longest permitted length: ask the model to continue.";
    case "context-full":
      return "The answer is cut off, since the model's context is full: explain fewer lines.";
    case "loop":
      return "The answer is cut off, since the model repeated itself without an end: ask in other words.";
    case "preempted":
      return "The answer is cut off, since another request interrupted the model: ask again.";
    case "cancelled":
      return "Stopped.";
  }
}
