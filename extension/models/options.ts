import type * as vscode from "vscode";
import { defaultFolder } from "../../engine/library/index.ts";
import type { Engine, ModelRole } from "../services/index.ts";
import type { Settings } from "../settings/index.ts";
import type { Downloads } from "./downloads.ts";

export interface ModelsOptions {
  readonly engine: Engine;
  readonly settings: { readonly current: Settings };
  readonly memory: vscode.Memento;
  readonly downloads: Downloads;
}

/** Where downloaded models lie. */
export const libraryFolder = ({ settings }: ModelsOptions): string =>
  settings.current.library.folder || defaultFolder();

/**
 * Of the GPU, as far as it is known without starting anything: by the running engine, or by the user's own limit. A CPU's
 * memory says nothing of what is quick enough there.
 */
export async function gpuMemory({ engine, settings }: ModelsOptions): Promise<number | null> {
  const status = await engine.service.status().catch(() => undefined);
  const found = status?.deviceIsSoftware ? null : status?.memoryLimit;
  return found ?? (settings.current.engine.memoryLimit || null);
}

/** The roles that a file fills now. */
export function usesOf({ settings }: ModelsOptions, paths: readonly string[]): ModelRole[] {
  const { completionModel, chatModel } = settings.current;
  return [
    ...(paths.includes(completionModel.path) ? (["completion"] as const) : []),
    ...(paths.includes(chatModel.path) ? (["chat"] as const) : []),
  ];
}
