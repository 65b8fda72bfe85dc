import type { PipelineSettings } from "../../engine/complete/index.ts";
import type { EngineSettings, ModelSpec } from "../../engine/contract/index.ts";
import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import manifest from "../../package.json" with { type: "json" };

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
  readonly statusBar: "full" | "compact" | "hidden";
  readonly statistics: boolean;
  readonly recordTyping: boolean;
  readonly refactorPresets: readonly string[];
}

/** What package.json says of a setting; the manifest is the only place that knows defaults and bounds. */
interface Schema {
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

const SCHEMAS: Readonly<Record<string, Schema>> = manifest.contributes.configuration.properties;

// Positions beyond the prompt: what an invoked suggestion may write, and room for both to be rounded up.
const GENERATED_POSITIONS = 512;
const MIB = 1 << 20;

export interface SettingsReader {
  /** The value of `foretype.NAME` as the editor has it, of any type that the user wrote. */
  readonly get: (name: string) => unknown;
  readonly home: string;
}

/** A wrong value costs its setting only: the default holds, and a warning says so. */
export function readSettings({ get, home }: SettingsReader): {
  readonly settings: Settings;
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];

  function read<T>(name: string): T {
    const schema = SCHEMAS[`foretype.${name}`]!;
    const value = get(name);
    if (value === undefined || fits(value, schema)) return (value ?? schema.default) as T;
    warnings.push(
      `The setting “foretype.${name}” is ${JSON.stringify(value)}, but must be ${wanted(schema)}: ${JSON.stringify(schema.default)} is used.`,
    );
    return schema.default as T;
  }

  const path = (name: string): string => {
    const text = read<string>(name).trim();
    return text.startsWith("~/") || text.startsWith("~\\") ? home + text.slice(1) : text;
  };
  const completion = path("model.completion") || EMBEDDED_MODEL;
  const chat = path("model.chat") || completion;
  const contextTokens = read<number>("contextTokens");
  const completionModel: ModelSpec = { path: completion, context: contextTokens + GENERATED_POSITIONS };

  const settings: Settings = {
    pipeline: {
      enabled: read("enable"),
      languages: read("languages"),
      exclude: read("exclude"),
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
    statusBar: read("statusBar"),
    statistics: read("statistics"),
    recordTyping: read("recordTyping"),
    refactorPresets: read("refactor.presets"),
  };
  return { settings, warnings };
}

function fits(value: unknown, schema: Schema): boolean {
  return [schema.type].flat().some((type) => {
    switch (type) {
      case "boolean":
        return typeof value === "boolean";
      case "string":
        return (
          typeof value === "string" &&
          (schema.enum?.includes(value) ?? true) &&
          new RegExp(schema.pattern ?? "").test(value)
        );
      case "number":
      case "integer":
        return (
          Number.isFinite(value) &&
          (type === "number" || Number.isInteger(value)) &&
          (value as number) >= (schema.minimum ?? Number.NEGATIVE_INFINITY) &&
          (value as number) <= (schema.maximum ?? Number.POSITIVE_INFINITY)
        );
      case "array":
        return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
      case "object":
        return (
          typeof value === "object" &&
          value !== null &&
          !Array.isArray(value) &&
          Object.values(value).every((item) => typeof item === "boolean")
        );
      default:
        throw new Error(`no check for a setting of type ${type}`);
    }
  });
}

/** A schema in words, for a sentence. */
function wanted(schema: Schema): string {
  const bounds = (): string => {
    const { minimum, maximum } = schema;
    if (minimum !== undefined && maximum !== undefined) return `a number from ${minimum} to ${maximum}`;
    return `a number of at least ${minimum ?? 0}`;
  };
  const words = [schema.type].flat().map((type) => {
    switch (type) {
      case "boolean":
        return "true or false";
      case "string":
        if (schema.enum) return schema.enum.map((one) => `"${one}"`).join(" or ");
        return schema.pattern === undefined ? "a text" : JSON.stringify(schema.default);
      case "array":
        return "a list of texts";
      case "object":
        return "true or false for each language id";
      default:
        return bounds();
    }
  });
  return words.join(" or ");
}
