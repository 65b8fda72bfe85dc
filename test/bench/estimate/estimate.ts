import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type InnerLoop, innerLoopOf } from "./instruction_counts.ts";
import { type Counts, linesTable, shareTable } from "./share_of_bandwidth.ts";

const known = "test/bench/estimate/counts.json";
const [folder] = process.argv.slice(2);
if (folder) await writeFile(known, `${JSON.stringify(await countsIn(folder), null, 2)}\n`);
const counts = JSON.parse(await readFile(known, "utf8")) as Counts;
console.log(`${linesTable(counts)}\n\n${shareTable(counts)}`);

/** Of several products of a type and number of rows, the one with the fewest loads: it does not norm its input. */
async function countsIn(folder: string): Promise<Counts> {
  const counts: Record<string, Record<string, InnerLoop>> = {};
  for (const line of (await readFile(join(folder, "names.txt"), "utf8")).trim().split("\n")) {
    const [id, name = ""] = line.split("\t");
    const [, type, rows] = /^matmul (\S+) ×(1|4|16)$/.exec(name) ?? [];
    if (!type || !rows) continue;
    const loop = innerLoopOf(await readFile(join(folder, `${id}.isa`), "utf8"), Number(rows));
    counts[type] ??= {};
    const before = counts[type][rows];
    if (!before || loop.loads < before.loads) counts[type][rows] = loop;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
