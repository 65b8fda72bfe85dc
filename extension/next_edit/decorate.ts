import * as vscode from "vscode";
import type { Drawing } from "./drawing.ts";

const { ThemeColor } = vscode;
const GHOST = { color: new ThemeColor("editorGhostText.foreground") };
const FRESH = {
  color: new ThemeColor("editor.foreground"),
  backgroundColor: new ThemeColor("diffEditor.insertedTextBackground"),
};

/** Draws with the colours of the theme, and moves no code: all text is behind a line's end. */
export function createDecorations(extensionUri: vscode.Uri) {
  const icon = (theme: string) => vscode.Uri.joinPath(extensionUri, "media", "next_edit", `${theme}.svg`);
  const removed = vscode.window.createTextEditorDecorationType({
    textDecoration: "line-through",
    color: new ThemeColor("editorGutter.deletedBackground"),
    backgroundColor: new ThemeColor("diffEditor.removedTextBackground"),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  const grown = vscode.window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor("diffEditor.insertedTextBackground"),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  const fresh = vscode.window.createTextEditorDecorationType({});
  const hint = vscode.window.createTextEditorDecorationType({});
  const mark = vscode.window.createTextEditorDecorationType({
    overviewRulerColor: new ThemeColor("editorOverviewRuler.modifiedForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
    isWholeLine: true,
    light: { gutterIconPath: icon("light"), gutterIconSize: "contain" },
    dark: { gutterIconPath: icon("dark"), gutterIconSize: "contain" },
  });
  const types = [removed, grown, fresh, hint, mark];
  /** Where something is drawn. */
  let drawn: { readonly editor: vscode.TextEditor; readonly key: string } | undefined;

  function clear(): void {
    if (drawn) for (const type of types) drawn.editor.setDecorations(type, []);
    drawn = undefined;
  }

  function draw(editor: vscode.TextEditor, drawing: Drawing): void {
    const { document } = editor;
    const hoverMessage = new vscode.MarkdownString(drawing.hover);
    const at = (range: vscode.Range): vscode.DecorationOptions => ({ range, hoverMessage });
    const behind = (
      line: number,
      contentText: string,
      look: vscode.ThemableDecorationAttachmentRenderOptions,
    ): vscode.DecorationOptions => ({
      range: endOf(document, line),
      hoverMessage,
      renderOptions: { after: { contentText, margin: "0 0 0 1.5em", ...look } },
    });
    const places = (stretches: Drawing["removed"]) =>
      stretches.map(({ start, end }) =>
        at(new vscode.Range(document.positionAt(start), document.positionAt(end))),
      );
    editor.setDecorations(removed, places(drawing.removed));
    editor.setDecorations(grown, places(drawing.grown));
    editor.setDecorations(
      fresh,
      drawing.fresh.map(({ line, text }) => behind(line, text, FRESH)),
    );
    editor.setDecorations(hint, drawing.hint ? [behind(drawing.hint.line, drawing.hint.text, GHOST)] : []);
    const { gutter } = drawing;
    editor.setDecorations(mark, gutter ? [at(new vscode.Range(gutter.line, 0, gutter.lastLine, 0))] : []);
  }

  return {
    /** @param drawing undefined: nothing is shown, in any editor */
    show(editor: vscode.TextEditor | undefined, drawing: Drawing | undefined): void {
      const key = JSON.stringify([drawing, editor?.document.version]);
      if (drawn && (drawn.editor !== editor || !drawing)) clear();
      if (!editor || !drawing || drawn?.key === key) return;
      draw(editor, drawing);
      drawn = { editor, key };
    },
    dispose(): void {
      for (const type of types) type.dispose();
    },
  };
}

const endOf = (document: vscode.TextDocument, line: number): vscode.Range => {
  const { end } = document.lineAt(Math.min(line, document.lineCount - 1)).range;
  return new vscode.Range(end, end);
};
