import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { closeEditors } from "./actions.ts";
import { type EditorWindow, explainFailure, openWindow, type WindowOptions } from "./window.ts";

/**
 * One window for all tests of a file: no editor is open when a test begins, a test that fails leaves a screenshot, and at the
 * end nothing but this machine was spoken to. To be called at the top of a file; the window is there once tests run.
 * @param options asked for just before the window opens, so that they may name what an earlier `beforeAll` made
 */
export function useWindow(options: () => WindowOptions = () => ({})): EditorWindow {
  let opened: EditorWindow | undefined;
  const window = (): EditorWindow => {
    if (!opened) throw new Error("the window is not open yet: use it in tests and hooks only");
    return opened;
  };
  beforeAll(async () => {
    opened = await openWindow(options());
  });
  beforeEach(async () => {
    explainFailure(window());
    await closeEditors(window());
  });
  afterAll(async () => {
    expect([...window().sockets]).toEqual([]);
    await window().close();
  });
  return new Proxy({} as EditorWindow, { get: (_, name) => window()[name as keyof EditorWindow] });
}
