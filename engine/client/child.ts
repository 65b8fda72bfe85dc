import { fork } from "node:child_process";
import type { FromEngine, ToEngine } from "../contract/index.ts";

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
  send(message: ToEngine): void;
  kill(signal?: NodeJS.Signals): void;
  disconnect(): void;
  onMessage(listener: (message: FromEngine) => void): void;
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
