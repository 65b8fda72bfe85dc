import { resolve } from "node:path";
import {
  createModelSource,
  DEFAULT_SETTINGS,
  exclusionOf,
  formatOfModel,
  lineStartOf,
  type NextEdits,
  nextEditsAfter,
  parseRecording,
  type TypingRecording,
  textOfPrompt,
} from "../../complete/index.ts";
import { type EditModel, NO_COST } from "../../contract/index.ts";
import { UserError } from "../../errors/index.ts";
import { createEditor } from "../../generate/index.ts";
import { answerText } from "./complete.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { type ModelOptions, prepare, withModel } from "./open_model.ts";
import { readText } from "./read_text.ts";
import { forTerminal, printJson, table } from "./terminal.ts";

export interface EditOptions extends ModelOptions {
  readonly history: string;
  /** An edit model, whose file's name tells its format. */
  readonly model?: string;
  /** A text in the model's place, `@` and a file with it, or `-` for standard input. */
  readonly answer?: string;
  readonly json?: boolean;
}

/** `foretype edit FILE --history RECORDING.jsonl`: the next edits that would be proposed after what was typed. */
export async function edit(path: string, options: EditOptions): Promise<void> {
  const { history, model, json } = options;
  const text = await readText(path);
  const recording = parseRecording(await readText(history), history);
  const uri = documentOf(recording, path, text);
  const syntax = syntaxFromFiles((message) => console.error(message));
  for (const event of recording.events) if (event.type === "open") await syntax.ready(event.languageId);
  const asked: Asked[] = [];
  const found = await withEditModel(options, (editModel) =>
    nextEditsAfter(recording, uri, {
      names: syntax,
      isExcluded: (file) => exclusionOf(file, DEFAULT_SETTINGS.exclude) !== undefined,
      ...(editModel && {
        model: (clock) =>
          createModelSource({
            model: editModel,
            format: formatNamed(model ?? ""),
            clock,
            onAnswer: ({ prompt }, answer) => asked.push({ prompt: textOfPrompt(prompt), answer }),
          }),
      }),
    }),
  );
  const all = { ...report(path, recording, uri, found), ...(asked.length > 0 && { asked }) };
  if (json) printJson(all);
  else for (const line of lines(path, all)) console.log(forTerminal(line));
}

/** Hands the model that was asked for to `use`, or what answers in its place; none where neither is wanted. */
async function withEditModel<T>(options: EditOptions, use: (model?: EditModel) => Promise<T>): Promise<T> {
  const { model, answer } = options;
  if (answer === undefined && model === undefined) return use();
  formatNamed(model ?? ""); // before anything is loaded
  if (answer !== undefined) return use(answering(await answerText(answer)));
  return withModel(model!, options, async ({ session, tokenizer }) => {
    await prepare(session);
    return use(createEditor(session, tokenizer));
  });
}

/** What a model was asked, and how much of its answer was read. */
interface Asked {
  readonly prompt: string;
  readonly answer: string;
}

/** @throws UserError for a name that tells of no format */
function formatNamed(model: string) {
  const format = formatOfModel(model);
  if (format) return format;
  throw new UserError({
    code: "model-role",
    problem:
      model === "" ? "--answer does not tell in which format it is" : `No edit format is known for ${model}`,
    advice: "name the model that would write it with --model: a file of Sweep Next Edit, Zeta or Zeta 2.1",
  });
}

/** A model that writes one answer to its first question, and nothing to others. */
function answering(text: string): EditModel {
  let left = text;
  return {
    async *edit() {
      const said = left;
      left = "";
      for (const character of said) yield { text: character, logProbability: 0 };
      return { reason: "end", ...NO_COST };
    },
  };
}

/** The document of a recording that a file is. @throws UserError where there is none, or where the file differs from it */
function documentOf({ name, events, finalTexts }: TypingRecording, path: string, text: string): string {
  const whole = resolve(path).replaceAll("\\", "/");
  const uris = events.flatMap((event) =>
    event.type === "open" && `/${whole}`.endsWith(`/${event.path.replace(/^\/+/, "")}`) ? event.uri : [],
  );
  const known = [...new Set(uris)].filter((uri) => finalTexts.has(uri));
  if (known.length === 0)
    throw new UserError({
      code: "usage",
      problem: `${name} ends without ${path} being open`,
      advice: "name a file that was typed into",
      path,
    });
  const same = known.find((uri) => finalTexts.get(uri) === text);
  if (same !== undefined) return same;
  throw new UserError({
    code: "usage",
    problem: `${path} is not as ${name} leaves it`,
    advice: "undo what was changed since, or record again",
    path,
  });
}

/** Lines and columns count from 1, in the text that the proposals before have made. */
function report(path: string, recording: TypingRecording, uri: string, { proposals, silence }: NextEdits) {
  const texts = new Map(recording.finalTexts);
  const paths = new Map(
    recording.events.flatMap((event) => (event.type === "open" ? [[event.uri, event.path] as const] : [])),
  ).set(uri, path);
  return {
    file: path,
    proposals: proposals.map(({ uri: of, start, end, old, fresh, line }) => {
      const now = texts.get(of)!;
      texts.set(of, now.slice(0, start) + fresh + now.slice(end));
      const column = 1 + start - lineStartOf(now, start);
      return { ...(of !== uri && { file: paths.get(of)! }), line: line + 1, column, old, new: fresh };
    }),
    silence,
  };
}

function lines(
  path: string,
  { asked = [], ...found }: ReturnType<typeof report> & { asked?: readonly Asked[] },
): string[] {
  return [
    ...asked.flatMap(({ prompt, answer }) => ["Asked:", prompt, "Answered:", answer]),
    ...proposed(path, found),
  ];
}

function proposed(path: string, { proposals, silence }: ReturnType<typeof report>): string[] {
  if (proposals.length === 0) return [`Nothing is proposed (${silence.id}): ${silence.problem}.`];
  const rows = proposals.map((one) => [
    `${one.file ?? path}:${one.line}:${one.column}`,
    one.old,
    "→",
    one.new,
  ]);
  return [table(rows), `Then nothing (${silence.id}): ${silence.problem}.`];
}
