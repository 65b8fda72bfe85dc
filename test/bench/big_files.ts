// What a keystroke costs the extension host's thread by the size of the document: all that runs from the editor's events
// to the suggestion, with a model that answers at once. The editor's own work on a change is not in it. Times are of the
// processor, with what V8 does beside: a busy machine changes them little.
//   node test/bench/big_files.mjs [PART OF A CASE'S NAME]
import { setTimeout as pause } from "node:timers/promises";
import { syntaxFromFiles } from "../../engine/cli/commands/grammars.ts";
import { Position, type TextDocument, user } from "../unit/support/editor.ts";
import { createTypingHost } from "../unit/support/typing_host.ts";

const KEYS = 300;
const WARM_UP = 100; // keys until the code is compiled
const MEGABYTE = 1_000_000;
const LINE = "  const total = sum(values, (value) => value.count);\n";
const TYPED = "const next = items.map((item) => item.name);";

const code = (size: number): string => LINE.repeat(Math.ceil(size / LINE.length));

interface Case {
  readonly name: string;
  readonly text: string;
  readonly line: (document: TextDocument) => number;
  /** Left out: a new line is begun there. */
  readonly character?: number;
}

const middle = (document: TextDocument) => document.lineCount >> 1;
const CASES: readonly Case[] = [
  { name: "10 kB, middle", text: code(10_000), line: middle },
  { name: "1 MB, middle", text: code(MEGABYTE), line: middle },
  { name: "20 MB, first line", text: code(20 * MEGABYTE), line: () => 0 },
  { name: "20 MB, middle", text: code(20 * MEGABYTE), line: middle },
  { name: "20 MB, last line", text: code(20 * MEGABYTE), line: (document) => document.lineCount - 1 },
  { name: "20 MB, short lines", text: "a;\n".repeat((20 * MEGABYTE) / 3), line: middle },
  { name: "20 MB in one line, its end", text: LINE.trimEnd().repeat(390_000), line: () => 0, character: 1e9 },
  { name: "20 MB in one line, its start", text: LINE.trimEnd().repeat(390_000), line: () => 0, character: 0 },
  { name: "below a line of 20 MB", text: `${LINE.trimEnd().repeat(390_000)}\n\n`, line: () => 1 },
];

const syntax = syntaxFromFiles((message) => console.error(message));
await syntax.ready("typescript");
console.log("| document | median, ms | p99, ms | suggestions |\n|---|---|---|---|");
const wanted = process.argv[2] ?? "";
for (const [index, { name, text, line, character }] of CASES.entries()) {
  if (!name.includes(wanted)) continue;
  const host = createTypingHost({ answer: "items.filter(Boolean);\n", syntax });
  const document = user.open(`/big-${index}.ts`, "typescript", text);
  const at = line(document);
  const end = document.lineAt(at).range.end.character;
  user.goTo(document, new Position(at, Math.min(character ?? end, end)));
  if (character === undefined) await user.type("\n");
  const times: number[] = [];
  let shown = 0;
  for (let n = -WARM_UP; n < KEYS; n++) {
    const key = TYPED[(n + WARM_UP) % (TYPED.length + 1)] ?? "\n";
    let started = process.cpuUsage();
    const items = await user.type(key, () => (started = process.cpuUsage()));
    const { user: own, system } = process.cpuUsage(started);
    if (n < 0) continue;
    times.push((own + system) / 1000);
    if (items.length > 0) shown++;
    if (n % 50 === 0) await pause(1);
  }
  host.dispose();
  user.close(document);
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.floor(q * times.length)]!.toFixed(2);
  console.log(`| ${name} | ${quantile(0.5)} | ${quantile(0.99)} | ${shown} of ${KEYS} |`);
}
process.exit();
