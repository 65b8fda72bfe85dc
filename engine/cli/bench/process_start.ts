import { performance } from "node:perf_hooks";
import { createEngineClient, hostCommand } from "../../client/index.ts";
import { projectRoot } from "../../model_file/index.ts";
import { say } from "../commands/index.ts";

const stages = [
  "process up",
  "file and device",
  "weights",
  "kernels beyond them",
  "prompt and first token",
] as const;
type Stage = (typeof stages)[number];

/** Milliseconds of each stage from the start of the engine's process to the first text, of all of them, and of the text after the next key. */
export type StartTimes = Readonly<Record<Stage | "start to first text" | "next key to text", number>>;

/** Starts the engine's process as the extension does, with a completion waiting for it, and ends it. */
async function timeStart(path: string, device: string | undefined): Promise<StartTimes> {
  const marks: Partial<Record<Stage, number>> = {};
  const started = performance.now();
  const mark = (stage: Stage) => {
    marks[stage] = performance.now() - started;
  };
  const client = createEngineClient({
    command: () => hostCommand({ ...process, extensionPath: projectRoot(), electron: undefined }),
    settings: { device: device ?? "auto", memoryLimit: 0, unloadAfterMinutes: 0 },
    onState(state) {
      if (state.kind === "running")
        mark(marks["process up"] === undefined ? "process up" : "kernels beyond them");
      if (state.kind !== "loading" || state.step !== "weights") return;
      if (state.fraction === 0) mark("file and device");
      if (state.fraction === 1) mark("weights");
    },
    onLog: (level, message) => {
      if (level === "error") say(message);
    },
  });
  const completer = client.completerFor(() => ({ path }));
  const prefix = "export function sum(values: readonly number[]): number {\n".repeat(4);
  const firstText = async (middle: string): Promise<void> => {
    const prompt = { path: "sum.ts", prefix, middle, suffix: "\n}\n", context: [] };
    const stream = completer.complete({ prompt, maxTokens: 1, priority: "automatic" });
    await stream.next();
    await stream.return(undefined);
  };
  try {
    await firstText("  return values.red");
    mark("prompt and first token");
    const first = performance.now();
    await firstText("  return values.redu");
    const nextKey = performance.now() - first;
    const times: Partial<Record<Stage, number>> = {};
    let before = 0;
    for (const stage of stages) {
      const at = marks[stage] ?? before;
      times[stage] = at - before;
      before = at;
    }
    return {
      ...(times as Record<Stage, number>),
      "start to first text": before,
      "next key to text": nextKey,
    };
  } finally {
    client.dispose();
  }
}

/** The times of `rounds` starts, after one that is not counted: its file and its kernels come from a disk. */
export async function benchStart(
  path: string,
  device: string | undefined,
  rounds: number,
): Promise<Record<string, number[]>> {
  const counted: StartTimes[] = [];
  for (let round = 0; round <= rounds; round++) {
    const times = await timeStart(path, device);
    if (round > 0) counted.push(times);
  }
  const named = Object.keys(counted[0] ?? {}) as (keyof StartTimes)[];
  return Object.fromEntries(named.map((stage) => [`start, ${stage}`, counted.map((times) => times[stage])]));
}
