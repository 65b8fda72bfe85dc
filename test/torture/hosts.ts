import { fork } from "node:child_process";
import { childEnvironment } from "../../scripts/environment.mjs";
import type { Random } from "../reference/random.ts";
import { isThere, until, wait } from "./processes.ts";

/** What a host says: the process that it started, that it has an answer, that the engine hangs. */
interface Word {
  readonly pid?: number;
  readonly works?: boolean;
  readonly hangs?: boolean;
}

export interface HostCase {
  /** Bundles of test/torture/host.ts and of the engine's process. */
  readonly host: string;
  readonly engine: string;
  readonly device: string;
  /** When the host ends: at any moment since the engine's process started, or when a kernel that never ends runs. */
  readonly when: "any" | "hanging";
  readonly how: "killed" | "left";
}

/** Starts a host with its engine, and ends the host. @throws Error where the engine's process is there 10 s later */
export async function endHost(it: HostCase, random: Random): Promise<void> {
  const host = fork(it.host, [it.engine, it.device, "work"], {
    env: childEnvironment(),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const said: Word = await new Promise((resolve) => {
    let all: Word = {};
    host.on("message", (word: Word) => {
      all = { ...all, ...word };
      if (it.when === "any" ? all.pid : all.hangs) resolve(all);
    });
  });
  const pid = said.pid!;
  try {
    await wait(random() * (it.when === "any" ? 2500 : 200));
    const gone = new Promise<void>((resolve) => host.once("exit", () => resolve()));
    if (it.how === "killed") host.kill("SIGKILL");
    else host.send("leave");
    await gone;
    await until(() => !isThere(pid), 10_000, `the engine's process ${pid} outlives its host`);
  } finally {
    host.kill("SIGKILL");
    if (isThere(pid)) process.kill(pid, "SIGKILL");
  }
}
