import * as vscode from "vscode";
import { sentenceOf } from "../../engine/errors/index.ts";
import type { SelectionEnd } from "./followed_selection.ts";
import { type Answer, type Doubt, judgeAnswer, shownOf, type Verdict } from "./judge_answer.ts";
import { type Selected, selectedIn } from "./selected.ts";
import type { WatchedSelection } from "./watch_selection.ts";

/** Documents of this scheme are proposals: they exist only in memory. */
export const SCHEME = "foretype-refactor";

/** One refactoring, from its instruction to its end. */
export interface Refactoring {
  readonly document: vscode.TextDocument;
  readonly selection: WatchedSelection;
  readonly uri: vscode.Uri;
  instruction: string;
  /** What the model has written. */
  text: string;
  /** Why it ended; undefined before it has. */
  end: Answer["end"] | undefined;
  /** Set while the model writes. */
  abort: AbortController | undefined;
  /** The selection's document, when the selection was last there. */
  surroundings: Surroundings;
}

interface Surroundings {
  readonly before: string;
  readonly selected: Selected;
  readonly after: string;
}

const SELECTION_ENDS: Readonly<Record<SelectionEnd, Doubt>> = {
  changed: {
    problem: "The code has changed since it was selected, so the proposal is not applied",
    advice: "copy what you need from it, or select the code again and start over",
  },
  closed: {
    problem:
      "The file was closed, renamed or deleted since its code was selected, so the proposal is not applied",
    advice: "copy what you need from it, or select the code again and start over",
  },
};

/** Why the selection is no longer there, if it is not. */
export function endOfSelection({ selection }: Pick<Refactoring, "selection">): Doubt | undefined {
  return selection.ended && SELECTION_ENDS[selection.ended];
}

/** The document around a selection, as it is now; undefined once the selection has ended. */
export function surroundingsOf(
  document: vscode.TextDocument,
  { range }: WatchedSelection,
): Surroundings | undefined {
  if (!range) return undefined;
  const text = document.getText();
  return {
    before: text.slice(0, range.start),
    selected: selectedIn(text, range, document.languageId),
    after: text.slice(range.end),
  };
}

/** What the answer is worth in the document as it is now; undefined while the model writes. */
export function verdictOf(one: Refactoring): Verdict | undefined {
  if (one.end === undefined) return undefined;
  return judgeAnswer({ text: one.text, end: one.end }, one.surroundings.selected);
}

/** The code that is proposed, or what is shown in its place. */
export function proposedCode(one: Refactoring): string {
  const verdict = verdictOf(one);
  if (!verdict) return shownOf(one.text, one.surroundings.selected);
  return verdict.certain ? verdict.code : verdict.shown;
}

/**
 * The whole document with the proposal in the selection's place, so that the diff shows it among its surroundings. Where
 * the selection has ended, the first line says so, and the rest is what can be copied.
 */
export function proposalText(one: Refactoring): string {
  one.surroundings = surroundingsOf(one.document, one.selection) ?? one.surroundings;
  const { before, selected, after } = one.surroundings;
  const ended = endOfSelection(one);
  const notice = ended ? sentenceOf(ended) + selected.lineEnding : "";
  return notice + before + (proposedCode(one) || selected.text) + after;
}

const isProposal = ({ input }: vscode.Tab, uri: vscode.Uri): boolean =>
  input instanceof vscode.TabInputTextDiff && input.modified.toString() === uri.toString();

/** Whether one of these tabs was the proposal's. */
export const hasProposal = (tabs: readonly vscode.Tab[], uri: vscode.Uri): boolean =>
  tabs.some((tab) => isProposal(tab, uri));

export async function closeProposal(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) =>
    group.tabs.filter((tab) => isProposal(tab, uri)),
  );
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs);
}
