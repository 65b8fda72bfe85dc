// Where the keys go. Hands look before they act: a notification, a dialog or the palette may have taken the focus.
import { openTab, press } from "../actions.ts";
import type { EditorWindow } from "../window.ts";
import type { Hands } from "./hands.ts";
import { filesOf, isNotebook } from "./looks.ts";

type Place = "text" | "cells" | "dialog" | "no editor" | "elsewhere";

const PLACE = `(() => {
  const at = document.activeElement;
  if (document.querySelector(".monaco-dialog-box")) return "dialog";
  if (!document.querySelector(".tab")) return "no editor";
  if (at?.closest(".monaco-editor-pane-placeholder")) return "no editor"; // its file has another name by now
  const inEditor = at?.closest(":is(.editor-instance, .notebookOverlay)");
  if (inEditor && at.matches(".native-edit-context, textarea.inputarea, textarea.ime-text-area")) return "text";
  return at?.closest(".notebookOverlay") ? "cells" : "elsewhere";
})()`;

const SHOWS_MS = 500; // until the focus has moved
const PATIENCE_MS = 120_000; // a notebook's first page takes half a minute on a busy machine, and longer with 5 MB in a cell
const OPENS_MS = 15_000;
const NO_CELL_MS = 20_000;

/** Puts the focus into a text, if it is elsewhere; opens a file where none is open. */
export async function intoText({ window }: Hands): Promise<void> {
  const startMs = performance.now();
  for (let ms = 0; ms < PATIENCE_MS; ms = performance.now() - startMs) {
    const place = await window.page.evaluate<Place>(PLACE);
    if (place === "text") return;
    await goThere(window, place, ms);
    await waitForText(window);
  }
  const html = await window.page.evaluate("document.activeElement?.outerHTML.slice(0, 300)");
  throw new Error(`no text got the focus: ${await window.page.evaluate<Place>(PLACE)}, ${html}`);
}

async function goThere(window: EditorWindow, place: Place, ms: number): Promise<void> {
  const text = filesOf(window).find((path) => !isNotebook(path)) ?? "";
  if (place === "dialog") await press(window, "Escape");
  else if (place === "no editor") await open(window, text);
  // Of a notebook one cell is chosen, or none, and Enter goes into it; all may have been deleted.
  else if (place === "cells" && ms < NO_CELL_MS) await press(window, "ArrowDown", "Enter");
  else if (place === "cells") await open(window, text);
  else await press(window, "Escape", "Control+Alt+F");
}

/**
 * Opens a file, unless the editor does not: it is busy, or does not find one that was renamed under a changed editor. What hands do
 * next they do where they are.
 */
export async function open(window: EditorWindow, path: string): Promise<string> {
  try {
    await openTab(window, path, OPENS_MS);
    return path;
  } catch {
    await press(window, "Escape", "Escape");
    return `${path} was not opened`;
  }
}

const waitForText = (window: EditorWindow): Promise<unknown> =>
  window.page.waitForFunction(`${PLACE} === "text"`, undefined, { timeout: SHOWS_MS }).catch(() => {});
