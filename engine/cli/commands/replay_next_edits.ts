import { basename } from "node:path";
import { DEFAULT_SETTINGS, exclusionOf, nextEditsDuring, type ShownEdit } from "../../complete/index.ts";
import { syntaxFromFiles } from "./grammars.ts";
import { readTraces } from "./replay.ts";
import { forTerminal, printJson, say, table } from "./terminal.ts";

interface ReplayedEdits {
  readonly name: string;
  readonly title: string | null;
  readonly shown: readonly ShownEdit[];
}

/** `foretype replay TRACE… --next-edit`: the next edits that would have been shown, and what was typed there afterwards. */
export async function replayNextEdits(
  paths: readonly string[],
  { json }: { readonly json?: boolean },
): Promise<void> {
  const syntax = syntaxFromFiles(say);
  const traces: ReplayedEdits[] = [];
  for (const recording of await readTraces(paths)) {
    for (const event of recording.events) if (event.type === "open") await syntax.ready(event.languageId);
    const shown = await nextEditsDuring(recording, {
      names: syntax,
      isExcluded: (file) => exclusionOf(file, DEFAULT_SETTINGS.exclude) !== undefined,
    });
    traces.push({ name: basename(recording.name), title: recording.header.title ?? null, shown });
  }
  const together = countsOf(traces.flatMap(({ shown }) => shown));
  if (json) printJson({ traces: traces.map((one) => ({ ...one, counts: countsOf(one.shown) })), together });
  else for (const line of [...traces.flatMap(linesOf), totalOf(together)]) console.log(forTerminal(line));
}

const OUTCOMES = {
  made: "typed there afterwards",
  left: "left as it was",
  otherwise: "changed otherwise",
} as const;

function countsOf(shown: readonly ShownEdit[]): Readonly<Record<"shown" | ShownEdit["outcome"], number>> {
  const count = (outcome: ShownEdit["outcome"]) => shown.filter((one) => one.outcome === outcome).length;
  return { shown: shown.length, made: count("made"), left: count("left"), otherwise: count("otherwise") };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function linesOf({ name, title, shown }: ReplayedEdits): string[] {
  const head = title === null ? name : `${name}: ${title}`;
  if (shown.length === 0) return [head, "Nothing was shown."];
  const rows = shown.map((one) => [
    seconds(one.atMs),
    `for ${seconds(one.untilMs - one.atMs)}`,
    `${one.path}:${one.line}:${one.column}`,
    `${one.old} → ${one.fresh}`,
    one.tab,
    OUTCOMES[one.outcome],
  ]);
  return [head, table(rows)];
}

const totalOf = (counts: ReturnType<typeof countsOf>): string =>
  `${counts.shown} shown: ${counts.made} ${OUTCOMES.made}, ${counts.left} ${OUTCOMES.left}, ${counts.otherwise} ${OUTCOMES.otherwise}.`;
