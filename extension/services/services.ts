import type * as vscode from "vscode";
import type { EngineState } from "../../engine/client/index.ts";
import type { Metrics, TraceRecord } from "../../engine/complete/index.ts";
import type {
  ChatDelta,
  ChatRequest,
  EngineStatus,
  GenerationEnd,
  ModelDescription,
} from "../../engine/contract/index.ts";
import type { FileToRead } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";

export type ModelRole = "completion" | "chat";

export interface EngineService {
  readonly state: EngineState;
  readonly onState: vscode.Event<EngineState>;
  /** The chat model; starts the engine if need be. @throws UserError, when iterated, for what the user can fix. */
  chat(request: ChatRequest): AsyncGenerator<ChatDelta, GenerationEnd | undefined, undefined>;
  /** What the model of a role is and can do; its file is read once. @throws UserError if it is no model that we run. */
  describe(role: ModelRole): Promise<ModelDescription>;
  /** Undefined while no engine runs. */
  status(): Promise<EngineStatus | undefined>;
  /** Frees the GPU's memory. */
  unload(): Promise<void>;
  restart(): void;
}

/** What explain, refactor and the pages work with. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly engine: EngineService;
  readonly settings: {
    readonly current: Settings;
    readonly onChange: vscode.Event<Settings>;
  };
  /** The last 100 questions, newest last. */
  readonly traces: () => readonly TraceRecord[];
  readonly onTrace: vscode.Event<TraceRecord>;
  readonly metrics: Metrics;
  /** Fires at most twice a second. */
  readonly onMetrics: vscode.Event<void>;
  /** Shows an error once: a UserError's own sentence; of all others, the message, with the way to the log. */
  readonly report: (error: unknown) => void;
  /** Whether a file may be read: asked before any text of it is used. Where it may not, says why. */
  readonly mayRead: (file: FileToRead) => boolean;
  /** The workspace's relative path, as rules on paths and prompts see it. */
  readonly pathOf: (uri: vscode.Uri) => string;
}
