import { resolve } from "node:path";
import {
  createModelSource,
  DEFAULT_SETTINGS,
  exclusionOf,
  formatOfModel,
  type NextEdits,
  nextEditsAfter,
  parseRecording,
  type TypingRecording,
  textOfPrompt,
} from "../../complete/index.ts";
import { type EditModel, NO_COST } from "../../contract/index.ts";
import { UserError } from "../../errors/index.ts";
import { answerText } from "./complete.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { readText } from "./read_text.ts";
import { printJson, table } from "./terminal.ts";

export interface EditOptions {
  readonly history: string;
  /** Names the format of an edit model. */
  readonly model?: string;
  /** What it answers: a text, `@` and a file with it, or `-` for standard input. */
  readonly answer?: string;
  readonly json?: boolean;
}

/** `foretype edit FILE --history RECORDING.jsonl`: the next edits that would be proposed after what was typed. */
export async function edit(path: string, { history, model, answer, json }: EditOptions): Promise<void> {
  const text = await readText(path);
  const recording = parseRecording(await readText(history), history);
  const uri = documentOf(recording, path, text);
  const syntax = syntaxFromFiles((message) => console.error(message));
  for (const event of recording.events) if (event.type === "open") await syntax.ready(event.languageId);
  const asked: Asked[] = [];
  const written = answer === undefined ? undefined : await answerText(answer);
  const format = written === undefined ? undefined : formatNamed(model ?? "");
  const edits = await nextEditsAfter(recording, uri, {
    names: syntax,
    isExcluded: (file) => exclusionOf(file, DEFAULT_SETTINGS.exclude) !== undefined,
    ...(written !== undefined && {
      model: (clock) =>
        createModelSource({
          model: answering(written),
          format,
          clock,
          onAnswer: ({ prompt }, said) => asked.push({ prompt: textOfPrompt(prompt), answer: said }),
        }),
    }),
  });
  const found = { ...report(path, text, edits), ...(written !== undefined && { asked }) };
  if (json) printJson(found);
  else for (const line of lines(path, found)) console.log(line);
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
function report(path: string, text: string, { proposals, silence }: NextEdits) {
  let now = text;
  return {
    file: path,
    proposals: proposals.map(({ start, end, old, fresh, line }) => {
      const column = start - now.lastIndexOf("\n", start - 1);
      now = now.slice(0, start) + fresh + now.slice(end);
      return { line: line + 1, column, old, new: fresh };
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
  const rows = proposals.map((one) => [`${path}:${one.line}:${one.column}`, one.old, "→", one.new]);
  return [table(rows), `Then nothing (${silence.id}): ${silence.problem}.`];
}
