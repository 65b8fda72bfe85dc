// Runs in the workbench's page, before its own scripts: what the screen shows, as the tests read it.
{
  // The second while IntelliSense is open.
  const GHOST = ".editor-instance .ghost-text-decoration, .editor-instance .ghost-text-decoration-preview";
  const plain = (element) => (element?.textContent ?? "").replaceAll("\u00a0", " ");

  /** Ghost text: the rest of the cursor's line, then the lines below it; empty where nothing is suggested. */
  const readGhost = () => {
    // One span for each token of the syntax.
    const inline = [...document.querySelectorAll(GHOST)];
    const lines = [
      ...document.querySelectorAll(".editor-instance .view-zones .suggest-preview-text .view-line"),
    ];
    const first = inline.map(plain).join("");
    return lines.length ? [first, ...lines.map((line) => plain(line).trimEnd())].join("\n") : first;
  };

  /** The line of the cursor as it is painted, ghost text included; of several editors, in the one that has the focus. */
  const readLine = () => {
    const editor = document.querySelector(".editor-instance .monaco-editor.focused") ?? document;
    const top = editor.querySelector(".cursor")?.getBoundingClientRect().top ?? 0;
    const lines = [...editor.querySelectorAll(".view-lines .view-line")];
    return plain(lines.find((line) => Math.abs(line.getBoundingClientRect().top - top) < 4));
  };

  const focused = () => document.querySelector(".editor-instance .monaco-editor.focused") ?? document;

  /** What the extension draws into the editor with the focus: the text that is struck out, and what is written behind lines. */
  const readDrawn = () => {
    const struck = [];
    const behind = [];
    for (const element of focused().querySelectorAll('.view-lines .view-line [class*="ced-"]')) {
      if (getComputedStyle(element).textDecorationLine.includes("line-through")) struck.push(plain(element));
      for (const where of ["::before", "::after"]) {
        const { content } = getComputedStyle(element, where);
        if (content !== "none" && content !== "normal")
          behind.push(JSON.parse(content).replaceAll("\u00a0", " "));
      }
    }
    return { struck, behind };
  };

  let frames = [];
  let watching = false;

  const watch = () => {
    frames = [];
    watching = true;
    const look = () => {
      const frame = { line: readLine(), ghost: readGhost(), drawn: readDrawn() };
      if (JSON.stringify(frames.at(-1)) !== JSON.stringify(frame)) frames.push(frame);
      if (watching) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };

  const stop = () => {
    watching = false;
    return frames;
  };

  globalThis.screenReader = { readGhost, readLine, readDrawn, watch, stop };
}
