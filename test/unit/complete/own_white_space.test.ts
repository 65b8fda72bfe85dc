import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { syntaxFromFiles } from "../../../engine/cli/commands/grammars.ts";
import { fitFirstLine } from "../../../engine/complete/filters/first_line.ts";
import { followIndentation } from "../../../engine/complete/filters/indentation.ts";
import { languageIdOf, placeAt } from "../../../engine/complete/text/index.ts";
import { seededRandom } from "../../reference/random.ts";

// What an author has written next is indented as the author does it: whatever the editor's option says, it stays.

const root = join(import.meta.dirname, "../../..");
const sources = [
  ["engine", /\.ts$/],
  ["node_modules/node-gyp/gyp/pylib", /\.py$/],
  ["node_modules/commander/lib", /\.js$/],
  ["node_modules/retry", /Makefile$|\.js$/],
  ["node_modules/node-gyp", /\.(?:yml|md|cc)$/],
  ["node_modules/picomatch", /\.(?:md|js)$/],
] as const;
const LINES = 8;

for (const [folder, pattern] of sources)
  test(`in ${folder}, the author's next lines keep their white space`, async () => {
    const syntax = syntaxFromFiles((message) => expect.fail(message));
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => pattern.test(name) && !/min\.|iife|node_modules/.test(name))
      .sort();
    const random = seededRandom(20_261_129);
    for (let round = 0; round < 60; round++) {
      const path = join(folder, files[Math.floor(random() * files.length)]!);
      const text = readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
      const lines = text.split("\n");
      const index = Math.floor(random() * (lines.length - 1));
      const indent = lines[index]!.length - lines[index]!.trimStart().length;
      // At the line's start, after its indentation, at its end.
      for (const column of [0, indent, lines[index]!.length]) {
        const cursor = lines.slice(0, index).join("\n").length + (index > 0 ? 1 : 0) + column;
        const written = text.slice(cursor).split("\n").slice(0, LINES).join("\n").trimEnd();
        const [before, after] = [text.slice(0, cursor), text.slice(cursor + written.length)];
        // Where no other line is indented, the option decides.
        if (written.trim() === "" || !/^(?:\t| {2,})\s*\S/m.test(`${before}\n${after}`)) continue;
        const languageId = languageIdOf(path, text);
        await syntax.ready(languageId);
        const place = placeAt(before + after, cursor);
        const facts = syntax.factsAt(languageId, before, after);
        for (const insertSpaces of [true, false]) {
          const hints = { languageId, tabSize: 3, insertSpaces, facts };
          const where = `${path}:${index + 1}:${column + 1}`;
          expect(followIndentation(written, place, hints), where).toBe(written);
          if (/^\S/.test(written)) expect(fitFirstLine(written, place, hints), where).toBe(written);
        }
      }
    }
  });
