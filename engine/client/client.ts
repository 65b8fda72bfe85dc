import {
  type ChatDelta,
  type ChatRequest,
  type Clock,
  type Completer,
  type CompletionDelta,
  type CompletionRequest,
  type EditDelta,
  type EditModel,
  type EngineEvent,
  type EngineSettings,
  type EngineStatus,
  type FromEngine,
  type GenerationEnd,
  type ModelDescription,
  type ModelSpec,
  type RemoteFiles,
  systemClock,
} from "../contract/index.ts";
import { inOneLine, quoted } from "../errors/index.ts";
import { type EngineChild, type EngineCommand, forkEngine } from "./child.ts";
import { createRequests } from "./requests.ts";
import { createSupervisor, type EngineState } from "./supervisor.ts";

export type { EngineChild, EngineCommand } from "./child.ts";
export type { EngineState } from "./supervisor.ts";

export interface ClientOptions {
  /** Asked at each start. @throws UserError when nothing can run the engine. */
  readonly command: () => EngineCommand;
  readonly settings: EngineSettings;
  readonly onState: (state: EngineState) => void;
  readonly onLog: (level: "error" | "warn" | "info" | "debug", message: string) => void;
  /** Models have left the GPU. */
  readonly onUnloaded?: () => void;
  readonly start?: (command: EngineCommand) => EngineChild;
  readonly clock?: Clock;
}

const longestLog = 10_000; // characters of one message; a log is for people
const cut = (text: string): string =>
  text.length > longestLog ? `${text.slice(0, longestLog)}… (${text.length} characters)` : text;

/** The engine as its host sees it: requests as streams, from a process that starts with the first of them. */
export function createEngineClient(options: ClientOptions) {
  const { onLog, start = forkEngine, clock = systemClock } = options;
  const supervisor = createSupervisor({
    ...options,
    start,
    clock,
    busy: () => requests.waiting,
    onListening: () => requests.sendAll(),
    onMessage: receive,
    onSaid(said) {
      const found = requests.compare(said);
      if (found > 0)
        onLog("warn", `messages of ${found} request(s) were lost between the editor and the engine`);
    },
    onUnreadable: (id) => requests.spoil(id),
    onGone: (again) => requests.gone(again),
    onFailed: (fault) => requests.fail(fault),
  });
  const requests = createRequests({
    get listening() {
      return supervisor.listening;
    },
    get failure() {
      return supervisor.state.kind === "failed" ? supervisor.state.fault : undefined;
    },
    send: supervisor.send,
    wake: supervisor.wake,
  });
  const { events, generation, ask } = requests;

  function receive(message: Exclude<FromEngine, { kind: "hello" | "pulse" | "loading" }>): void {
    switch (message.kind) {
      case "event":
        requests.take(message.id, message.event, message.nth);
        return;
      case "unloaded":
        options.onUnloaded?.();
        return;
      case "log":
        onLog(message.level, cut(message.message));
    }
  }

  return {
    get state(): EngineState {
      return supervisor.state;
    },
    /** The process's id, while one runs. */
    get pid(): number | undefined {
      return supervisor.pid;
    },

    /** Completions from one model; the spec is asked for at each request, so that it may change. */
    completerFor(spec: () => ModelSpec): Required<Omit<Completer, "controlTexts">> {
      return {
        complete: ({ prompt, maxTokens, priority, ghost, signal }: CompletionRequest) =>
          generation<CompletionDelta>(
            { kind: "complete", model: spec(), prompt, maxTokens, priority, ...(ghost && { ghost }) },
            signal,
            textDelta,
          ),
        prepare: async (prompt, signal) => {
          const request = { kind: "prepare", model: spec(), prompt } as const;
          for await (const event of events(request, signal))
            if (event.kind === "prepared")
              return { computedTokens: event.computedTokens, whole: event.whole };
          return { computedTokens: 0, whole: false };
        },
      };
    },

    /** Edits of one model; the spec is asked for at each request. */
    editorFor(spec: () => ModelSpec): EditModel {
      return {
        edit: ({ signal, ...request }) =>
          generation<EditDelta>({ kind: "edit", model: spec(), ...request }, signal, textDelta),
      };
    },

    /** @throws UserError, when iterated, if the model has no chat template or the conversation is too long. */
    chat(
      model: ModelSpec,
      { messages, maxTokens, thinking = false, temperature = 0, seed = 0, original, signal }: ChatRequest,
    ): AsyncGenerator<ChatDelta, GenerationEnd | undefined, undefined> {
      const draft = original ? { original } : {};
      const request = {
        kind: "chat",
        model,
        messages,
        maxTokens,
        thinking,
        temperature,
        seed,
        ...draft,
      } as const;
      return generation<ChatDelta>(request, signal, (event) =>
        event.kind === "text" || event.kind === "thinking"
          ? { kind: event.kind, text: event.text }
          : undefined,
      );
    },

    /** Loads a model before it is needed. */
    load: (model: ModelSpec): Promise<void> =>
      ask({ kind: "load", model }, (event) => (event.kind === "done" ? true : undefined)).then(() => {}),

    /** @throws UserError for a file that is no model that we run. */
    describe: (model: ModelSpec): Promise<ModelDescription> =>
      ask({ kind: "describe", model }, (event) =>
        event.kind === "described" ? event.description : undefined,
      ),

    /**
     * As `describe`, of a model that is not on this disk: the process asks for what it needs of it.
     * @throws UserError as `describe`; what `remote.read` throws; the signal's reason when cancelled
     */
    async describeRemote(path: string, remote: RemoteFiles, signal?: AbortSignal): Promise<ModelDescription> {
      const request = { kind: "describe", model: { path }, files: remote.files } as const;
      for await (const event of events(request, signal)) {
        if (event.kind === "described") return event.description;
        if (event.kind !== "read") continue;
        if (!remote.files.some((file) => file.path === event.path))
          throw new Error(
            `the engine asked for ${quoted(inOneLine(event.path))}, which is none of the files`,
          );
        const bytes = await remote.read(event.path, event.offset, event.length);
        const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
        supervisor.send({ kind: "bytes", token: event.token, base64 });
      }
      signal?.throwIfAborted();
      throw new Error(`the engine gave no answer about ${path}`);
    },

    /** Undefined while no process runs: asking would start one. */
    async status(): Promise<EngineStatus | undefined> {
      if (!supervisor.listening) return undefined;
      return ask({ kind: "status" }, (event) => (event.kind === "status" ? event.status : undefined));
    },

    /** Frees the GPU's memory, if any is held. */
    async unload(): Promise<void> {
      if (supervisor.listening)
        await ask({ kind: "unload" }, (event) => (event.kind === "done" ? true : undefined));
    },

    applySettings: (next: EngineSettings): void => supervisor.applySettings(next),

    /** Starts the process again, also after a failure. What runs is run again. */
    restart(): void {
      requests.replaced();
      supervisor.restart();
    },

    dispose(): void {
      requests.close();
      supervisor.dispose();
    },
  };
}

export type EngineClient = ReturnType<typeof createEngineClient>;

/** What an event brings of a completion or an edit. */
const textDelta = (event: EngineEvent): (CompletionDelta & EditDelta) | undefined =>
  event.kind === "text"
    ? {
        text: event.text,
        logProbability: event.logProbability,
        ...(event.cost && { cost: event.cost }),
      }
    : undefined;
