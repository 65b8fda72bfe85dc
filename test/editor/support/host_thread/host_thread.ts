// How long Foretype keeps the thread of the extension host, in a window whose extension is measured.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedProgram, standIn } from "../stand_in.ts";
import { measuredCalls } from "./measured_calls.ts";

const CLOCK = fileURLToPath(new URL("clock.cjs", import.meta.url));

/** Pieces of one kind; clock.cjs says what a piece is. */
export interface HostTimes {
  readonly pieces: number;
  /** In milliseconds. */
  readonly longest: number;
  /** Pieces of 5 ms and more: what was entered, and the `ms` that count of its `clockMs`. */
  readonly slow: readonly { readonly name: string; readonly ms: number; readonly clockMs: number }[];
  readonly stepMs: number;
  /** How many pieces took that many steps. */
  readonly times: readonly (readonly [step: number, count: number])[];
}

/** `start`: the extension starts; `process`: it starts a process; `garbage`: mostly V8 collecting it; `other`: all else. */
export type HostThread = Readonly<Record<"start" | "process" | "garbage" | "other", HostTimes>>;

/** To be called before the window opens. `env` belongs into its environment. */
export async function measureHostThread() {
  const folder = mkdtempSync(join(tmpdir(), "foretype-times-"));
  const program = await measuredCalls(installedProgram("extension.cjs"), CLOCK);
  standIn("extension.cjs", "HOST_TIMES", program);
  return {
    env: { HOST_TIMES: folder },
    /** What was measured so far, less the last second, in all the hosts that the window had. */
    read: (): HostThread[] =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as HostThread),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}
