import * as vscode from "vscode";
import type { DocumentView, NotebookCell } from "../../engine/complete/index.ts";
import { placeOf, wholeTextOf } from "../editor/index.ts";

/** The other cells of a document's notebook, in their order, without their output; none of what is no cell. */
export function otherCells({ uri }: DocumentView): NotebookCell[] {
  if (uri.startsWith("vscode-interactive-input:")) return cellsOf(interactiveNotebook(uri)?.getCells() ?? []);
  if (!uri.startsWith("vscode-notebook-cell:")) return [];
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cells = notebook.getCells();
    const index = cells.findIndex((cell) => cell.document.uri.toString() === uri);
    if (index !== -1) return cellsOf(cells, index);
  }
  return [];
}

/** All but the one of this index; they are above where there is none. */
const cellsOf = (cells: readonly vscode.NotebookCell[], own = cells.length): NotebookCell[] =>
  cells
    .filter((_, index) => index !== own)
    .map(({ index, kind, document }) => ({
      ...placeOf(document.uri),
      languageId: document.languageId,
      text: wholeTextOf(document) ?? "", // what is longer is data
      kind: kind === vscode.NotebookCellKind.Code ? "code" : "prose",
      above: index < own,
    }));

/** The notebook above the input of an interactive window: both have the window's number in their names. */
function interactiveNotebook(input: string): vscode.NotebookDocument | undefined {
  const number = /(\d+)\D*$/.exec(input)?.[1];
  return vscode.workspace.notebookDocuments.find(
    ({ notebookType, uri }) => notebookType === "interactive" && /(\d+)\D*$/.exec(uri.path)?.[1] === number,
  );
}
