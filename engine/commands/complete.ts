import { DEFAULT_LIMITS, offsetAt, readPlainText, type Suggestion, suggest } from "../complete/index.ts";
import { UserError } from "../errors.ts";
import { createFimCompleter } from "../generate/index.ts";
import { ghostStyle, renderGhost } from "./ghost_view.ts";
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
  offsetAt(readPlainText(text).text, path, line, column); // a place that is not there is said before a model loads
  await withModel(options.model, options, async ({ gpu, session, tokenizer, loadMs }) => {
    if (!tokenizer.fim)
      throw new UserError(
        `${options.model} has no fill-in-the-middle tokens: choose a model that completes code.`,
      );
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
    const suggestion = await suggest({
      text,
      path,
      line,
      column,
      completer: createFimCompleter(session, tokenizer),
      limits: DEFAULT_LIMITS,
      clock: () => performance.now(),
      onPartial: (partial) => live?.(view(partial)),
    });
    const { timings } = session;
    if (options.json) {
      printJson({ device: gpu.description, ...suggestion, loadMs, prepareMs, generation: timings });
      return;
    }
    const shown = view(suggestion.kind === "shown" ? suggestion.text : "");
    if (live) live(shown);
    else console.log(shown);
    console.log(`\n${summary(suggestion)}`);
    console.log(
      [
        `model loaded in ${milliseconds(loadMs)}`,
        `kernels in ${milliseconds(prepareMs)}`,
        `prompt of ${timings.promptTokens} tokens in ${milliseconds(timings.promptMs)}`,
        `${timings.tokens} tokens at ${perSecond(timings.tokens - 1, timings.decodeMs)}`,
      ].join(" · "),
    );
    console.log(`on ${gpu.description}; plain decoding, no drafts`);
  });
}

function summary(suggestion: Suggestion): string {
  const { timings } = suggestion;
  if (suggestion.kind === "nothing") return `No suggestion here: ${suggestion.reason}.`;
  const first = timings.firstLineMs ?? timings.totalMs;
  return `Suggestion in ${milliseconds(timings.totalMs)}, its first line after ${milliseconds(first)}; stopped by: ${suggestion.stoppedBy}.`;
}

/** Draws over what it drew before. */
function liveView(): (view: string) => void {
  let height = 0;
  return (view) => {
    const up = height > 0 ? `\x1b[${height}A\r` : "";
    process.stdout.write(`${up}\x1b[J${view}\n`);
    height = view.split("\n").length;
  };
}
