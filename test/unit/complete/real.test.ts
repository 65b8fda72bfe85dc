import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { expect, test } from "vitest";
import { filterSuggestion } from "../../../engine/complete/filters/filters.ts";
import { blockWanted, stopRuleFor } from "../../../engine/complete/policy/length_policy.ts";
import { placeAt } from "../../../engine/complete/text/place.ts";
import { seededRandom } from "../../reference/random.ts";

// What people have really written next must pass the filters. Cut from this repository, from packages that it pins
// (their sources are there whenever tests run).

const root = join(import.meta.dirname, "../../..");
const sources = [
  ["engine", /\.ts$/],
  ["extension", /\.ts$/],
  ["test/unit", /\.ts$/],
  ["node_modules/node-gyp/gyp/pylib", /\.py$/],
  ["node_modules/commander/lib", /\.js$/],
  ["node_modules/picomatch/lib", /\.js$/],
  ["node_modules/@huggingface/jinja/src", /\.ts$/],
  ["node_modules/uplot/dist", /uPlot\.esm\.js$/],
] as const;

const files = sources.flatMap(([folder, pattern]) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name)),
);

const languages: Readonly<Record<string, string>> = { ".ts": "typescript", ".py": "python" };

/** A place where a user may want a suggestion: after a line's indentation, within a line, or at its end. */
function cut(text: string, random: () => number): number | undefined {
  const lines = text.split("\n");
  const index = Math.floor(random() * (lines.length - 1));
  const line = lines[index]!;
  const start = lines.slice(0, index).reduce((sum, { length }) => sum + length + 1, 0);
  const indent = line.length - line.trimStart().length;
  const at = [indent, indent + Math.floor(random() * (line.length - indent)), line.length][
    Math.floor(random() * 3)
  ]!;
  // Not within a word, and no code to the right: there nothing is asked.
  if (/^\w/.test(line.slice(at)) && /\w$/.test(line.slice(0, at))) return undefined;
  return start + at;
}

/** What an editor detects: by the first line that is indented. */
function indentationOf(text: string): { tabSize: number; insertSpaces: boolean } {
  const first = /^(?:\t| {2,8}(?=[^\s*]))/m.exec(text)?.[0] ?? "    ";
  return { tabSize: first === "\t" ? 4 : first.length, insertSpaces: first !== "\t" };
}

test("of 1,000 real continuations fewer than 1 % are dropped, and fewer than 2 % are changed", () => {
  const random = seededRandom(20_261_121);
  const dropped: string[] = [];
  const changed: string[] = [];
  let cuts = 0;
  while (cuts < 1000) {
    const path = files[Math.floor(random() * files.length)]!;
    const text = readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
    const cursor = cut(text, random);
    if (cursor === undefined) continue;
    // The author had not written the rest yet: only what is added below follows the cursor.
    const after = text.slice(cursor);
    const lineEnd = after.indexOf("\n") === -1 ? after.length : after.indexOf("\n");
    const typedUpTo = text.slice(0, cursor);
    const bare = placeAt(typedUpTo + after.slice(lineEnd), cursor);
    const multiLine = blockWanted(bare);
    const decision = stopRuleFor(bare, 12)(after);
    const truth =
      multiLine && decision !== "continue" ? after.slice(0, decision.keep) : after.slice(0, lineEnd);
    if (truth.trim() === "") continue;
    cuts++;
    const place = placeAt(typedUpTo + after.slice(truth.length), cursor);
    const outcome = filterSuggestion(truth, place, {
      languageId: languages[extname(path)] ?? "javascript",
      ...indentationOf(text),
    });
    const where = `${path}:${typedUpTo.split("\n").length}: ${JSON.stringify(truth.slice(0, 80))}`;
    if ("drop" in outcome) dropped.push(`${outcome.drop} at ${where}`);
    else if (outcome.show.trimEnd() !== truth.trimEnd()) {
      changed.push(`${outcome.reports.map(({ id }) => id).join(" ")} at ${where}`);
    }
  }
  expect(dropped.length, dropped.join("\n")).toBeLessThan(10);
  expect(changed.length, changed.join("\n")).toBeLessThan(20);
});
