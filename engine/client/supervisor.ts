import {
  type Clock,
  type EngineSettings,
  type FromEngine,
  idOf,
  isFromEngine,
  kindOf,
  type ToEngine,
} from "../contract/index.ts";
import { type Fault, sentenceOf, UserError } from "../errors/index.ts";
import type { EngineChild, EngineCommand } from "./child.ts";
import { createWatchdog } from "./watchdog.ts";

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
  /** `hung`: it was ended, since the GPU or the process gave no answer; it says which, and for how long. */
  | { readonly kind: "crashed"; readonly restartInMs: number; readonly hung?: Fault }
  /** It crashed too often; `restart()` tries again. */
  | { readonly kind: "failed"; readonly fault: Fault };

export interface SupervisorOptions {
  /** Asked at each start. @throws UserError when nothing can run the engine. */
  readonly command: () => EngineCommand;
  readonly start: (command: EngineCommand) => EngineChild;
  readonly clock: Clock;
  readonly settings: EngineSettings;
  readonly onState: (state: EngineState) => void;
  readonly onLog: (level: "error" | "warn" | "info" | "debug", message: string) => void;
  /** Whether requests wait for the process: then it is watched. */
  readonly busy: () => boolean;
  /** The process listens and has its settings: send it what waits. */
  readonly onListening: () => void;
  /** Messages of the process, except those about the process itself. */
  readonly onMessage: (message: Exclude<FromEngine, { kind: "hello" | "pulse" | "loading" }>) => void;
  /** How many events the process has said of each request that it knows, each second while any wait. */
  readonly onSaid: (said: readonly (readonly [id: number, events: number])[]) => void;
  /** The process said something about a request that cannot be read. */
  readonly onUnreadable: (id: number) => void;
  /** The process is gone, with what it ran. `again`: for a request that has ended it twice. */
  readonly onGone: (again: Fault) => void;
  /** No process can be had. */
  readonly onFailed: (fault: Fault) => void;
}

const backOffMs = [500, 2000, 8000];
const maxCrashes = 3;
const crashWindowMs = 10 * 60_000;
const helloMs = 30_000; // a cold disk and a virus scanner, but not forever
const graceMs = 2000;
const keptLines = 20; // a stack, or what a driver says before it aborts
const mostUnreadable = 20; // kinds

/**
 * Keeps one engine process: starts it, starts it again after a crash or a hang, later each time, and gives up after three
 * within ten minutes. Knows nothing of requests but whether any wait.
 */
export function createSupervisor(options: SupervisorOptions) {
  const { clock, onLog } = options;
  let { settings } = options;
  let state: EngineState = { kind: "stopped" };
  let child: EngineChild | undefined;
  let listening = false;
  let timer: unknown;
  let crashTimes: number[] = [];
  /** Kinds of messages of this process that could not be read: each is told once. */
  let unreadable = new Set<string>();
  /** What it wrote last, for the log, should it end. */
  let lastLines: string[] = [];
  const watchdog = createWatchdog({
    clock,
    busy: () => listening && options.busy(),
    ping: () => send({ kind: "ping" }),
    onHang,
  });

  function setState(next: EngineState): void {
    state = next;
    options.onState(next);
  }

  function send(message: ToEngine): void {
    try {
      child?.send(message);
    } catch (error) {
      // A dying process: its exit event will follow.
      onLog("debug", `the engine did not take a message: ${(error as Error).message}`);
    }
  }

  function launch(): void {
    clock.clearTimeout(timer);
    setState({ kind: "starting" });
    let started: EngineChild;
    try {
      started = options.start(options.command());
    } catch (error) {
      fail(faultOf(error as Error));
      return;
    }
    child = started;
    listening = false;
    unreadable = new Set();
    lastLines = [];
    timer = clock.setTimeout(() => {
      onLog("error", `the engine said nothing for ${helloMs / 1000} s`);
      started.kill("SIGKILL");
    }, helloMs);
    started.onMessage((message) => {
      if (child === started) receive(message);
    });
    started.onLog((line) => {
      onLog("debug", `engine: ${line}`);
      if (child === started) lastLines = [...lastLines.slice(1 - keptLines), line];
    });
    started.onExit((how) => {
      if (child === started) crashed(how);
    });
  }

  /** The process may be of another version, or have gone wrong: what cannot be read is named once, and dropped. */
  function unreadableFrom(message: unknown): void {
    const kind = kindOf(message);
    if (unreadable.has(kind) || unreadable.size >= mostUnreadable) return;
    unreadable.add(kind);
    onLog("warn", `unknown message from the engine, ${kind}: it is dropped, and so are others like it`);
  }

  function receive(message: unknown): void {
    if (!isFromEngine(message)) {
      unreadableFrom(message);
      const id = idOf(message);
      if (id !== undefined) options.onUnreadable(id);
      return;
    }
    switch (message.kind) {
      case "hello":
        if (listening) return; // what waits was sent with the first
        clock.clearTimeout(timer);
        listening = true;
        send({ kind: "settings", settings });
        options.onListening();
        watchdog.start();
        setState({ kind: "running" }); // last: a listener may send requests at once
        return;
      case "pulse":
        watchdog.take(message.pulse); // which may end the process
        if (message.said && listening) options.onSaid(message.said);
        return;
      case "loading": {
        const { path, step, fraction } = message;
        setState(fraction === null ? { kind: "running" } : { kind: "loading", path, step, fraction });
        return;
      }
      default:
        options.onMessage(message);
    }
  }

  /** The process cannot be asked to end: its driver may hold it, even after a SIGKILL. So its exit is not waited for. */
  function onHang(why: string): void {
    child?.kill("SIGKILL");
    const hung: Fault = {
      code: "device-failed",
      problem: `${why.charAt(0).toUpperCase()}${why.slice(1)}`,
      advice: "wait, the engine starts again by itself, and what ran runs again once",
    };
    onLog("error", sentenceOf(hung));
    crashed(why, hung);
  }

  function crashed(how: string, hung?: Fault): void {
    forget();
    if (!hung) onLog("error", [`the engine stopped: ${how}`, ...lastLines].join("\n  "));
    const now = clock.now();
    crashTimes = [...crashTimes.filter((at) => now - at < crashWindowMs), now];
    options.onGone(
      hung
        ? {
            code: "device-failed",
            problem: `${hung.problem}, for the second time on this request`,
            advice: "choose a smaller model if it happens again, or update the GPU's driver",
          }
        : {
            code: "engine-stopped",
            problem: "The engine stopped twice on this request",
            advice: "see the log (Foretype: Show Log)",
          },
    );
    if (crashTimes.length >= maxCrashes) {
      fail({
        code: "engine-stopped",
        problem: `The engine stopped ${crashTimes.length} times within ten minutes (${how})`,
        advice: "see the log, then run “Foretype: Restart Engine”",
      });
      return;
    }
    const restartInMs = backOffMs[crashTimes.length - 1]!;
    setState({ kind: "crashed", restartInMs, ...(hung && { hung }) });
    timer = clock.setTimeout(launch, restartInMs);
  }

  function fail(fault: Fault): void {
    setState({ kind: "failed", fault });
    options.onFailed(fault);
  }

  /** Messages from the old process are ignored from here on. */
  function forget(): EngineChild | undefined {
    clock.clearTimeout(timer);
    watchdog.stop();
    const old = child;
    child = undefined;
    listening = false;
    return old;
  }

  /** Lets the process end by itself, which records what it was doing; by force where it does not. */
  function dismiss(): void {
    const old = forget();
    if (!old) return;
    const force = clock.setTimeout(() => old.kill("SIGKILL"), graceMs);
    old.onExit(() => clock.clearTimeout(force));
    old.disconnect();
  }

  return {
    get state(): EngineState {
      return state;
    },
    /** The process's id, while one runs. */
    get pid(): number | undefined {
      return child?.pid;
    },
    /** Whether the process takes messages. */
    get listening(): boolean {
      return listening;
    },
    send,
    /** A request waits: starts the process if none was started yet, and watches the one that runs. */
    wake(): void {
      if (state.kind === "stopped") launch();
      else if (listening) watchdog.watch();
    },
    applySettings(next: EngineSettings): void {
      settings = next;
      if (listening) send({ kind: "settings", settings });
    },
    /** Replaces the process, also after a failure. */
    restart(): void {
      crashTimes = [];
      dismiss();
      launch();
    },
    dispose: dismiss,
  };
}

const faultOf = (error: Error): Fault =>
  error instanceof UserError
    ? error.fault
    : {
        code: "engine-stopped",
        problem: `The engine cannot be started (${error.message})`,
        advice: "see the log (Foretype: Show Log)",
      };
