import { relative, resolve } from "node:path";
import {
  completeOnce,
  completeScripted,
  languageIdOf,
  type OneAnswer,
  type OneQuestion,
  offsetAt,
  type PipelineSettings,
  readPlainText,
} from "../../complete/index.ts";
import type { Completer } from "../../contract/index.ts";
import { UserError } from "../../errors/index.ts";
import { createFimCompleter, type GenerationTally, Tally, type TokenSource } from "../../generate/index.ts";
import { linkTarget } from "../../system/index.ts";
import {
  costReport,
  costSentences,
  type ModelCost,
  outcomeReport,
  outcomeSentences,
} from "./complete_report.ts";
import { ghostStyle, renderGhost } from "./ghost_view.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { type ModelOptions, type OpenModel, prepare, withModel } from "./open_model.ts";
import { readText, textOf } from "./read_text.ts";
import { forTerminal, printJson, say } from "./terminal.ts";

/** FILE:LINE:COL, each number from 1. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface CompleteOptions extends ModelOptions {
  readonly model: string;
  /** A text in the model's place, `@` and a file with it, or `-` for standard input. */
  readonly answer?: string;
  /** Of the pieces in which the answer comes. */
  readonly seed?: number;
  readonly invoked?: boolean;
  readonly setting?: Partial<PipelineSettings>;
  /** The row that the suggest widget has chosen. */
  readonly selected?: string;
  readonly json?: boolean;
}

/** `foretype complete FILE:LINE:COL`: the ghost text at a place, in its place, why it is that, and what it cost. */
export async function complete(place: Place, options: CompleteOptions): Promise<void> {
  const raw = await readText(place.path);
  const mark = raw.startsWith("\uFEFF") ? raw[0]! : ""; // an editor takes it off, and writes it again
  const text = raw.slice(mark.length);
  const question = await questionAt(text, place, options);
  const view = viewOf(text, place);
  const live = process.stdout.isTTY && !options.json ? liveView() : undefined;

  const show = (answer: OneAnswer, cost?: ModelCost) => {
    const outcome = { ...answer, document: mark + answer.document };
    if (options.json) return printJson({ ...outcomeReport(outcome), ...(cost && costReport(outcome, cost)) });
    const ghost = view(outcome.shown ?? "");
    if (live) live(ghost);
    else console.log(ghost);
    for (const sentence of outcomeSentences(outcome, cost)) console.log(forTerminal(sentence));
    for (const sentence of cost ? costSentences(cost) : []) console.log(sentence);
  };

  if (options.answer !== undefined) {
    const answer = await answerText(options.answer);
    const { seed } = options;
    return show(await completeScripted({ ...question, answer, ...(seed !== undefined && { seed }) }));
  }
  // What ends before the model is asked is said before a model loads.
  const closed = await completeScripted({ ...question, answer: "" });
  if (!closed.stages.some(({ stage }) => stage === "decode")) return show(closed);
  await withModel(options.model, options, async (open) => {
    if (!open.tokenizer.fim)
      throw new UserError({
        code: "model-role",
        problem: `${options.model} has no fill-in-the-middle tokens`,
        advice: "choose a model that completes code",
      });
    const prepareMs = await prepare(open.session);
    const model = completerOf(open);
    const answer = await completeOnce(
      { ...question, onPartial: (partial) => live?.(view(partial)) },
      model.completer,
    );
    if (model.failure) throw model.failure;
    show(answer, { open, prepareMs, draft: options.draft, generation: model.cost });
  });
}

/** What the pipeline is asked: with the grammar loaded, as in an editor that has been open for a moment. */
async function questionAt(
  text: string,
  { path, line, column }: Place,
  { invoked, setting, selected }: CompleteOptions,
): Promise<OneQuestion> {
  // A place that is not there is said before anything is loaded.
  const cursor = rawOffset(text, offsetAt(readPlainText(text).text, path, line, column));
  const whole = resolve(path);
  const inside = relative(process.cwd(), whole);
  const languageId = languageIdOf(whole, text);
  const syntax = syntaxFromFiles(say);
  await syntax.ready(languageId);
  return {
    // As VS Code names a file: relative to the workspace, which is this folder, or else in full.
    path: (/^\.\.(?:[\\/]|$)/.test(inside) ? whole : inside).replaceAll("\\", "/"),
    target: linkTarget(whole),
    languageId,
    text,
    cursor,
    trigger: invoked ? "invoked" : "automatic",
    syntax,
    ...(setting && { settings: setting }),
    ...(selected !== undefined && { selected }),
  };
}

export function answerText(option: string): Promise<string> {
  if (option === "-") return textOf(process.stdin, "standard input");
  return option.startsWith("@") ? readText(option.slice(1)) : Promise.resolve(option);
}

/** The model's completer, with what its last generation cost, and with its error: on a command line that is the answer. */
function completerOf({ session, tokenizer }: OpenModel) {
  const model: { completer: Completer; cost: GenerationTally; failure: Error | undefined } = {
    completer: {
      controlTexts: () => tokenizer.specialTexts,
      async *complete(request) {
        try {
          return yield* completer.complete(request);
        } catch (error) {
          model.failure = error as Error;
          throw error;
        }
      },
    },
    cost: new Tally(0), // the pipeline leaves its stream before it ends
    failure: undefined,
  };
  const source: TokenSource = {
    evaluator: session.evaluator,
    read: (...args) => session.read(...args),
    generate(...args) {
      const generation = session.generate(...args);
      model.cost = generation.soFar;
      return generation;
    },
  };
  const completer = createFimCompleter(source, tokenizer);
  return model;
}

/** The offset in the text as it is, of an offset in its plain text: a `\r` counts here. */
function rawOffset(raw: string, plain: number): number {
  let at = 0;
  for (let count = 0; count < plain; count++) at += raw.startsWith("\r\n", at) ? 2 : 1;
  return at;
}

const viewOf =
  (text: string, { line, column }: Place) =>
  (ghost: string): string =>
    renderGhost({
      text,
      line,
      column,
      ghost,
      around: 6,
      width: process.stdout.columns || 100,
      style: ghostStyle(process.env, process.stdout.isTTY),
    });

/** Overwrites what it wrote before. */
function liveView(): (view: string) => void {
  let height = 0;
  return (view) => {
    const up = height > 0 ? `\x1b[${height}A\r` : "";
    process.stdout.write(`${up}\x1b[J${view}\n`);
    height = view.split("\n").length;
  };
}
