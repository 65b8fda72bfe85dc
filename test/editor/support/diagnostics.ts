// What `Foretype: Export Diagnostics…` says of the last hundred questions.
import { expect } from "vitest";
import { command, focusEditor, press } from "./actions.ts";
import type { EditorWindow } from "./window.ts";

/** A question to the pipeline, without its text. */
export interface Trace {
  readonly at: number; // milliseconds since 1970
  readonly languageId: string;
  readonly trigger: "automatic" | "invoked" | "speculative";
  readonly source: "typed-through" | "cache" | "attached" | "model" | null;
  readonly outcome: { readonly kind: "shown" | "nothing"; readonly id?: string; readonly lines?: number };
  /** Characters of each piece of other files; null where the model was not asked. */
  readonly prompt: { readonly context: readonly number[] } | null;
}

/** Oldest first. Closes the editor that the command opens. */
export async function traces(window: EditorWindow): Promise<readonly Trace[]> {
  await command(window, "Foretype: Export Diagnostics");
  await window.page.locator(".tab.active", { hasText: "Untitled" }).waitFor();
  await focusEditor(window);
  let copied = "";
  const copy = async () => {
    await press(window, "Control+A", "Control+C");
    copied = await window.page.evaluate("navigator.clipboard.readText()");
    return copied.trimEnd();
  };
  await expect.poll(copy).toMatch(/^\{[\s\S]*\}$/);
  await press(window, "Control+Alt+K");
  await window.page.locator(".tab", { hasText: "Untitled" }).waitFor({ state: "detached" });
  return (JSON.parse(copied) as { traces: Trace[] }).traces;
}
