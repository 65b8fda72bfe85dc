import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Fault, sentenceOf, UserError } from "../../engine/errors/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fault: Fault = { code: "file-missing", problem: "There is no file a.gguf", advice: "check the path" };

test("a fault's sentence says what is wrong, then what to do", () => {
  expect(sentenceOf(fault)).toBe("There is no file a.gguf: check the path.");
  expect(new UserError(fault)).toMatchObject({ name: "UserError", message: sentenceOf(fault), fault });
});

test("a silence without advice is a sentence too", () =>
  expect(sentenceOf({ problem: "The model had nothing to suggest here" })).toBe(
    "The model had nothing to suggest here.",
  ));

test("a fault survives the wire", () => {
  expect(JSON.parse(JSON.stringify(fault))).toEqual(fault);
});

test("no fault in the code ends its clauses itself, which would make two full stops", () => {
  const files = ["engine", "extension"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(root, folder, path)),
  );
  const ended = files.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/^\s*(problem|advice): ["`].*\.["`],?$/gm)].map(
      ([line]) => `${path}: ${line.trim()}`,
    ),
  );
  expect(ended.filter((line) => !/(\.\.\.|…|\$\{[^}]*\})["`],?$/.test(line))).toEqual([]);
});
