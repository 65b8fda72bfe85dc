import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Language, type Node, Parser } from "@vscode/tree-sitter-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { syntaxFromFiles } from "../../../engine/cli/commands/grammars.ts";
import { completeScripted, type OneAnswer } from "../../../engine/complete/index.ts";
import { GRAMMARS } from "../../../engine/complete/text/syntax.ts";
import { type Random, seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { MUTATIONS } from "../support/answers.ts";
import { anyFile, positionIn, type RealPlace, realFiles, realPlace } from "../support/corpus.ts";

// What holds for any suggestion that is shown, in real files, for answers that models are known to give.

const LANGUAGES = [
  "typescript",
  "javascript",
  "python",
  "go",
  "rust",
  "java",
  "cpp",
  "c",
  "csharp",
  "ruby",
  "php",
  "css",
];
/** Questions in a language: each kind of answer twice, and four times in `npm run torture`. */
const EACH = process.env.FORETYPE_TORTURE === undefined ? 32 : 64;
const LARGEST = 40_000; // characters of a file: it is parsed as a whole, three times a question
const GRAPHEMES = ["👩‍👩‍👧", "e\u0301", "🇫🇷", "👍🏽", "नि", "각"];

const files = realFiles();
const failures: string[] = [];
const syntax = syntaxFromFiles((message) => failures.push(message));
const parsers = new Map<string, Parser>();
/** By language and whether marked: what has been asked, for all claims. */
const answered = new Map<string, Case[]>();

beforeAll(async () => {
  const folder = dirname(createRequire(import.meta.url).resolve("@vscode/tree-sitter-wasm"));
  await Parser.init();
  for (const languageId of LANGUAGES) {
    await syntax.ready(languageId);
    const grammar = await Language.load(
      await readFile(join(folder, `tree-sitter-${GRAMMARS.get(languageId)}.wasm`)),
    );
    const parser = new Parser();
    parser.setLanguage(grammar);
    parsers.set(languageId, parser);
  }
  expect(failures).toEqual([]);
});

/** A question, and what became of it. */
interface Case {
  readonly place: RealPlace;
  readonly how: string;
  readonly answer: string;
  readonly outcome: OneAnswer;
}

/** Asks `EACH` questions in a language. */
async function ask(languageId: string, seed: number, marked: boolean): Promise<Case[]> {
  const random = seededRandom(seed + LANGUAGES.indexOf(languageId));
  const inLanguage = files.get(languageId)!.filter(({ text }) => text.length < LARGEST);
  const others = files.get(LANGUAGES[Math.floor(random() * LANGUAGES.length)]!)!;
  const cases: Case[] = [];
  for (let asked = 0; asked < EACH; ) {
    const file = anyFile(inLanguage, random);
    const found = realPlace(file, random, syntax);
    if (!found || !isOver(found)) continue;
    asked++;
    const place = marked ? withGrapheme(found, random) : wholeFile(found);
    const [how, mutate] = Object.entries(MUTATIONS)[asked % Object.keys(MUTATIONS).length]!;
    const answer = mutate(place, random, anyFile(others, random));
    const { typed, rest } = place;
    const outcome = await completeScripted({
      path: file.path.replace("node_modules", "packages"),
      languageId,
      text: typed + rest,
      cursor: typed.length,
      answer,
      seed: asked,
      syntax,
    });
    if (outcome.shown !== null) cases.push({ place, how, answer, outcome });
  }
  return cases;
}

/** Lists for which questions of a language a claim does not hold. */
async function check(languageId: string, breaks: (one: Case) => string | undefined, marked = false) {
  const seed = testSeed(20_261_129);
  const asked = `${languageId} ${marked}`;
  const cases = answered.get(asked) ?? (await ask(languageId, seed, marked));
  answered.set(asked, cases);
  const broken = cases.flatMap((one) => {
    const why = breaks(one);
    return why === undefined ? [] : [described(one, why)];
  });
  expect(broken, `seed ${seed}\n${broken.join("\n")}`).toEqual([]);
}

/** Not before the body of a declaration whose head is wanted: no editor has a cursor in a blank line before ` {`. */
const isOver = ({ typed, rest }: RealPlace): boolean =>
  !/(?:^|\n)[ \t]*$/.test(typed) || /^[\s)\]};,]*$/.test(rest.split("\n", 1)[0]!);

/** The place in its whole file, not in a window of it. */
function wholeFile(place: RealPlace): RealPlace {
  const { file, offset, closers, truth } = place;
  const end = file.text.indexOf("\n", offset);
  const below = closers === "" ? offset + truth.length : end === -1 ? file.text.length : end;
  return { ...place, typed: file.text.slice(0, offset), rest: closers + file.text.slice(below) };
}

/** The place with a character of several code points around or before the cursor. */
function withGrapheme(place: RealPlace, random: Random): RealPlace {
  const grapheme = GRAPHEMES[Math.floor(random() * GRAPHEMES.length)]!;
  const at = Math.floor(random() * (grapheme.length + 1));
  return { ...place, typed: place.typed + grapheme.slice(0, at), rest: grapheme.slice(at) + place.rest };
}

function described({ place, how, answer, outcome }: Case, why: string): string {
  const { file, kind, offset, typed, rest } = place;
  const filters = outcome.stages
    .filter(({ verdict }) => typeof verdict !== "string")
    .map(({ stage }) => stage);
  const line = typed.slice(typed.lastIndexOf("\n") + 1);
  return [
    `${file.path}:${positionIn(file.text, offset)} (${kind}), the author's text ${how}: ${why}`,
    `  ${JSON.stringify(line)} █ ${JSON.stringify(rest.slice(0, 60))} by ${filters.join(" ")}`,
    `  ← ${JSON.stringify(answer.slice(0, 200))}`,
    `  → ${JSON.stringify(outcome.shown?.slice(0, 200))}`,
  ].join("\n");
}

/** Nodes that the parser could not read, or that it has made up. */
function errorsIn(text: string, languageId: string): number {
  const tree = parsers.get(languageId)!.parse(text)!;
  const count = (node: Node): number =>
    (node.isError || node.isMissing ? 1 : 0) +
    (node.hasError ? node.children.reduce((sum, child) => sum + (child ? count(child) : 0), 0) : 0);
  const errors = count(tree.rootNode);
  tree.delete();
  return errors;
}

/** What the length policy has kept of the model's text: what the filters got. */
function keptOf({ stages, shown }: OneAnswer): string {
  const first = stages.find(({ stage }) => stage.startsWith("filter:"))?.verdict;
  return first && typeof first !== "string" ? first.before : shown!;
}

function breaksSyntax({ place, answer, outcome }: Case): string | undefined {
  const { typed, rest, file } = place;
  const after = errorsIn(outcome.document, file.languageId);
  if (after === 0) return undefined;
  const [before, whole, kept] = ["", answer, keptOf(outcome)].map((text) =>
    errorsIn(typed + text + rest, file.languageId),
  ) as [number, number, number];
  // Neither what is shown of a text that would fit, nor what the filters have made of what they got. Of two texts that
  // both have errors, the numbers say where the parser has found its way again, and not which is better.
  const fits = before === 0 ? whole === 0 || kept === 0 : kept === 0;
  const breaks = fits && after > before;
  return breaks ? `errors: ${before} before, ${whole} and ${kept} with the answer → ${after}` : undefined;
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function isBoundary(text: string, at: number): boolean {
  const start = Math.max(0, at - 64);
  const window = text.slice(start, at + 64);
  return at === text.length || segmenter.segment(window).containing(at - start)!.index === at - start;
}

function splitsGrapheme({ place: { typed, rest }, outcome: { shown, document } }: Case): string | undefined {
  const before = typed + rest;
  const start = typed.length;
  const end = start + shown!.length;
  const places: readonly (readonly [string, number, string])[] = [
    [before, start, "the cursor"],
    [before, before.length - (document.length - end), "the end of what is replaced"],
    [document, start, "the beginning of the suggestion"],
    [document, end, "the end of the suggestion"],
  ];
  const split = places.find(([text, at]) => !isBoundary(text, at));
  return split && `${split[2]} is inside a grapheme`;
}

// A number with a fraction is one token, or `(0.5, █` could not be followed by `0.5)`.
const tokensOf = (text: string): string[] => text.match(/\d+(?:\.\d+)+|[\p{L}\p{N}_$]+|[^\s]/gu) ?? [];
const MOST_REPEATED = 3; // tokens

/** The most tokens that end `left` and begin `right`. */
function overlap(left: readonly string[], right: readonly string[]): number {
  for (let length = Math.min(left.length, right.length); length > 0; length--) {
    const shared = right.slice(0, length);
    // Closing brackets alone repeat in any nested code.
    if (
      left.slice(-length).every((token, index) => token === shared[index]) &&
      shared.some((it) => /\w/.test(it))
    )
      return length;
  }
  return 0;
}

function repeatsNeighbours({ place, outcome: { shown, document } }: Case): string | undefined {
  const { typed, truth, rest } = place;
  if (truth.startsWith(shown!.trimEnd())) return undefined; // the author's text may repeat what it likes
  const head = tokensOf(typed.slice(typed.lastIndexOf("\n") + 1));
  const below = document.slice(typed.length + shown!.length, typed.length + shown!.length + 1000);
  const sides = (text: string, following: string) => [
    overlap(head, tokensOf(text)),
    overlap(tokensOf(text), tokensOf(following)),
  ];
  const own = sides(truth, rest.slice(0, 1000));
  const repeated = sides(shown!, below);
  return repeated.some((count, side) => count > Math.max(MOST_REPEATED, own[side]!))
    ? `repeats ${repeated.join(" and ")} tokens`
    : undefined;
}

for (const languageId of LANGUAGES)
  describe(`in ${languageId}, a suggestion that is shown`, () => {
    const limits = { timeout: 120_000 };
    test("does not break what parsed before, where the answer would not", limits, () =>
      check(languageId, breaksSyntax),
    );
    test("does not begin or end inside a grapheme", limits, () => check(languageId, splitsGrapheme, true));
    test("does not repeat more than three tokens of either side", limits, () =>
      check(languageId, repeatsNeighbours),
    );
  });
