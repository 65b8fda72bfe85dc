import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createEngineClient, hostCommand } from "../../client/index.ts";
import { createPipeline, DEFAULT_SETTINGS, type TraceRecord } from "../../complete/index.ts";
import { systemClock } from "../../contract/index.ts";
import { UserError } from "../../errors/index.ts";
import { projectRoot } from "../../model_file/index.ts";
import type { OpenModel } from "../commands/index.ts";
import {
  milliseconds,
  playTraces,
  printTraces,
  readTraces,
  reportTraces,
  say,
  syntaxFromFiles,
  type TracesReport,
  table,
} from "../commands/index.ts";

/** Milliseconds; `null` where nothing was measured. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly n: number;
}

export interface TypingReport {
  readonly characters: number;
  readonly coldStart: {
    /** From the start of the process to its first word. */
    readonly processMs: number;
    /** From the start of the process to the first text of the first suggestion: device, weights, kernels, prompt. */
    readonly firstTextMs: number;
  };
  /** From the keystroke to the request, for those that ask the model. */
  readonly toRequest: Percentiles;
  /** From the first whole line to the answer that the editor gets. */
  readonly lineToAnswer: Percentiles;
  /** From the keystroke to the answer, for suggestions that are shown; by the model, and from the cache. */
  readonly whole: Percentiles;
  readonly wholeFromCache: Percentiles;
  /** What a keystroke keeps the host's thread busy for. */
  readonly host: Percentiles;
  readonly requestsPer100Keys: number;
  readonly shownPer100Keys: number;
  /** What keystrokes of real editing cost; null where the traces are not installed. */
  readonly traces: TracesReport | null;
}

// Typed key by key; the comment lines give the model something to go by.
const TEXT = `/** A queue that gives the smallest first. */
export class Heap {
  private readonly items: number[] = [];

  get size(): number {
    return this.items.length;
  }

  push(item: number): void {
    this.items.push(item);
    let index = this.items.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.items[parent] <= this.items[index]) break;
      [this.items[parent], this.items[index]] = [this.items[index], this.items[parent]];
      index = parent;
    }
  }

  peek(): number | undefined {
    return this.items[0];
  }
}
`;

/** Log-normal keystrokes, 170 ms in the median as of a quick typist, and a pause at each line's end; the same each run. */
function* rhythm(): Generator<number, never, boolean> {
  let state = 20_261_121;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  let lineEnd = false;
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    lineEnd = yield (lineEnd ? 600 : 170) * Math.exp(0.35 * normal);
  }
}

/** Latency by typing in real time, then the counts of the traces in virtual time. */
export async function benchTyping(
  path: string,
  device: string | undefined,
  open: OpenModel,
): Promise<TypingReport> {
  const latency = await benchLatency(path, device);
  return { ...latency, traces: await benchTraces(open) };
}

async function benchTraces(open: OpenModel): Promise<TracesReport | null> {
  const folder = join(projectRoot(), "test", "bench", "traces");
  const names = await readdir(folder).catch(() => []); // a package has none
  const paths = names.filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name));
  return paths.length === 0 ? null : reportTraces(await playTraces(open, await readTraces(paths.sort())));
}

/**
 * Types a file at human speed against the engine's process, through the same client and pipeline as the extension, and
 * never accepts. No editor is in it: what VS Code adds is measured in the editor tests.
 */
async function benchLatency(path: string, device: string | undefined): Promise<Omit<TypingReport, "traces">> {
  const started = performance.now();
  let helloMs = 0;
  const client = createEngineClient({
    command: () => hostCommand({ ...process, extensionPath: projectRoot(), electron: undefined }),
    settings: { device: device ?? "auto", memoryLimit: 0, unloadAfterMinutes: 0 },
    onState: ({ kind }) => {
      if (kind === "running" && helloMs === 0) helloMs = performance.now() - started;
    },
    onLog: (level, message) => {
      if (level === "error") say(message);
    },
  });
  try {
    const completer = client.completerFor(() => ({ path }));
    const first = completer.complete({
      prompt: { path: "heap.ts", prefix: "", middle: "const x = ", suffix: "", context: [] },
      maxTokens: 1,
      priority: "automatic",
    });
    await first.next();
    const firstTextMs = performance.now() - started;
    await first.return(undefined);

    const traces: TraceRecord[] = [];
    const pipeline = createPipeline({
      completer,
      settings: () => DEFAULT_SETTINGS,
      syntax: syntaxFromFiles(say),
      onTrace: (record) => traces.push(record),
    });
    const hostMs: number[] = [];
    const pauses = rhythm();
    let pause = pauses.next(false).value;
    for (let cursor = 1; cursor <= TEXT.length; cursor++) {
      const text = TEXT.slice(0, cursor);
      const before = performance.now();
      // What runs before the first wait is what the host's thread pays.
      const answer = pipeline.answer({
        document: {
          uri: "file:///heap.ts",
          path: "heap.ts",
          languageId: "typescript",
          text,
          version: cursor,
          readOnly: false,
        },
        cursor,
        trigger: "automatic",
        cursors: 1,
        selectionIsEmpty: true,
        indentation: { tabSize: 2, insertSpaces: true },
      });
      hostMs.push(performance.now() - before);
      void answer.then(
        (it) => it.kind === "show" && systemClock.setTimeout(() => pipeline.shown(it.suggestion.id), 250),
      );
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = pauses.next(TEXT[cursor - 1] === "\n").value;
    }
    pipeline.dispose();
    if (traces.length === 0)
      throw new UserError({
        code: "benchmark",
        problem: "No keystroke was answered",
        advice: "see the messages above",
      });
    return { ...summarise(traces, hostMs), coldStart: { processMs: helloMs, firstTextMs } };
  } finally {
    client.dispose();
  }
}

function summarise(
  traces: readonly TraceRecord[],
  hostMs: readonly number[],
): Omit<TypingReport, "coldStart" | "traces"> {
  const shown = traces.filter(({ outcome }) => outcome.kind === "shown");
  const byModel = shown.filter(({ source }) => source === "model" || source === "attached");
  const asked = traces.filter(
    ({ prompt, source, outcome }) => prompt !== null && source !== "attached" && outcome.kind,
  );
  const per100 = (count: number) => (count * 100) / TEXT.length;
  return {
    characters: TEXT.length,
    toRequest: percentiles(asked.map(({ times }) => times.delayMs)),
    lineToAnswer: percentiles(
      byModel.flatMap(({ times }) =>
        times.firstLineMs === null ? [] : [times.answeredMs - times.firstLineMs],
      ),
    ),
    whole: percentiles(byModel.map(({ times }) => times.answeredMs)),
    wholeFromCache: percentiles(
      shown.filter((record) => !byModel.includes(record)).map(({ times }) => times.answeredMs),
    ),
    host: percentiles(hostMs),
    requestsPer100Keys: per100(asked.length),
    shownPer100Keys: per100(shown.length),
  };
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) =>
    sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  return { p50: at(0.5), p95: at(0.95), n: sorted.length };
}

/** Latencies as one table, the traces as another. */
export function printTyping(typing: TypingReport): void {
  const row = (name: string, { p50, p95, n }: Percentiles) => [
    name,
    p50 === null ? "–" : milliseconds(p50),
    p95 === null ? "–" : milliseconds(p95),
    String(n),
  ];
  console.log(
    `\n${table([
      [`typing ${typing.characters} keys`, "p50", "p95", "n"],
      row("keystroke to request", typing.toRequest),
      row("first line to answer", typing.lineToAnswer),
      row("keystroke to answer, by the model", typing.whole),
      row("keystroke to answer, from the cache", typing.wholeFromCache),
      row("host's thread busy for a keystroke", typing.host),
    ])}`,
  );
  const { processMs, firstTextMs } = typing.coldStart;
  console.log(
    `Cold start: process up in ${milliseconds(processMs)}, first text after ${milliseconds(firstTextMs)}. ` +
      `${typing.requestsPer100Keys.toFixed(1)} requests and ${typing.shownPer100Keys.toFixed(1)} suggestions for 100 keys.`,
  );
  if (typing.traces) printTraces(typing.traces);
  else
    console.log(
      "The typing traces are not here: run this in a checkout, which has them in test/bench/traces.",
    );
}
