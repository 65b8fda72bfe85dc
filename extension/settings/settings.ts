import {
  leftOut,
  type PipelineSettings,
  readExclude,
  readLanguages,
  wrongValue,
} from "../../engine/complete/index.ts";
import type { EngineSettings, ModelSpec } from "../../engine/contract/index.ts";
import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import { declared, fits } from "../../engine/settings/index.ts";

/** `foretype.*`, checked. */
export interface Settings {
  /** Less the snooze, which is no setting. */
  readonly pipeline: Omit<PipelineSettings, "snoozedUntilMs">;
  readonly engine: EngineSettings;
  readonly completionModel: ModelSpec;
  /** The same spec as `completionModel`, and so the same loaded model, where both are one file. */
  readonly chatModel: ModelSpec;
  /** Where models are kept and come from; empty: the system's usual folder, and the Hub itself. */
  readonly library: { readonly folder: string; readonly hub: string };
  /** Of a prompt, at most. */
  readonly contextTokens: number;
  readonly context: {
    readonly recentEdits: boolean;
    readonly definitions: boolean;
    readonly openFiles: boolean;
  };
  readonly nextEdit: "off" | "repeat" | "model";
  /** The same spec as `completionModel`, and so the same loaded model, where both are one file. */
  readonly nextEditModel: ModelSpec;
  readonly statusBar: "full" | "compact" | "hidden";
  readonly statistics: boolean;
  readonly recordTyping: boolean;
  readonly refactorPresets: readonly string[];
}

// Positions beyond the prompt: what an invoked suggestion may write, and room for both to be rounded up.
const GENERATED_POSITIONS = 512;
const MIB = 1 << 20;

export interface SettingsReader {
  /** The value of `foretype.NAME` as the editor has it, of any type that the user wrote. */
  readonly get: (name: string) => unknown;
  /** What the user and the workspace say, each by itself; by default, all is the user's. */
  readonly levels?: (name: string) => { readonly user: unknown; readonly workspace: unknown };
  readonly home: string;
}

/** A wrong value costs its setting only: the default holds, and a warning says so. */
export function readSettings({ get, levels, home }: SettingsReader): {
  readonly settings: Settings;
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const levelsOf = levels ?? ((name: string) => ({ user: get(name), workspace: undefined }));
  const checked = <T>({ value, warnings: found }: { value: T; warnings: readonly string[] }): T => {
    warnings.push(...found);
    return value;
  };

  function languages(): PipelineSettings["languages"] {
    const { user, workspace } = levelsOf("languages");
    return checked(readLanguages([user, workspace]));
  }

  function exclude(): readonly string[] {
    const { user, workspace } = levelsOf("exclude");
    return checked(readExclude([workspace, user], home));
  }

  function presets(): readonly string[] {
    const value = get("refactor.presets") ?? [];
    if (!Array.isArray(value)) {
      warnings.push(wrongValue("refactor.presets", value, "[] is used"));
      return [];
    }
    return value.filter((entry): entry is string => {
      const why = typeof entry !== "string" ? "is not a text" : entry.trim() === "" ? "is empty" : undefined;
      if (why !== undefined) warnings.push(leftOut("refactor.presets", entry, why));
      return why === undefined;
    });
  }

  function read<T>(name: string): T {
    const schema = declared(name)!;
    const value = get(name);
    if (value === undefined || fits(value, schema)) return (value ?? schema.default) as T;
    warnings.push(wrongValue(name, value, `${JSON.stringify(schema.default)} is used`));
    return schema.default as T;
  }

  const path = (name: string): string => {
    const text = read<string>(name).trim();
    return text.startsWith("~/") || text.startsWith("~\\") ? home + text.slice(1) : text;
  };
  const completion = path("model.completion") || EMBEDDED_MODEL;
  const chat = path("model.chat") || completion;
  const nextEdit = path("model.nextEdit") || completion;
  const contextTokens = read<number>("contextTokens");
  const completionModel: ModelSpec = { path: completion, context: contextTokens + GENERATED_POSITIONS };

  const settings: Settings = {
    pipeline: {
      enabled: read("enable"),
      languages: languages(),
      exclude: exclude(),
      trigger: read("trigger"),
      profile: read("profile"),
      eagerness: read("eagerness"),
      delay: read("delay"),
      multiline: read("multiline"),
      inComments: read("inComments"),
      maxLines: read("maxLines"),
      timeLimitMs: read("timeLimitMs"),
      speculate: read("speculate"),
    },
    engine: {
      device: read("gpu.device"),
      memoryLimit: read<number>("gpu.memoryMB") * MIB,
      snapshotBytes: read<number>("gpu.snapshotMB") * MIB,
      unloadAfterMinutes: read("model.unloadAfterMinutes"),
    },
    completionModel,
    chatModel: chat === completion ? completionModel : { path: chat },
    library: { folder: path("model.folder"), hub: read<string>("model.hub").trim() },
    contextTokens,
    context: {
      recentEdits: read("context.recentEdits"),
      definitions: read("context.definitions"),
      openFiles: read("context.openFiles"),
    },
    nextEdit: read("nextEdit"),
    nextEditModel: nextEdit === completion ? completionModel : { path: nextEdit },
    statusBar: read("statusBar"),
    statistics: read("statistics"),
    recordTyping: read("recordTyping"),
    refactorPresets: presets(),
  };
  return { settings, warnings };
}
