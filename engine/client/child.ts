import { fork } from "node:child_process";
import { admitToEngine, createOutbox, type ToEngine } from "../contract/index.ts";

/** What runs the engine; see `hostCommand` in host_command.ts. */
export interface EngineCommand {
  readonly execPath: string;
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of Node itself; default none. The host's own, a debugger's port among them, are not for the child. */
  readonly flags?: readonly string[];
}

/** What the client needs of a child process; Node's own fits, and so does a test's. */
export interface EngineChild {
  readonly pid?: number | undefined;
  /** Never waits for the process to read. */
  send(message: ToEngine): void;
  kill(signal?: NodeJS.Signals): void;
  disconnect(): void;
  /** What the process says may be anything. */
  onMessage(listener: (message: unknown) => void): void;
  onLog(listener: (line: string) => void): void;
  /** Called once. */
  onExit(listener: (how: string) => void): void;
}

// node.exe is a console program: else its window opens, and closing that ends the engine. Node's types lack it for fork.
const hidden = { windowsHide: true } as const;

/** Starts the engine's process, with a channel for messages. */
export function forkEngine({ execPath, script, env, flags = [] }: EngineCommand): EngineChild {
  const child = fork(script, [], {
    execPath,
    execArgv: [...flags],
    env,
    serialization: "json",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    ...hidden,
  });
  const exits: ((how: string) => void)[] = [];
  let ended = false;
  const end = (how: string) => {
    if (ended) return;
    ended = true;
    for (const listener of exits) listener(how);
  };
  child.on("exit", (code, signal) => end(signal ? `by ${signal}` : `with exit status ${code}`));
  // Once it runs, it is not ended by an error: a message that it did not take, a signal that was not allowed.
  child.on("error", (error) => {
    if (child.pid === undefined) end(error.message);
  });
  const outbox = createOutbox<ToEngine>((message, taken) => {
    // Where the channel is closed Node tells the callback; the exit event follows.
    child.send(message, taken);
  }, admitToEngine);
  return {
    pid: child.pid,
    send: outbox.send,
    kill: (signal) => void child.kill(signal),
    disconnect: () => {
      if (child.connected) child.disconnect();
    },
    onMessage: (listener) => child.on("message", listener),
    onLog: (listener) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => {
          for (const line of text.split("\n")) if (line.trim() !== "") listener(line);
        });
    },
    onExit: (listener) => exits.push(listener),
  };
}
