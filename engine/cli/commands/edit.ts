import { resolve } from "node:path";
import {
  DEFAULT_SETTINGS,
  exclusionOf,
  type NextEdits,
  nextEditsAfter,
  parseRecording,
  type TypingRecording,
} from "../../complete/index.ts";
import { UserError } from "../../errors/index.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { printJson, table } from "./terminal.ts";
import { readText } from "./tokens.ts";

/** `foretype edit FILE --history RECORDING.jsonl`: the next edits that would be proposed after what was typed. */
export async function edit(
  path: string,
  { history, json }: { history: string; json?: boolean },
): Promise<void> {
  const text = await readText(path);
  const recording = parseRecording(await readText(history), history);
  const uri = documentOf(recording, path, text);
  const syntax = syntaxFromFiles((message) => console.error(message));
  for (const event of recording.events) if (event.type === "open") await syntax.ready(event.languageId);
  const edits = await nextEditsAfter(recording, uri, {
    names: syntax,
    isExcluded: (file) => exclusionOf(file, DEFAULT_SETTINGS.exclude) !== undefined,
  });
  if (json) printJson(report(path, text, edits));
  else for (const line of lines(path, report(path, text, edits))) console.log(line);
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

function lines(path: string, { proposals, silence }: ReturnType<typeof report>): string[] {
  if (proposals.length === 0) return [`Nothing is proposed (${silence.id}): ${silence.problem}.`];
  const rows = proposals.map((one) => [`${path}:${one.line}:${one.column}`, one.old, "→", one.new]);
  return [table(rows), `Then nothing (${silence.id}): ${silence.problem}.`];
}
