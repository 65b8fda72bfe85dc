import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listFiles, root } from "../support/repository.ts";

const files = listFiles();
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = files.filter((path) =>
  /^(engine|extension|shaders|scripts|test)\/.*\.(ts|mjs|cjs|js|wgsl)$/.test(path),
);

/** Path of each document → its headings, without the number signs. */
const documents = new Map(
  files
    .filter((path) => path.endsWith(".md"))
    .map((path) => [path, [...textOf(path).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => heading!)]),
);

interface Comment {
  /** Line of its first character, from 1. */
  readonly line: number;
  /** On one line, without the signs of a comment. */
  readonly text: string;
}

/** Comments at the beginning of a line or after white space; successive line comments are one. */
function commentsOf(source: string): Comment[] {
  const pattern = /(?<=^|\s)(?:\/\*[\s\S]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*)/g;
  const text = source.replaceAll("\r\n", "\n");
  return [...text.matchAll(pattern)].map(({ 0: comment, index }) => ({
    line: text.slice(0, index).split("\n").length,
    text: comment.replace(/\n[ \t]*(\/\/+|\*(?!\/))?[ \t]*/g, " "),
  }));
}

interface Reference {
  /** The document's name, with folders or without. */
  readonly name: string;
  /** Numbers or titles of the sections named after it. */
  readonly sections: readonly string[];
}

const NUMBER = String.raw`\d+(?:\.\d+)*`;
const TITLE = '"[^"]+"';
/** A document, then numbers (1.3, 2 and 4.1) or titles in quotes. An address of the web is no document. */
const REFERENCE = new RegExp(
  String.raw`(?<![\w/.:-])([\w./-]*\w\.md)\b(?: (${NUMBER}(?:(?:, | and )${NUMBER})*)|,? (${TITLE}(?:(?:, | and )${TITLE})*))?`,
  "g",
);

const referencesOf = (comment: string): Reference[] =>
  [...comment.matchAll(REFERENCE)].map(([, name, numbers, titles]) => ({
    name: name!,
    sections: [
      ...(numbers?.match(new RegExp(NUMBER, "g")) ?? []),
      ...(titles?.match(new RegExp(TITLE, "g")) ?? []).map((title) => title.slice(1, -1)),
    ],
  }));

/** Whether `section`, a number or a part of a title, names this heading. */
function isNamed(heading: string, section: string): boolean {
  if (!/^\d/.test(section)) return heading.toLowerCase().includes(section.toLowerCase());
  return /^(\d+(?:\.\d+)*)\.? /.exec(heading)?.[1] === section;
}

/** What the comments of `source` name that no document has, as `path:line: name section`. */
function dangling(path: string, source: string): string[] {
  return commentsOf(source).flatMap(({ line, text }) =>
    referencesOf(text).flatMap(({ name, sections }) => {
      const candidates = [...documents].filter(([found]) => found === name || found.endsWith(`/${name}`));
      if (candidates.length === 0) return [`${path}:${line}: ${name}`];
      return sections
        .filter((section) => !candidates.some(([, headings]) => headings.some((it) => isNamed(it, section))))
        .map((section) => `${path}:${line}: ${name} ${section}`);
    }),
  );
}

describe("references in comments", () => {
  test("every document and section that a comment names exists", () => {
    expect(sources.flatMap((path) => dangling(path, textOf(path)))).toEqual([]);
  });

  test("the check finds references", () => {
    const all = sources.flatMap((path) => commentsOf(textOf(path)).flatMap(({ text }) => referencesOf(text)));
    expect(all.filter(({ sections }) => sections.length > 0).length).toBeGreaterThan(30);
  });

  const line = (text: string) => dangling("a.ts", `const a = 1; ${"//"} ${text}`);
  test.each([
    "NETWORK.md 3.4",
    "(NETWORK.md 1.3, 2): two sections",
    "NETWORK.md 3.6 and 3.7.",
    "NETWORK.md 3.4, step 7",
    "NETWORK.md 3. And more",
    'ARCHITECTURE.md, "One keystroke"',
    "test/bench/RESULTS.md and SEEDS.md",
    "https://example.org/NONE.md 99.9",
  ])("%s is accepted", (text) => expect(line(text)).toEqual([]));

  test.each([
    ["NETWORK.md 99.9", ["NETWORK.md 99.9"]],
    ["NETWORK.md 3.4, 99 and 98.1", ["NETWORK.md 99", "NETWORK.md 98.1"]],
    ['ARCHITECTURE.md, "No title"', ["ARCHITECTURE.md No title"]],
    ["NONE.md", ["NONE.md"]],
    ["engine/NETWORK.md 3.4", ["engine/NETWORK.md"]],
  ])("of %s, %j is missing", (text, missing) =>
    expect(line(text)).toEqual(missing.map((reference) => `a.ts:1: ${reference}`)),
  );

  test("a reference may be broken over lines; strings and code are no comments", () => {
    const slashes = "//";
    expect(dangling("a.ts", `\n  ${slashes} as in NETWORK.md\n  ${slashes} 99.9\n`)).toEqual([
      "a.ts:2: NETWORK.md 99.9",
    ]);
    expect(dangling("a.ts", "/**\n * As in NETWORK.md\n * 99.9.\n */\n")).toEqual([
      "a.ts:1: NETWORK.md 99.9",
    ]);
    expect(dangling("a.ts", 'const name = "NONE.md";\nread(`NONE.md 3`);\n')).toEqual([]);
  });
});
