import { expect, test } from "vitest";
import { createContext, type OpenDocument, type RecentLines } from "../../../engine/complete/index.ts";
import { questionAt } from "../support/pipeline.ts";

const { document } = questionAt("const total = sumOfSquares(values);█", { path: "src/here.ts" });
const at = document.text.length;

const file = (path: string, text: string): OpenDocument => ({
  uri: `file:///${path}`,
  path,
  languageId: "typescript",
  text,
});
const definition = (path: string, text: string) => ({ uri: `file:///${path}`, path, text });
const edit = (path: string, text: string, atMs: number): RecentLines => ({
  uri: `file:///${path}`,
  path,
  text,
  atMs,
});

function context(more: Partial<Parameters<typeof createContext>[0]> = {}) {
  return createContext({
    budget: () => 1000,
    openDocuments: () => [],
    recentEdits: () => [],
    definitions: () => [],
    isExcluded: ({ path }) => path.startsWith(".env"),
    ...more,
  });
}
const paths = (chunks: readonly { path: string }[]) => chunks.map(({ path }) => path);

test("of an open file, the window that uses the same names is taken, and a file that has none is not", () => {
  const far = "var unrelated = banana(apple, cherry);\n".repeat(60);
  const near = "export function sumOfSquares(values: number[]): number {\n  return values.length;\n}\n";
  const chunks = context({
    openDocuments: () => [file("src/math.ts", far + near), file("src/other.ts", far)],
  }).chunks(document, at);
  expect(paths(chunks)).toEqual(["src/math.ts"]);
  expect(chunks[0]!.text).toContain("sumOfSquares");
  expect(chunks[0]!.text).not.toContain("banana");
});

test("the document itself and secret files are never context", () => {
  const text = "const total = sumOfSquares(values);";
  const it = context({
    openDocuments: () => [file("src/here.ts", text), file(".env", text)],
    recentEdits: () => [edit("src/here.ts", text, 1), edit(".env.local", text, 2)],
    definitions: () => [definition(".env", text), definition("src/here.ts", text)],
  });
  expect(it.chunks(document, at)).toEqual([]);
});

test("recent edits come last, the newest nearest to the file, 8 of them and 2,000 characters at most", () => {
  const edits = Array.from({ length: 12 }, (_, n) =>
    edit(`src/e${n}.ts`, `change number${n} ${"x".repeat(150)}`, n),
  );
  const chunks = context({ recentEdits: () => edits, budget: () => 10_000 }).chunks(document, at);
  expect(paths(chunks)).toEqual([4, 5, 6, 7, 8, 9, 10, 11].map((n) => `src/e${n}.ts`));
  const long = context({
    recentEdits: () => [edit("a.ts", "y".repeat(1500), 2), edit("b.ts", "z".repeat(1500), 1)],
    budget: () => 10_000,
  });
  expect(paths(long.chunks(document, at))).toEqual(["a.ts"]);
});

test("the budget holds, and the farthest text is dropped first", () => {
  const definitions = [0, 1, 2].map((n) =>
    definition(`d${n}.ts`, `function name${n}alpha${n}() { return beta${n}; }`),
  );
  const one = context({ definitions: () => definitions, budget: () => 20 }).chunks(document, at);
  expect(paths(one)).toEqual(["d2.ts"]);
  expect(context({ definitions: () => definitions, budget: () => 0 }).chunks(document, at)).toEqual([]);
});

test("what says nearly the same is said once", () => {
  const text = "export function sumOfSquares(values: number[]) { return total; }";
  const chunks = context({
    definitions: () => [definition("a.ts", text)],
    recentEdits: () => [edit("b.ts", text, 1)],
  }).chunks(document, at);
  expect(chunks).toHaveLength(1);
});

test("a piece that was in the last prompt keeps its place", () => {
  let edits = [edit("a.ts", "alpha one", 1), edit("b.ts", "beta two", 2)];
  const it = context({ recentEdits: () => edits });
  expect(paths(it.chunks(document, at))).toEqual(["a.ts", "b.ts"]);
  edits = [edit("a.ts", "alpha one", 9), edit("b.ts", "beta two", 2), edit("c.ts", "gamma three", 5)];
  expect(paths(it.chunks(document, at))).toEqual(["a.ts", "b.ts", "c.ts"]);
});

test("of many long files a question scans some, the rest is scanned in turns after it, and a file half scanned has what it has", async () => {
  const files = [0, 1, 2, 3].map((n) =>
    file(`src/f${n}.ts`, `${"// filler\n".repeat(6000)}const sumOfSquares = total + only${n};\n`),
  );
  const turns: (() => void)[] = [];
  const pace = { now: () => 0, pause: () => new Promise<void>((resolve) => void turns.push(resolve)) };
  const all = { openDocuments: () => files, budget: () => 100_000 };
  const it = context({ ...all, pace });
  expect(it.chunks(document, at)).toEqual([]);
  expect(it.chunks(document, at)).toEqual([]);
  expect(turns).toHaveLength(1); // of all questions that wait
  turns[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(it.chunks(document, at)).toEqual(context(all).chunks(document, at));
  expect(it.chunks(document, at)).toHaveLength(4);
  expect(turns).toHaveLength(1);
});

test("a slice is short, however long the files are", async () => {
  const files = [0, 1, 2].map((n) => file(`src/f${n}.ts`, "const total = 1;\n".repeat(5000)));
  let nowMs = 0;
  let pauses = 0;
  const pace = {
    now: () => (nowMs += 10), // each window takes longer than a slice
    async pause() {
      pauses++;
    },
  };
  const it = context({ openDocuments: () => files, pace });
  it.chunks(document, at);
  await new Promise((resolve) => setImmediate(resolve));
  expect(pauses).toBeGreaterThan(200);
});
