// Our webviews: pages in frames of frames.

import type { Frame } from "playwright-core";
import { expect } from "vitest";
import type { EditorWindow } from "./window.ts";

/** The document of an open page, once it shows something. */
export async function openedPage(window: EditorWindow, title: string): Promise<Frame> {
  let found: Frame | undefined;
  const look = async () => {
    for (const frame of window.page.frames()) {
      // A frame may go while it is asked.
      const is = await frame.evaluate("document.title").catch(() => "");
      if (is === title) found = frame;
    }
    return found !== undefined && (await found.locator("#page > *").count()) > 0;
  };
  await expect.poll(look, { timeout: 30_000 }).toBe(true);
  return found!;
}
