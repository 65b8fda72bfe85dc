// What Repeat finds in commits: of the places that a commit changed the same way, those that it proposes once one was made by
// hand, and how often it proposes a place that the commit left alone.
//   node test/bench/repeat/run.mjs [--git FOLDER] [--versions FOLDER …] [--log FILE]
// A folder of --versions has the versions of a package, one a folder. Prints a table and, with --log, each proposal.
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../../../engine/cli/commands/index.ts";
import { type ChangedFile, commitsOf, versionsOf } from "./changes.ts";
import { type Counts, noCounts, play } from "./play.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    git: { type: "string", multiple: true, default: [] },
    versions: { type: "string", multiple: true, default: [] },
    log: { type: "string" },
  },
});

const versions = (folder: string): string[] =>
  readdirSync(folder)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((name) => join(folder, name));
const sources: [name: string, files: Iterable<ChangedFile>][] = [
  ...values.git.map(
    (folder) => [`git, ${basename(folder)}`, commitsOf(folder)] as [string, Iterable<ChangedFile>],
  ),
  ...values.versions.map(
    (folder) =>
      [`${basename(folder)} ${readdirSync(folder).length} versions`, versionsOf(versions(folder))] as [
        string,
        Iterable<ChangedFile>,
      ],
  ),
];

const log: string[] = [];
const missed = new Map<string, number>();
const percent = (part: number, whole: number) =>
  whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;

function row(name: string, counts: Counts): string[] {
  const { files, groups, repeats, laterRepeats, found, inOrder, proposals, right, otherwise, part, wrong } =
    counts;
  return [
    name,
    `${files}`,
    `${groups}`,
    `${repeats}`,
    `${found} (${percent(found, repeats)})`,
    percent(found, laterRepeats),
    `${counts.namesFound} of ${counts.nameRepeats} (${percent(counts.namesFound, counts.nameRepeats)})`,
    percent(inOrder, found),
    `${proposals}`,
    `${right}`,
    `${part}`,
    `${otherwise}`,
    `${wrong} (${percent(wrong, proposals)})`,
    `${counts.elsewhere}`,
    `${counts.elsewhereRight}`,
    `${counts.elsewherePart}`,
    `${counts.elsewhereWrong} (${percent(counts.elsewhereWrong, counts.elsewhere)})`,
  ];
}

const rows = [
  [
    "history",
    "files",
    "series",
    "places after the first",
    "found",
    "… of places after the second",
    "… where a name gave way to a name",
    "… nearest first",
    "proposals",
    "right",
    "part of a larger change",
    "changed otherwise",
    "left alone (wrong)",
    "in other files",
    "right",
    "part of a larger change",
    "left alone (wrong)",
  ],
];
const together = noCounts();
for (const [name, files] of sources) {
  const counts = noCounts();
  for (const file of files) {
    const one = await play(file, (kind, { name: where }, what, why) => {
      log.push([kind, where, what, why].filter((part) => part !== undefined).join("\t"));
      if (why !== undefined) missed.set(why, (missed.get(why) ?? 0) + 1);
    });
    for (const key of Object.keys(counts) as (keyof Counts)[]) {
      counts[key] += one?.[key] ?? 0;
      together[key] += one?.[key] ?? 0;
    }
  }
  rows.push(row(name, counts));
}
if (sources.length > 1) rows.push(row("together", together));
console.log(table(rows));
console.log(
  `\n${[rows[0]!, rows[0]!.map(() => "---"), ...rows.slice(1)].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`,
);
console.log(`\nMissed, by what was said instead: ${[...missed].map((one) => one.join(" ")).join(", ")}`);
if (values.log !== undefined) writeFileSync(values.log, log.join("\n"));
