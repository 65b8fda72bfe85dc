import { expect, test } from "vitest";
import type { Answer, PipelineOptions, TraceRecord } from "../../../engine/complete/index.ts";
import type { Pace } from "../../../engine/complete/text/index.ts";
import type { Completer } from "../../../engine/contract/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { bench, driven, outcome, questionAt, scripted } from "../support/pipeline.ts";

const MAX_LINES = 12;

/** `marked`: the file, with `█` at the cursor. Every question has a pipeline of its own. */
async function suggestAt(
  marked: string,
  completer: Completer,
  more: Partial<PipelineOptions> = {},
): Promise<{ answer: Answer; trace: TraceRecord }> {
  const { pipeline, traces } = bench(completer, {}, more);
  const answer = await pipeline.answer(questionAt(marked));
  return { answer, trace: traces.at(-1)! };
}

interface Golden {
  readonly place: string;
  readonly deltas: readonly string[];
  /** The ghost text, or why there is none. */
  readonly shown?: string;
  readonly nothing?: string;
  readonly stoppedBy: string;
  readonly filters?: string;
  /** Deltas pulled, where fewer than all. */
  readonly pulled?: number;
}

const GOLDEN: Readonly<Record<string, Golden>> = {
  "the rest of a statement": {
    place: "const total = █\nreturn total;",
    deltas: ["items", ".length", ";", "\nreturn", " total;"],
    shown: "items.length;",
    stoppedBy: "line-end",
    pulled: 4,
  },
  "one line, though the delta that ends it says more": {
    place: "a = █",
    deltas: ["1 +", " 2\n\nb = 3\n", "c"],
    shown: "1 + 2",
    stoppedBy: "line-end",
    pulled: 2,
  },
  "a TypeScript body with its closing brace": {
    place: "export function sum(list: number[]): number {█\n",
    deltas: [
      "\n",
      "  let total = 0;\n",
      "  for (const n of list) {\n    total += n;\n  }\n",
      "\n  return total;\n",
      "}\n",
      "\nexp",
    ],
    shown: "\n  let total = 0;\n  for (const n of list) {\n    total += n;\n  }\n\n  return total;\n}",
    stoppedBy: "block-closed",
    pulled: 5,
  },
  "a body between braces that the editor closed": {
    place: "  if (ready) {█}\n",
    deltas: ["\n    go();", "\n", "  }", "\n"],
    shown: "\n    go();\n  ",
    stoppedBy: "dedent",
    filters: "trailing-space",
    pulled: 3,
  },
  "the same, when the model ends by itself": {
    place: "  if (ready) {█}\n",
    deltas: ["\n    go();"],
    shown: "\n    go();\n  ",
    stoppedBy: "end",
    filters: "trailing-space",
  },
  "a Python body up to the dedent": {
    place: "def area(r):\n    █\n\nprint(area(2))\n",
    deltas: ["pi = 3.14\n", "    return pi * r", " * r\n", "\n", "print", "(area(2))"],
    shown: "pi = 3.14\n    return pi * r * r",
    stoppedBy: "dedent",
    pulled: 5,
  },
  "up to a line that the file already has": {
    place: "test('a', () => {\n  █\n  expect(b).toBe(1);\n});\n",
    deltas: ["const b = a();\n", "  expect(b).toBe(1);", "\n", "});"],
    shown: "const b = a();",
    stoppedBy: "repeats-suffix",
    pulled: 3,
  },
  "the same, when the model ends on it": {
    place: "test('a', () => {\n  █\n  expect(b).toBe(1);\n});\n",
    deltas: ["const b = a();\n", "  expect(b).toBe(1);"],
    shown: "const b = a();",
    stoppedBy: "end",
    filters: "suffix-overlap",
  },
  "arguments, less the bracket that is there": {
    place: "console.log(█)\n",
    deltas: ['"', "done", '")', ";"],
    shown: '"done"',
    stoppedBy: "end",
    filters: "surplus-closer",
  },
  "a file with CRLF": {
    place: "class A {\r\n  run() {█\r\n}\r\n",
    deltas: ["\n    a();", "\r", "\n    b();\r\n  ", "}\n", "}"],
    shown: "\r\n    a();\r\n    b();\r\n  }",
    stoppedBy: "block-closed",
    pulled: 4,
  },
  "nothing: the model ends at once": { place: "a;█", deltas: [], nothing: "no-text", stoppedBy: "end" },
  "nothing: empty deltas only": { place: "a;█", deltas: ["", ""], nothing: "no-text", stoppedBy: "end" },
  "nothing: a line break first": {
    place: "a;█",
    deltas: ["\n", "b;"],
    nothing: "no-text",
    stoppedBy: "line-end",
    pulled: 1,
  },
  "nothing: the line above again": {
    place: "push(1);\npush(1);\n█",
    deltas: ["push", "(1);", "\n", "push(1);"],
    nothing: "filtered:repetition",
    stoppedBy: "line-end",
    filters: "repetition",
    pulled: 3,
  },
  "nothing: the block is over": {
    place: "class A {\n  a() {}\n█\n  b() {}\n}",
    deltas: ["}\n", "c"],
    nothing: "no-text",
    stoppedBy: "dedent",
    pulled: 1,
  },
};

/** Gives the thread back after each piece. */
const slowPace = (): Pace & { pauses: number } => {
  let ms = 0;
  const pace = {
    pauses: 0,
    now: () => (ms += 10),
    pause() {
      pace.pauses++;
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
  return pace;
};

for (const [title, golden] of Object.entries(GOLDEN))
  test.each<readonly [string, ReturnType<typeof slowPace> | undefined]>([
    ["", undefined],
    [", filtered in pieces", slowPace()],
  ])(`${title}%s`, async (_, pace) => {
    const completer = scripted(golden.deltas);
    const { answer, trace } = await suggestAt(golden.place, completer, pace && { pace });
    if (pace && golden.shown !== undefined) expect(pace.pauses).toBeGreaterThan(15);
    expect(outcome(answer)).toEqual(
      golden.shown === undefined ? { nothing: golden.nothing } : { shown: golden.shown },
    );
    expect(trace.stoppedBy).toBe(golden.stoppedBy);
    expect(trace.filters.map((report) => report.id).join(" ")).toBe(golden.filters ?? "");
    expect(completer.pulled).toBe(golden.pulled ?? golden.deltas.length);
    expect(completer.left).toBe(golden.stoppedBy !== "end");
  });

test("while a text is filtered in pieces, what is typed along it waits for it, and other typing ends it", async () => {
  for (const [typed, expected] of [
    ["to", { shown: "tal;" }],
    ["x", { nothing: "no-text" }],
  ] as const) {
    const { completer, requests, settle } = driven();
    const pace = slowPace();
    const { ask } = bench(completer, {}, { pace });
    const first = ask("return █");
    await settle();
    await requests[0]!.write("total;");
    void requests[0]!.end();
    while (pace.pauses < 5) await settle();
    const second = ask(`return ${typed}█`);
    expect(outcome(await first)).toEqual({ nothing: "superseded" });
    await settle();
    if (requests.length > 1) await requests[1]!.end();
    expect(outcome(await second)).toEqual(expected);
    expect(requests).toHaveLength(typed === "x" ? 2 : 1);
  }
});

test("an engine that writes without end is left at what 64 tokens may have", async () => {
  const endless = scripted(Array.from({ length: 500 }, (_, index) => `${index.toString(36)}`.repeat(40)));
  const { trace } = await suggestAt("a = █", endless);
  expect(endless.left).toBe(true);
  expect(trace.raw.length).toBeLessThanOrEqual(4096);
  expect(trace.raw.length).toBeGreaterThan(4000);
});

test("the completer gets the anchored prompt in LF, and tokens for a line or for a block", async () => {
  const line = scripted(["1"]);
  await suggestAt(`a\r\n${"b\r\n".repeat(8)}c = █;\r\nd`, line);
  expect(line.requests).toMatchObject([
    {
      prompt: {
        path: "src/a.ts",
        prefix: "a\n",
        middle: `${"b\n".repeat(8)}c = `,
        suffix: ";\nd",
        context: [],
      },
      maxTokens: 64,
      priority: "automatic",
    },
  ]);
  const block = scripted([]);
  await suggestAt("if (a) {█", block);
  expect(block.requests[0]!.maxTokens).toBe(160);
});

test("partial text ends where the stop rule cuts, and carries no control characters", async () => {
  const seen: string[] = [];
  const onPartial = (text: string) => seen.push(text);
  await suggestAt("if (a) {█\r\n", scripted(["\n  b", "();", "\n", "}\n", "c"]), { onPartial });
  expect(seen).toEqual(["\r\n  b", "\r\n  b();", "\r\n  b();\r\n", "\r\n  b();\r\n}"]);
  seen.length = 0;
  await suggestAt("a = █", scripted(["1", "\u001b[2J", "\n"]), { onPartial });
  expect(seen.every((text) => text === "1")).toBe(true);
});

test("times count from the question: first text, first whole line, the answer", async () => {
  const timesOf = async (place: string, deltas: readonly string[]) => {
    const tick = { run: () => {} };
    const completer = scripted(deltas, () => tick.run());
    const { pipeline, clock, traces } = bench(completer);
    tick.run = () => clock.jump(10);
    await pipeline.answer(questionAt(place));
    const { firstTextMs, firstLineMs, answeredMs } = traces.at(-1)!.times;
    return { firstTextMs, firstLineMs, answeredMs };
  };
  expect(await timesOf("if (a) {█\n", ["", "\n", "  b();", "\n  c", "();\n}", "\n"])).toEqual({
    firstTextMs: 20,
    firstLineMs: 40,
    answeredMs: 60,
  });
  expect(await timesOf("a = █", ["1", "2"])).toEqual({ firstTextMs: 10, firstLineMs: 20, answeredMs: 20 });
  expect(await timesOf("a = █", [])).toEqual({ firstTextMs: null, firstLineMs: null, answeredMs: 0 });
});

test("an error of the completer is a silence that says so", async () => {
  const broken: Completer = {
    // biome-ignore lint/correctness/useYield: it fails before it has anything to say
    async *complete() {
      throw new Error("device lost");
    },
  };
  const { answer } = await suggestAt("a█", broken);
  expect(answer).toMatchObject({
    kind: "nothing",
    silence: { id: "engine-error", problem: expect.stringContaining("device lost") },
  });
});

const SHREDS = [
  "a",
  "foo()",
  ";",
  " ",
  "  ",
  "    ",
  "\n",
  "\n\n",
  "\r\n",
  "{",
  "}",
  "(",
  ")",
  "});",
  '"',
  "😀",
  "def f():",
  "\t",
];

function shredded(text: string, length: () => number): string[] {
  const deltas: string[] = [];
  for (let start = 0; start < text.length; start += deltas.at(-1)!.length)
    deltas.push(text.slice(start, start + length()));
  return deltas;
}

test("a line break that ends one line ends it in any pieces, also where the line above would follow", async () => {
  const place = "});({\t});});\n😀█\n\n}";
  const answers = ["\n});", "\n"].map(async (first) => {
    const { answer } = await suggestAt(place, scripted([first, "\n});".slice(first.length)]));
    return answer;
  });
  const [whole, inPieces] = await Promise.all(answers);
  expect(whole).toMatchObject({ kind: "nothing", silence: { id: "no-text" } });
  expect(inPieces).toEqual(whole);
});

test("any chunking of any text gives the same suggestion, within its limits; partial text only grows up to the stop", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const shreds = (count: number) =>
    Array.from({ length: Math.floor(random() * count) }, () => pick(SHREDS)).join("");
  const places = [...Object.values(GOLDEN).map((golden) => golden.place)];
  for (let round = 0; round < 400; round++) {
    const place =
      random() < 0.5 ? pick(places) : `${shreds(12).replaceAll("\r", "")}█${shreds(12).replaceAll("\r", "")}`;
    const text = random() < 0.3 ? pick(Object.values(GOLDEN)).deltas.join("") : shreds(40);
    const where = `seed ${seed}, round ${round}: ${JSON.stringify({ place, text })}`;
    const whole = (await suggestAt(place, scripted([text]))).answer;
    for (let streaming = 0; streaming < 3; streaming++) {
      const deltas = shredded(text, () => (streaming === 0 ? 1 : 1 + Math.floor(random() * 9)));
      const seen: string[] = [];
      const { answer: streamed, trace } = await suggestAt(place, scripted(deltas), {
        onPartial: (partial) => seen.push(partial),
      });
      expect(streamed, where).toEqual(whole);
      for (let index = 1; index < seen.length - 1; index++)
        expect(seen[index]!.startsWith(seen[index - 1]!), where).toBe(true);
      if (whole.kind === "show") {
        const { text: shown } = whole.suggestion;
        expect(shown.trim(), where).not.toBe("");
        expect(/\r(?!\n)/.test(shown), where).toBe(false);
        // Blank lines may come before the one line.
        expect(trace.multiLine || !shown.trimStart().includes("\n"), where).toBe(true);
        expect(shown.split("\n").length, where).toBeLessThanOrEqual(MAX_LINES + 2);
      }
    }
  }
});
