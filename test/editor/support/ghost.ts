// Ghost text as the screen shows it.
import { expect } from "vitest";
import type { EditorWindow } from "./window.ts";

/** The rest of the cursor's line, then the lines below it; empty where nothing is suggested. */
export const ghost = (window: EditorWindow): Promise<string> =>
  window.page.evaluate("screenReader.readGhost()");

// A model on a software device may take its time, and the kernels compile once at the start.
export const ANSWER_MS = 60_000;

/** Waits for ghost text and answers it, once it stays: its first line and the others are painted one after the other. */
export async function waitForGhost(window: EditorWindow): Promise<string> {
  let last = "";
  const stays = async () => {
    const now = await ghost(window);
    const same = now !== "" && now === last;
    last = now;
    return same;
  };
  await expect.poll(stays, { timeout: ANSWER_MS, interval: 100 }).toBe(true);
  return last;
}

export const waitForNoGhost = (window: EditorWindow): Promise<void> =>
  expect.poll(() => ghost(window), { timeout: ANSWER_MS }).toBe("");

/** What an extension draws: the text that is struck out, and what is written behind lines, from the top. */
export interface Drawn {
  readonly struck: readonly string[];
  readonly behind: readonly string[];
}

/** What a painted frame showed: the cursor's line with its ghost text, the ghost text, and what was drawn. */
export interface Frame {
  readonly line: string;
  readonly ghost: string;
  readonly drawn: Drawn;
}

export const drawn = (window: EditorWindow): Promise<Drawn> =>
  window.page.evaluate("screenReader.readDrawn()");

/**
 * Looks at each frame that is painted while `action` runs; answers those that differ from the one before.
 * A MutationObserver would see more: states that others replace before anything is painted.
 */
export async function framesDuring(window: EditorWindow, action: () => Promise<void>): Promise<Frame[]> {
  await window.page.evaluate("screenReader.watch()");
  await action();
  return window.page.evaluate("screenReader.stop()");
}
