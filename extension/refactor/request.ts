import type { ChatMessage } from "../../engine/contract/index.ts";
import { fenceFor } from "../words/index.ts";

export interface RefactorRequest {
  readonly instruction: string;
  readonly path: string;
  readonly languageId: string;
  readonly before: string;
  readonly selected: string;
  readonly after: string;
  /** Characters of the file on each side. */
  readonly around: number;
}

/** What the model is told: the instruction, the code, and a little of the code around it. */
export function refactorMessages({
  instruction,
  path,
  languageId,
  before,
  selected,
  after,
  around,
}: RefactorRequest): ChatMessage[] {
  const fence = fenceFor(before + selected + after);
  const block = (code: string) => `${fence}${languageId}\n${code}\n${fence}`;
  const above = around > 0 ? before.slice(-around) : "";
  const below = after.slice(0, around);
  const surroundings = [
    above.trim() && `Before it stands:\n${block(above)}`,
    below.trim() && `After it stands:\n${block(below)}`,
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
        `File ${path}. ${surroundings.join("\n\n")}`.trim(),
        `Selection:\n${block(selected)}`,
        `Instruction: ${instruction}`,
      ].join("\n\n"),
    },
  ];
}
