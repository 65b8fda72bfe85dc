import { checkExclude, mergeLanguages, type PipelineSettings } from "../../engine/complete/index.ts";
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
  const composites = readComposites({ get, levelsOf, home, warn: (warning) => warnings.push(warning) });

  function read<T>(name: string): T {
    const schema = SCHEMAS[`foretype.${name}`]!;
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
  const contextTokens = read<number>("contextTokens");
  const completionModel: ModelSpec = { path: completion, context: contextTokens + GENERATED_POSITIONS };

  const settings: Settings = {
    pipeline: {
      enabled: read("enable"),
      languages: composites.languages,
      exclude: composites.exclude,
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
    refactorPresets: composites.presets,
  };
  return { settings, warnings };
}

interface CompositeReader {
  readonly get: SettingsReader["get"];
  readonly levelsOf: NonNullable<SettingsReader["levels"]>;
  readonly home: string;
  readonly warn: (warning: string) => void;
}

/** The lists and tables: a wrong entry is named and left out, the others hold. */
function readComposites({ get, levelsOf, home, warn }: CompositeReader) {
  const isTable = (value: unknown): value is object =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const leftOut = (name: string, entry: unknown, why: string): void =>
    warn(
      `The setting “foretype.${name}” has the entry ${JSON.stringify(entry)}, which ${why}: it is left out.`,
    );

  function languages(): PipelineSettings["languages"] {
    const { user, workspace } = levelsOf("languages");
    const tables = [user, workspace].filter((value) => value !== undefined);
    for (const value of tables) if (!isTable(value)) warn(wrongValue("languages", value, "it is left out"));
    const merged = mergeLanguages(tables.filter(isTable));
    for (const { languageId, value } of merged.wrong)
      leftOut("languages", { [languageId]: value }, "is neither true nor false");
    return merged.languages;
  }

  /** A list; where people write another thing, what they seem to mean: a secret is better left unread. */
  function patterns(value: unknown): readonly unknown[] {
    if (value === undefined || Array.isArray(value)) return value ?? [];
    const meant = typeof value === "string" ? [value] : [];
    if (isTable(value))
      for (const [pattern, on] of Object.entries<unknown>({ ...value }))
        if (on !== false) meant.push(pattern);
    const used = meant.length > 0 ? `${JSON.stringify(meant)} is used` : "only the built-in rules hold";
    warn(wrongValue("exclude", value, used));
    return meant;
  }

  /** The user's entries come last: no workspace takes back what the user excludes. */
  function exclude(): readonly string[] {
    const { user, workspace } = levelsOf("exclude");
    const { entries, wrong } = checkExclude([...patterns(workspace), ...patterns(user)], home);
    for (const { entry, why } of wrong) leftOut("exclude", entry, why);
    return entries;
  }

  function presets(): readonly string[] {
    const value = get("refactor.presets") ?? [];
    if (!Array.isArray(value)) {
      warn(wrongValue("refactor.presets", value, "[] is used"));
      return [];
    }
    return value.filter((entry): entry is string => {
      const why = typeof entry !== "string" ? "is not a text" : entry.trim() === "" ? "is empty" : undefined;
      if (why !== undefined) leftOut("refactor.presets", entry, why);
      return why === undefined;
    });
  }

  return { languages: languages(), exclude: exclude(), presets: presets() };
}

const wrongValue = (name: string, value: unknown, instead: string): string =>
  `The setting “foretype.${name}” is ${JSON.stringify(value)}, but must be ${wanted(SCHEMAS[`foretype.${name}`]!)}: ${instead}.`;

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
