// Runs in the workbench's page, before its own scripts: what the screen shows, as the tests read it.
{
  // Cells of a notebook lie above the editor's own place. The second while IntelliSense is open.
  const EDITOR = ":is(.editor-instance, .notebookOverlay)";
  const GHOST = `${EDITOR} .ghost-text-decoration, ${EDITOR} .ghost-text-decoration-preview`;
  const plain = (element) => (element?.textContent ?? "").replaceAll("\u00a0", " ");

  /** Ghost text: the rest of the cursor's line, then the lines below it; empty where nothing is suggested. */
  const readGhost = () => {
    // One span for each token of the syntax.
    const inline = [...document.querySelectorAll(GHOST)];
    const lines = [...document.querySelectorAll(`${EDITOR} .view-zones .suggest-preview-text .view-line`)];
    const first = inline.map(plain).join("");
    return lines.length ? [first, ...lines.map((line) => plain(line).trimEnd())].join("\n") : first;
  };

  /** The line of the cursor as it is painted, ghost text included; of several editors, in the one that has the focus. */
  const readLine = () => {
    const editor = document.querySelector(`${EDITOR} .monaco-editor.focused`) ?? document;
    const top = editor.querySelector(".cursor")?.getBoundingClientRect().top ?? 0;
    const lines = [...editor.querySelectorAll(".view-lines .view-line")];
    return plain(lines.find((line) => Math.abs(line.getBoundingClientRect().top - top) < 4));
  };

  let frames = [];
  let watching = false;

  const watch = () => {
    frames = [];
    watching = true;
    const look = () => {
      const frame = { line: readLine(), ghost: readGhost() };
      const last = frames.at(-1);
      if (last?.line !== frame.line || last?.ghost !== frame.ghost) frames.push(frame);
      if (watching) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };

  const stop = () => {
    watching = false;
    return frames;
  };

  globalThis.screenReader = { readGhost, readLine, watch, stop };
}
