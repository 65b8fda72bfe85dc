import { basename } from "node:path";
import {
  DEFAULT_SETTINGS,
  type Keystroke,
  type Playback,
  parseRecording,
  playTrace,
  type Spread,
  summarise,
  type TypingRecording,
  type TypingSummary,
} from "../../complete/index.ts";
import { UserError } from "../../errors/index.ts";
import { createFimCompleter, createScheduler } from "../../generate/index.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { type ModelOptions, type OpenModel, prepare, withModel } from "./open_model.ts";
import { readText } from "./read_text.ts";
import { forTerminal, milliseconds, printJson, progressLine, say, table } from "./terminal.ts";
import { completerInTurns } from "./turns.ts";

/** What playing one trace, or all of them together, has cost. */
export interface TraceReport {
  readonly name: string;
  readonly title: string | null;
  readonly summary: TypingSummary;
}

export interface TracesReport {
  readonly traces: readonly TraceReport[];
  /** All keystrokes as of one trace. */
  readonly together: TypingSummary;
}

export interface PlayedTrace extends Playback {
  readonly trace: TypingRecording;
}

// Of a prompt, as the extension's default; a model with less room gives less.
const CONTEXT_TOKENS = 4096;
const GENERATED_POSITIONS = 512;

/** @throws UserError if a file cannot be read, or is no typing trace. */
export const readTraces = (paths: readonly string[]): Promise<TypingRecording[]> =>
  Promise.all(paths.map(async (path) => parseRecording(await readText(path), path)));

/**
 * Plays traces one after the other through one session, as through one window.
 * @param speed times real time; undefined: virtual time
 */
export async function playTraces(
  { session, tokenizer }: OpenModel,
  traces: readonly TypingRecording[],
  options: {
    readonly speed?: number | undefined;
    /** Default: how far it is shows on a terminal. */
    readonly onKey?: ((key: Keystroke) => void) | undefined;
  } = {},
): Promise<PlayedTrace[]> {
  const { speed, onKey } = options;
  const syntax = syntaxFromFiles(say);
  const { context } = session.evaluator;
  const completer = completerInTurns(createFimCompleter(session, tokenizer), createScheduler());
  const played: PlayedTrace[] = [];
  for (const trace of traces) {
    for (const event of trace.events) if (event.type === "open") await syntax.ready(event.languageId);
    const progress = progressLine(`Playing ${basename(trace.name)}`);
    const endMs = trace.events.at(-1)?.at ?? 0;
    const playback = await playTrace(trace, {
      completer,
      settings: () => DEFAULT_SETTINGS,
      syntax,
      contextTokens: Math.max(0, Math.min(CONTEXT_TOKENS, context - GENERATED_POSITIONS)),
      speed,
      onKey: onKey ?? (({ at }) => progress.update(at / endMs)),
    }).finally(() => progress.end());
    played.push({ trace, ...playback });
  }
  return played;
}

export function reportTraces(played: readonly PlayedTrace[]): TracesReport {
  return {
    traces: played.map(({ trace: { name, header }, summary }) => ({
      name: basename(name),
      title: header.title ?? null,
      summary,
    })),
    together: summarise(played.flatMap(({ keystrokes }) => keystrokes)),
  };
}

/** `foretype replay TRACE…`: what each keystroke of recorded typing costs, and what was shown. */
export async function replay(
  paths: readonly string[],
  options: ModelOptions & {
    model: string;
    speed?: number;
    repeat?: number;
    keys?: boolean;
    json?: boolean;
  },
): Promise<void> {
  const traces = await readTraces(paths); // before a model loads
  await withModel(options.model, options, async (open) => {
    if (!open.tokenizer.fim)
      throw new UserError({
        code: "model-role",
        problem: `${options.model} has no fill-in-the-middle tokens`,
        advice: "choose a model that completes code",
      });
    await prepare(open.session);
    const live = options.keys === true && !options.json;
    const { repeat = 1, speed } = options;
    const onKey = live ? (key: Keystroke) => console.log(forTerminal(keyLine(key))) : undefined;
    let played = await playTraces(open, traces, { speed, onKey });
    const memory = [memoryHeld(open)];
    while (memory.length < repeat) {
      played = await playTraces(open, traces, { speed, onKey });
      memory.push(memoryHeld(open));
    }
    const report = reportTraces(played);
    if (options.json) {
      printJson({
        device: open.gpu.description,
        model: options.model,
        context: open.session.evaluator.context,
        clock: options.speed === undefined ? "virtual" : "real",
        ...report,
        memory,
        ...(options.keys && { keystrokes: played.map(({ keystrokes }) => keystrokes) }),
      });
      return;
    }
    const time =
      options.speed === undefined ? "the model takes no time of the recording's" : `speed ${options.speed}`;
    console.log(
      `${options.model} on ${open.gpu.description}; context ${open.session.evaluator.context}; ${time}`,
    );
    printTraces(report);
    if (memory.length > 1) printMemory(memory);
  });
}

/** What is held after the traces have been played once more. Bytes. */
interface MemoryHeld {
  readonly gpu: number;
  readonly snapshots: number;
  /** After a collection of garbage, where Node was started with --expose-gc. */
  readonly heap: number;
  readonly resident: number;
  /** Timers, files, sockets. */
  readonly handles: number;
}

function memoryHeld({ gpu }: OpenModel): MemoryHeld {
  globalThis.gc?.();
  const held = gpu.bytesHeld();
  return {
    gpu: Object.values(held).reduce((sum, bytes) => sum + bytes, 0),
    snapshots: held.snapshots,
    heap: process.memoryUsage().heapUsed,
    resident: process.memoryUsage.rss(),
    handles: process.getActiveResourcesInfo().length,
  };
}

function printMemory(memory: readonly MemoryHeld[]): void {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  console.log("\nMemory after each time, in MiB:");
  console.log(
    table([
      ["played", "GPU", "of it snapshots", "heap", "process", "handles"],
      ...memory.map(({ gpu, snapshots, heap, resident, handles }, i) => [
        String(i + 1),
        ...[gpu, snapshots, heap, resident].map(mib),
        String(handles),
      ]),
    ]),
  );
}

const keyLine = (key: Keystroke): string => {
  const jump = key.jumpedLines === null ? "" : ` ${key.jumpedLines > 0 ? "+" : ""}${key.jumpedLines} lines`;
  const cost =
    key.streams === 0
      ? "no model"
      : `${key.computedTokens} of ${key.promptTokens} tokens, ${key.decodedTokens} out`;
  const [first, ...more] = key.shown?.split("\n") ?? [];
  const rest = more.length > 0 ? ` and ${more.length} lines` : "";
  const screen = first === undefined ? `(${key.silence})` : `${JSON.stringify(first)}${rest}`;
  const matched = key.matched === true ? " matched" : "";
  const { computedTokens, decodedTokens } = key.idle;
  const idle = computedTokens + decodedTokens > 0 ? `; idle ${computedTokens}, ${decodedTokens} out` : "";
  return `${(key.at / 1000).toFixed(2)} s  line ${key.line}  ${key.kind}${jump}${matched}: ${cost}${idle}  ${screen}`;
};

/** A column for each trace and one for all, a row for each number. */
export function printTraces({ traces, together }: TracesReport): void {
  const several = traces.length > 1;
  const all = [...traces.map(({ summary }) => summary), ...(several ? [together] : [])];
  const row = (name: string, cell: (summary: TypingSummary) => string) => [name, ...all.map(cell)];
  const number = (value: number | null) => (value === null ? "–" : String(value));
  const spread = ({ p50, p95, max }: Spread) => [p50, p95, max].map(number).join(" / ");
  const percent = (value: number | null) => (value === null ? "–" : `${(value * 100).toFixed(1)} %`);
  const time = (value: number | null) => (value === null ? "–" : milliseconds(value));
  const names = traces.map(({ name }) => name.replace(/\.jsonl$/, ""));
  const rows = [
    ["", ...names, ...(several ? ["together"] : [])],
    row("keystrokes", ({ keystrokes }) => String(keystrokes)),
    row("tokens computed a keystroke, p50 / p95 / max", ({ computedTokens }) => spread(computedTokens)),
    row("… by reading the whole prompt again", ({ wholePromptTokens }) => spread(wholePromptTokens)),
    row("keystrokes that match the suggestion", ({ matched }) => String(matched.n)),
    row("… of them without the model", ({ matched }) => percent(matched.withoutModel)),
    row("first requests after a jump in the file", ({ jumps }) => String(jumps.computedTokens.n)),
    row("… tokens computed, p50", ({ jumps }) => number(jumps.computedTokens.p50)),
    row("… by reading the whole prompt again", ({ jumps }) => number(jumps.wholePromptTokens.p50)),
    row("first requests after a jump to another file", ({ jumpsToOtherDocuments: to }) =>
      String(to.computedTokens.n),
    ),
    row("… tokens computed, p50", ({ jumpsToOtherDocuments: to }) => number(to.computedTokens.p50)),
    row("… by reading the whole prompt again", ({ jumpsToOtherDocuments: to }) =>
      number(to.wholePromptTokens.p50),
    ),
    row("requests to the model", ({ streams }) => String(streams)),
    row("tokens written for them", ({ decodedTokens }) => String(decodedTokens)),
    row("idle: tokens computed", ({ idle }) => String(idle.computedTokens)),
    row("idle: tokens written ahead", ({ idle }) => String(idle.decodedTokens)),
    row("suggestions shown for 100 keys", ({ shownPer100Keys }) => number(shownPer100Keys)),
    row("question to suggestion by the model, p50", ({ latencyMs }) => time(latencyMs.byModel.p50)),
    row("… p95", ({ latencyMs }) => time(latencyMs.byModel.p95)),
    row("question to suggestion without it, p50", ({ latencyMs }) => time(latencyMs.withoutModel.p50)),
    row("… p95", ({ latencyMs }) => time(latencyMs.withoutModel.p95)),
  ];
  console.log(table(rows));
  if (together.uncountedStreams > 0)
    console.log(
      `${together.uncountedStreams} requests were left before they said what they cost, and are not in these numbers.`,
    );
}
