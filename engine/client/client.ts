// The extension host's side of protocol.ts: starts the engine's process when it is first needed, restarts it when it
// dies, and gives each request back as a stream.
import { fork } from "node:child_process";
import type {
  ChatDelta,
  ChatRequest,
  Clock,
  Completer,
  CompletionDelta,
  CompletionRequest,
  EngineEvent,
  EngineRequest,
  EngineSettings,
  EngineStatus,
  FromEngine,
  GenerationEnd,
  ModelDescription,
  ModelSpec,
  ToEngine,
} from "../contract/index.ts";
import { systemClock } from "../contract/index.ts";
import { type Fault, sentenceOf, UserError } from "../errors/index.ts";

/** What runs the engine; see `hostCommand` in host_command.ts. */
export interface EngineCommand {
  readonly execPath: string;
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
}

export type EngineState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  /** The process runs; models load when they are needed. */
  | { readonly kind: "running" }
  | {
      readonly kind: "loading";
      readonly path: string;
      readonly step: "weights" | "kernels";
      readonly fraction: number;
    }
  | { readonly kind: "crashed"; readonly restartInMs: number }
  /** It crashed too often; `restart()` tries again. */
  | { readonly kind: "failed"; readonly fault: Fault };

/** What the client needs of a child process; Node's own fits, and so does a test's. */
export interface EngineChild {
  readonly pid?: number | undefined;
  send(message: ToEngine): void;
  kill(signal?: NodeJS.Signals): void;
  disconnect(): void;
  onMessage(listener: (message: FromEngine) => void): void;
  onLog(listener: (line: string) => void): void;
  /** Called once. */
  onExit(listener: (how: string) => void): void;
}

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

const backOffMs = [500, 2000, 8000];
const maxCrashes = 3;
const crashWindowMs = 10 * 60_000;
const helloMs = 30_000; // a cold disk and a virus scanner, but not for ever
const graceMs = 2000;

interface Pending {
  readonly id: number;
  readonly request: EngineRequest;
  readonly take: (event: EngineEvent) => void;
  /** Characters that the caller has got; a run after a crash says them again. */
  delivered: number;
  skip: number;
  crashes: number;
  sent: boolean;
}

export function createEngineClient(options: ClientOptions) {
  const { onState, onLog, start = forkEngine, clock = systemClock } = options;
  let settings = options.settings;
  let state: EngineState = { kind: "stopped" };
  let child: EngineChild | undefined;
  let listening = false;
  let timer: unknown;
  let nextId = 1;
  let disposed = false;
  let crashTimes: number[] = [];
  const pending = new Map<number, Pending>();

  function setState(next: EngineState): void {
    state = next;
    onState(next);
  }

  function send(message: ToEngine): void {
    try {
      child?.send(message);
    } catch (error) {
      // A dying process: its exit is on its way.
      onLog("debug", `the engine did not take a message: ${(error as Error).message}`);
    }
  }

  function launch(): void {
    clock.clearTimeout(timer);
    setState({ kind: "starting" });
    let started: EngineChild;
    try {
      started = start(options.command());
    } catch (error) {
      fail(faultOf(error as Error));
      return;
    }
    child = started;
    listening = false;
    timer = clock.setTimeout(() => {
      onLog("error", `the engine said nothing for ${helloMs / 1000} s`);
      started.kill("SIGKILL");
    }, helloMs);
    started.onMessage((message) => {
      if (child === started) receive(message);
    });
    started.onLog((line) => onLog("debug", `engine: ${line}`));
    started.onExit((how) => {
      if (child === started) crashed(how);
    });
  }

  function receive(message: FromEngine): void {
    switch (message?.kind) {
      case "hello":
        clock.clearTimeout(timer);
        listening = true;
        send({ kind: "settings", settings });
        for (const one of pending.values()) submit(one);
        setState({ kind: "running" }); // last: whoever hears of it may ask at once
        return;
      case "event": {
        const one = pending.get(message.id);
        if (one) one.take(message.event);
        return;
      }
      case "loading":
        if (message.fraction === null) setState({ kind: "running" });
        else
          setState({ kind: "loading", path: message.path, step: message.step, fraction: message.fraction });
        return;
      case "unloaded":
        options.onUnloaded?.();
        return;
      case "log":
        onLog(message.level, message.message);
        return;
      default:
        onLog("warn", `unknown message from the engine: ${JSON.stringify(message)?.slice(0, 200)}`);
    }
  }

  function submit(one: Pending): void {
    one.sent = true;
    one.skip = one.delivered;
    send({ kind: "request", id: one.id, request: one.request });
  }

  function crashed(how: string): void {
    clock.clearTimeout(timer);
    child = undefined;
    listening = false;
    if (disposed) return;
    onLog("error", `the engine stopped: ${how}`);
    const now = clock.now();
    crashTimes = [...crashTimes.filter((at) => now - at < crashWindowMs), now];
    for (const one of [...pending.values()]) {
      if (!one.sent) continue;
      one.sent = false;
      // A request that takes the engine down twice is the cause, and would do it again.
      if (++one.crashes === 2)
        finish(
          one,
          failureOf({
            code: "engine-stopped",
            problem: "The engine stopped twice on this request",
            advice: "see the log (Foretype: Show Log)",
          }),
        );
    }
    if (crashTimes.length >= maxCrashes) {
      fail({
        code: "engine-stopped",
        problem: `The engine stopped ${crashTimes.length} times within ten minutes (${how})`,
        advice: "see the log, then run “Foretype: Restart Engine”",
      });
      return;
    }
    const restartInMs = backOffMs[crashTimes.length - 1]!;
    setState({ kind: "crashed", restartInMs });
    timer = clock.setTimeout(launch, restartInMs);
  }

  function fail(fault: Fault): void {
    setState({ kind: "failed", fault });
    for (const one of [...pending.values()]) finish(one, failureOf(fault));
  }

  function finish(one: Pending, event: EngineEvent): void {
    pending.delete(one.id);
    one.take(event);
  }

  /** Streams a request's events; leaving the generator, or the signal, frees the caller at once and cancels the rest. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one stream from its first send to its end, over restarts of the engine
  async function* events(
    request: EngineRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<EngineEvent, void, undefined> {
    if (disposed || signal?.aborted) return;
    if (state.kind === "failed") throw new UserError(state.fault);
    const queue: EngineEvent[] = [];
    let wake: (() => void) | undefined;
    const abort = () => wake?.();
    const one: Pending = {
      id: nextId++,
      request,
      delivered: 0,
      skip: 0,
      crashes: 0,
      sent: false,
      take(event) {
        if (event.kind === "text" || event.kind === "thinking") {
          const fresh = event.text.slice(one.skip);
          one.skip -= event.text.length - fresh.length;
          if (fresh === "") return;
          one.delivered += fresh.length;
          queue.push({ ...event, text: fresh });
        } else queue.push(event);
        if (event.kind === "done" || event.kind === "error") pending.delete(one.id);
        wake?.();
      },
    };
    pending.set(one.id, one);
    signal?.addEventListener("abort", abort, { once: true });
    if (state.kind === "stopped") launch();
    else if (listening) submit(one);
    try {
      for (;;) {
        if (signal?.aborted) return;
        const event = queue.shift();
        if (!event) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (event.kind === "error") throw event.fault ? new UserError(event.fault) : new Error(event.message);
        yield event;
        if (event.kind === "done") return;
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      if (pending.delete(one.id) && one.sent) send({ kind: "cancel", id: one.id });
    }
  }

  async function* generation<Delta>(
    request: EngineRequest,
    signal: AbortSignal | undefined,
    read: (event: EngineEvent) => Delta | undefined,
  ): AsyncGenerator<Delta, GenerationEnd | undefined, undefined> {
    for await (const event of events(request, signal)) {
      if (event.kind === "done") {
        const none = {
          promptTokens: 0,
          computedTokens: 0,
          promptMs: 0,
          tokens: 0,
          decodeMs: 0,
          drafted: 0,
          accepted: 0,
        };
        return { ...none, ...event.cost, reason: event.reason };
      }
      const delta = read(event);
      if (delta !== undefined) yield delta;
    }
    return undefined;
  }

  async function ask<T>(request: EngineRequest, read: (event: EngineEvent) => T | undefined): Promise<T> {
    for await (const event of events(request)) {
      const answer = read(event);
      if (answer !== undefined) return answer;
    }
    throw new Error(`the engine gave no answer to "${request.kind}"`);
  }

  return {
    get state(): EngineState {
      return state;
    },
    /** The process's id, while one runs. */
    get pid(): number | undefined {
      return child?.pid;
    },

    /** Completions from one model; the spec is asked for at each request, so that it may change. */
    completerFor(spec: () => ModelSpec): Required<Completer> {
      return {
        complete: ({ prompt, maxTokens, priority, ghost, signal }: CompletionRequest) =>
          generation<CompletionDelta>(
            { kind: "complete", model: spec(), prompt, maxTokens, priority, ...(ghost && { ghost }) },
            signal,
            (event) =>
              event.kind === "text"
                ? {
                    text: event.text,
                    logProbability: event.logProbability,
                    ...(event.cost ? { cost: event.cost } : {}),
                  }
                : undefined,
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

    /** Undefined while no process runs: asking would start one. */
    async status(): Promise<EngineStatus | undefined> {
      if (!listening) return undefined;
      return ask({ kind: "status" }, (event) => (event.kind === "status" ? event.status : undefined));
    },

    /** Frees the GPU's memory, if any is held. */
    async unload(): Promise<void> {
      if (listening) await ask({ kind: "unload" }, (event) => (event.kind === "done" ? true : undefined));
    },

    applySettings(next: EngineSettings): void {
      settings = next;
      if (listening) send({ kind: "settings", settings });
    },

    /** Starts anew, also after a failure. What runs is run again. */
    restart(): void {
      crashTimes = [];
      const old = child;
      child = undefined;
      listening = false;
      for (const one of pending.values()) one.sent = false;
      old?.kill();
      launch();
    },

    dispose(): void {
      disposed = true;
      clock.clearTimeout(timer);
      for (const one of [...pending.values()]) finish(one, { kind: "done", reason: "cancelled" });
      const old = child;
      child = undefined;
      if (!old) return;
      let gone = false;
      old.onExit(() => {
        gone = true;
      });
      old.disconnect();
      clock.setTimeout(() => {
        if (!gone) old.kill("SIGKILL");
      }, graceMs);
    },
  };
}

const failureOf = (fault: Fault): EngineEvent => ({ kind: "error", message: sentenceOf(fault), fault });

const faultOf = (error: Error): Fault =>
  error instanceof UserError
    ? error.fault
    : {
        code: "engine-stopped",
        problem: `The engine cannot be started (${error.message})`,
        advice: "see the log (Foretype: Show Log)",
      };

export type EngineClient = ReturnType<typeof createEngineClient>;

function forkEngine({ execPath, script, env }: EngineCommand): EngineChild {
  const child = fork(script, [], {
    execPath,
    execArgv: [], // the host's own flags, a debugger's port among them, are not for the child
    env,
    serialization: "json",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exits: ((how: string) => void)[] = [];
  let ended = false;
  const end = (how: string) => {
    if (ended) return;
    ended = true;
    for (const listener of exits) listener(how);
  };
  child.on("exit", (code, signal) => end(signal ? `by ${signal}` : `with exit status ${code}`));
  child.on("error", (error) => end(error.message));
  return {
    pid: child.pid,
    send: (message) => void child.send(message, () => {}),
    kill: (signal) => void child.kill(signal),
    disconnect: () => {
      if (child.connected) child.disconnect();
    },
    onMessage: (listener) => child.on("message", (message) => listener(message as FromEngine)),
    onLog: (listener) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => {
          for (const line of text.split("\n")) if (line.trim() !== "") listener(line);
        });
    },
    onExit: (listener) => exits.push(listener),
  };
}
