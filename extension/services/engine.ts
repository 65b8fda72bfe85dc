import * as vscode from "vscode";
import { createEngineClient, type EngineState, hostCommand } from "../../engine/client/index.ts";
import type { Completer, ModelDescription, ModelSpec } from "../../engine/contract/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import { showError, showWarning } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import type { EngineService, ModelRole } from "./services.ts";

export interface EngineOptions {
  readonly extensionPath: string;
  readonly log: vscode.LogOutputChannel;
  readonly settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> };
}

/** The engine of this window: a process that starts with the first request and ends with the window. */
export function createEngine({ extensionPath, log, settings }: EngineOptions) {
  const states = new vscode.EventEmitter<EngineState>();
  const recovered = new vscode.EventEmitter<void>();
  const replaced = new vscode.EventEmitter<void>();
  const busyChanged = new vscode.EventEmitter<void>();
  const descriptions = new Map<string, Promise<ModelDescription>>();
  let lastKind: EngineState["kind"] = "stopped";
  let wasDown = false;
  let running = 0;
  let modelPositions = 0;
  let controlTexts: readonly string[] = [];

  const client = createEngineClient({
    command: () =>
      hostCommand({
        extensionPath,
        electron: process.versions.electron,
        execPath: process.execPath,
        platform: process.platform,
        env: process.env,
        allowedNodeEnvironmentFlags: process.allowedNodeEnvironmentFlags,
      }),
    settings: settings.current.engine,
    onLog: (level, message) => log[level](message),
    onUnloaded() {
      log.info("The models have left the GPU.");
      replaced.fire();
    },
    onState(state) {
      if (state.kind !== lastKind) log.debug(`engine: ${state.kind}`);
      lastKind = state.kind;
      states.fire(state);
      if (state.kind === "crashed" || state.kind === "failed") wasDown = true;
      if (state.kind === "running") void lookAtModel();
      if (state.kind === "running" && wasDown) {
        wasDown = false;
        recovered.fire();
      }
      if (state.kind === "crashed" && state.hung !== undefined) void tellOfHang(sentenceOf(state.hung));
      if (state.kind === "failed") void offerRestart(sentenceOf(state.fault));
    },
  });

  async function tellOfHang(sentence: string): Promise<void> {
    const showLog = "Show Log";
    if ((await showWarning(sentence, showLog)) === showLog) log.show();
  }

  async function offerRestart(reason: string): Promise<void> {
    log.error(reason);
    const restart = "Restart";
    const showLog = "Show Log";
    const choice = await showError(reason, restart, showLog);
    if (choice === restart) client.restart();
    if (choice === showLog) log.show();
  }

  /** Counts a stream as work that the user waits for, from its first to its last step. */
  async function* counted<Delta, End>(
    stream: AsyncGenerator<Delta, End, undefined>,
  ): AsyncGenerator<Delta, End, undefined> {
    running++;
    busyChanged.fire();
    try {
      return yield* stream;
    } finally {
      running--;
      busyChanged.fire();
    }
  }

  const specOf = (role: ModelRole): ModelSpec =>
    role === "chat" ? settings.current.chatModel : settings.current.completionModel;

  function describe(spec: ModelSpec): Promise<ModelDescription> {
    const key = JSON.stringify(spec);
    const known = descriptions.get(key);
    if (known) return known;
    const asked = client.describe(spec);
    descriptions.set(key, asked);
    // A missing file may appear later; an existing file does not change its abilities.
    asked.catch(() => descriptions.delete(key));
    return asked;
  }

  async function lookAtModel(): Promise<void> {
    const spec = specOf("completion");
    try {
      const description = await describe(spec);
      if (specOf("completion") !== spec) return; // another look is on its way
      modelPositions = description.contextLength;
      controlTexts = description.controlTexts;
    } catch (error) {
      // The next completion says what is wrong with the file.
      log.debug(`the completion model cannot be read: ${(error as Error).message}`);
    }
  }

  const completions = client.completerFor(() => specOf("completion"));
  const completer: Completer = {
    ...completions,
    controlTexts: () => controlTexts,
    complete: (request) =>
      request.priority === "speculative"
        ? completions.complete(request)
        : counted(completions.complete(request)),
  };

  const service: EngineService = {
    get state(): EngineState {
      return client.state;
    },
    onState: states.event,
    chat: (options) => counted(client.chat(specOf("chat"), options)),
    describe: (role) => describe(specOf(role)),
    status: () => client.status(),
    unload: () => client.unload(),
    restart() {
      descriptions.clear();
      replaced.fire();
      client.restart();
    },
  };

  const watcher = settings.onChange(({ engine }) => {
    client.applySettings(engine);
    if (client.state.kind === "running") void lookAtModel();
  });
  return {
    service,
    completer,
    /** The model of next edits. It comes after all that the user waits for. */
    editModel: client.editorFor(() => settings.current.nextEditModel),
    /** What a file is and can do, before it is chosen. @throws UserError for a file that is no model that we run. */
    describeFile: (path: string) => describe({ path }),
    /** The same of a file that is not on this machine. */
    describeRemote: client.describeRemote,
    /** What the completion model was trained for; 0 until the engine has read its file. */
    get modelPositions(): number {
      return modelPositions;
    },
    /** It runs again after a crash. */
    onRecovered: recovered.event,
    /** What is loaded next may be another model, even of the same name. */
    onReplaced: replaced.event,
    /** Whether the user waits for text. */
    get busy(): boolean {
      return running > 0;
    },
    onBusy: busyChanged.event,
    dispose(): void {
      watcher.dispose();
      client.dispose();
      for (const emitter of [states, recovered, replaced, busyChanged]) emitter.dispose();
    },
  };
}

export type Engine = ReturnType<typeof createEngine>;
