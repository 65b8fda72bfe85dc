import type { ChatMessage } from "../../engine/contract/index.ts";
import { fenceFor } from "../words/index.ts";

export interface RefactorRequest {
  readonly instruction: string;
  readonly path: string;
  readonly languageId: string;
  readonly before: string;
  readonly selected: string;
  readonly after: string;
}

const AROUND = 1500; // characters of the file on each side: enough to name things alike

/** What the model is told: the instruction, the code, and a little of the code around it. */
export function refactorMessages({
  instruction,
  path,
  languageId,
  before,
  selected,
  after,
}: RefactorRequest): ChatMessage[] {
  const fence = fenceFor(before + selected + after);
  const block = (code: string) => `${fence}${languageId}\n${code}\n${fence}`;
  const around = [
    before.trim() && `Before it stands:\n${block(before.slice(-AROUND))}`,
    after.trim() && `After it stands:\n${block(after.slice(0, AROUND))}`,
  ].filter(Boolean);
  return [
    {
      role: "system",
      content:
        "You rewrite code. Answer with the rewritten selection in one fenced code block, and nothing else. " +
        "Keep what the instruction does not mention as it is: names, comments, style, indentation.",
    },
    {
      role: "user",
      content: [
        `File ${path}. ${around.join("\n\n")}`.trim(),
        `Selection:\n${block(selected)}`,
        `Instruction: ${instruction}`,
      ].join("\n\n"),
    },
  ];
}

/** Where the selected text is now: where it was, or the one other place; undefined where it is gone or not unique. */
export function findAgain(text: string, selected: string, start: number): number | undefined {
  if (text.startsWith(selected, start)) return start;
  const first = text.indexOf(selected);
  return first !== -1 && text.indexOf(selected, first + 1) === -1 ? first : undefined;
}
