import { basename, relative } from "node:path";
import {
  createPipeline,
  DEFAULT_SETTINGS,
  indentationOf,
  languageIdOf,
  offsetAt,
  readPlainText,
  type TraceRecord,
} from "../../complete/index.ts";
import { sentenceOf, UserError } from "../../errors/index.ts";
import { createFimCompleter, type GenerationTally, Tally, type TokenSource } from "../../generate/index.ts";
import { draftSentence } from "./draft_sentence.ts";
import { ghostStyle, renderGhost } from "./ghost_view.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { type ModelOptions, prepare, withModel } from "./open_model.ts";
import { milliseconds, perSecond, printJson } from "./terminal.ts";
import { readText } from "./tokens.ts";

/** FILE:LINE:COL, each number from 1. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** `foretype complete FILE:LINE:COL`: the ghost text at a place, in its place, and what it cost. */
export async function complete(
  { path, line, column }: Place,
  options: ModelOptions & { model: string; json?: boolean },
): Promise<void> {
  const text = await readText(path);
  // A place that is not there is said before a model loads.
  const cursor = rawOffset(text, offsetAt(readPlainText(text).text, path, line, column));
  await withModel(options.model, options, async ({ gpu, session, tokenizer, loadMs }) => {
    if (!tokenizer.fim)
      throw new UserError({
        code: "model-role",
        problem: `${options.model} has no fill-in-the-middle tokens`,
        advice: "choose a model that completes code",
      });
    const prepareMs = await prepare(session);
    const live = process.stdout.isTTY && !options.json ? liveView() : undefined;
    const view = (ghost: string) =>
      renderGhost({
        text,
        line,
        column,
        ghost,
        around: 6,
        width: process.stdout.columns || 100,
        style: ghostStyle(process.env, process.stdout.isTTY),
      });
    let failure: Error | undefined;
    let cost: GenerationTally = new Tally(0); // the last generation's: the pipeline leaves its stream before it ends
    const source: TokenSource = {
      evaluator: session.evaluator,
      read: (...args) => session.read(...args),
      generate(...args) {
        const generation = session.generate(...args);
        cost = generation.soFar;
        return generation;
      },
    };
    const completer = createFimCompleter(source, tokenizer);
    const traces: TraceRecord[] = [];
    const pipeline = createPipeline({
      completer: {
        async *complete(request) {
          try {
            return yield* completer.complete(request);
          } catch (error) {
            failure = error as Error; // on a command line the error is the answer
            throw error;
          }
        },
      },
      // What an editor would show without haste: no user types here.
      settings: () => ({ ...DEFAULT_SETTINGS, delay: 0, timeLimitMs: 60_000, speculate: false }),
      syntax: syntaxFromFiles((message) => console.error(message)),
      onTrace: (record) => traces.push(record),
      onPartial: (partial) => live?.(view(partial)),
    });
    const answer = await pipeline.answer({
      document: {
        uri: path,
        path: relative(process.cwd(), path).replaceAll("\\", "/") || basename(path),
        languageId: languageIdOf(path, text),
        text,
        version: 1,
        readOnly: false,
      },
      cursor,
      trigger: "automatic",
      cursors: 1,
      selectionIsEmpty: true,
      indentation: indentationOf(text),
    });
    pipeline.dispose();
    if (failure) throw failure;
    const trace = traces.at(-1)!;
    const { timings, drafts } = cost;
    if (options.json) {
      const { firstTextMs, firstLineMs, answeredMs: totalMs } = trace.times;
      printJson({
        device: gpu.description,
        ...(answer.kind === "show"
          ? { kind: "shown", text: answer.suggestion.text }
          : { kind: "nothing", reason: answer.silence.id, sentence: sentenceOf(answer.silence) }),
        multiLine: trace.multiLine,
        stoppedBy: trace.stoppedBy,
        filters: trace.filters,
        confidence: trace.confidence,
        timings: { firstTextMs, firstLineMs, totalMs },
        loadMs,
        prepareMs,
        generation: timings,
        drafts,
      });
      return;
    }
    const shown = view(answer.kind === "show" ? answer.suggestion.text : "");
    if (live) live(shown);
    else console.log(shown);
    const first = milliseconds(trace.times.firstLineMs ?? trace.times.answeredMs);
    console.log(
      answer.kind === "show"
        ? `\nSuggestion in ${milliseconds(trace.times.answeredMs)}, its first line after ${first}; stopped by: ${trace.stoppedBy}.`
        : `\nNo suggestion here: ${sentenceOf(answer.silence)}`,
    );
    console.log(
      [
        `model loaded in ${milliseconds(loadMs)}`,
        `kernels in ${milliseconds(prepareMs)}`,
        `prompt of ${timings.promptTokens} tokens in ${milliseconds(timings.promptMs)}`,
        `${timings.tokens} tokens at ${perSecond(timings.tokens - 1, timings.decodeMs)}`,
      ].join(" · "),
    );
    console.log(`on ${gpu.description}; ${draftSentence(drafts, session.draftMode, options.draft)}`);
  });
}

/** The offset in the file as it is, of an offset in its plain text: a byte order mark and `\r` count here. */
function rawOffset(raw: string, plain: number): number {
  let at = raw.startsWith("\uFEFF") ? 1 : 0;
  for (let count = 0; count < plain; count++) at += raw.startsWith("\r\n", at) ? 2 : 1;
  return at;
}

/** Overwrites what it wrote before. */
function liveView(): (view: string) => void {
  let height = 0;
  return (view) => {
    const up = height > 0 ? `\x1b[${height}A\r` : "";
    process.stdout.write(`${up}\x1b[J${view}\n`);
    height = view.split("\n").length;
  };
}
