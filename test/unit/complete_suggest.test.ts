import { expect, test } from "vitest";
import {
  type Completer,
  type CompletionRequest,
  DEFAULT_LIMITS,
  type Suggestion,
  type SuggestRequest,
  suggest,
} from "../../engine/complete/index.ts";
import { UserError } from "../../engine/errors.ts";

interface Script extends Completer {
  readonly requests: CompletionRequest[];
  /** Deltas that were asked for. */
  pulled: number;
  /** Whether the stream was closed before its end. */
  left: boolean;
}

function scripted(deltas: readonly string[], beforeEach: (index: number) => void = () => {}): Script {
  const script: Script = {
    requests: [],
    pulled: 0,
    left: false,
    async *complete(request) {
      script.requests.push(request);
      script.left = true;
      for (const [index, text] of deltas.entries()) {
        beforeEach(index);
        if (request.signal?.aborted) break;
        script.pulled++;
        yield { text };
      }
      script.left = false;
    },
  };
  return script;
}

/** `marked`: the file, with `█` at the cursor. */
function suggestAt(
  marked: string,
  completer: Completer,
  more: Partial<SuggestRequest> = {},
): Promise<Suggestion> {
  const before = marked.slice(0, marked.indexOf("█")).split(/\r?\n/);
  return suggest({
    text: marked.replace("█", ""),
    path: "src/a.ts",
    line: before.length,
    column: before.at(-1)!.length + 1,
    completer,
    limits: DEFAULT_LIMITS,
    clock: () => 0,
    ...more,
  });
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
    nothing: "blank",
    stoppedBy: "line-end",
    filters: "blank",
    pulled: 1,
  },
  "nothing: the line above again": {
    place: "push(1);\npush(1);\n█",
    deltas: ["push", "(1);", "\n", "push(1);"],
    nothing: "repetition",
    stoppedBy: "line-end",
    filters: "repetition",
    pulled: 3,
  },
  "nothing: the block is over": {
    place: "class A {\n  a() {}\n█\n  b() {}\n}",
    deltas: ["}\n", "c"],
    nothing: "blank",
    stoppedBy: "dedent",
    filters: "blank",
    pulled: 1,
  },
};

for (const [title, golden] of Object.entries(GOLDEN))
  test(title, async () => {
    const completer = scripted(golden.deltas);
    const suggestion = await suggestAt(golden.place, completer);
    expect(suggestion.kind === "shown" ? { shown: suggestion.text } : { nothing: suggestion.reason }).toEqual(
      golden.shown === undefined ? { nothing: golden.nothing } : { shown: golden.shown },
    );
    expect(suggestion.stoppedBy).toBe(golden.stoppedBy);
    expect(suggestion.filters.map((report) => report.id).join(" ")).toBe(golden.filters ?? "");
    expect(completer.pulled).toBe(golden.pulled ?? golden.deltas.length);
    expect(completer.left).toBe(golden.stoppedBy !== "end");
  });

test("the completer gets the anchored prompt in LF, and tokens for a line or for a block", async () => {
  const line = scripted(["1"]);
  await suggestAt(`a\r\n${"b\r\n".repeat(8)}c = █;\r\nd`, line);
  expect(line.requests).toEqual([
    {
      prompt: {
        path: "src/a.ts",
        prefix: "a\n",
        middle: `${"b\n".repeat(8)}c = `,
        suffix: ";\nd",
        context: [],
      },
      maxTokens: DEFAULT_LIMITS.lineTokens,
    },
  ]);
  const block = scripted([]);
  await suggestAt("if (a) {█", block, { limits: { ...DEFAULT_LIMITS, headLines: 0, blockTokens: 7 } });
  expect(block.requests[0]!.maxTokens).toBe(7);
});

test("a place that is not in the file is refused before the model is asked", async () => {
  const completer = scripted(["1"]);
  await expect(suggestAt("a█", completer, { line: 2 })).rejects.toThrow(UserError);
  expect(completer.requests).toEqual([]);
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

test("timings count from the call: first text, first whole line, end of the stream", async () => {
  let now = 100;
  const clock = () => now;
  const tick = () => {
    now += 10;
  };
  const block = await suggestAt(
    "if (a) {█\n",
    scripted(["", "\n", "  b();", "\n  c", "();\n}", "\n"], tick),
    { clock },
  );
  expect(block.timings).toEqual({ firstTextMs: 20, firstLineMs: 40, totalMs: 60 });
  now = 100;
  const line = await suggestAt("a = █", scripted(["1", "2"], tick), { clock });
  expect(line.timings).toEqual({ firstTextMs: 10, firstLineMs: 20, totalMs: 20 });
  const nothing = await suggestAt("a = █", scripted([]), { clock });
  expect(nothing.timings).toEqual({ firstTextMs: null, firstLineMs: null, totalMs: 0 });
});

test("a cancelled request shows nothing, whatever came before", async () => {
  const controller = new AbortController();
  const completer = scripted(["1", "2", "3"], (index) => {
    if (index === 2) controller.abort();
  });
  const suggestion = await suggestAt("a = █", completer, { signal: controller.signal });
  expect(suggestion).toMatchObject({ kind: "nothing", reason: "cancelled" });
  expect(completer.pulled).toBe(2);
});

test("an error of the completer is the caller's to see", async () => {
  const broken: Completer = {
    // biome-ignore lint/correctness/useYield: it fails before it has anything to say
    async *complete() {
      throw new Error("device lost");
    },
  };
  await expect(suggestAt("a█", broken)).rejects.toThrow("device lost");
});

/** Mulberry32: uniform in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

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

test("any chunking of any text gives the same suggestion, within its limits; partial text only grows up to the stop", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const shreds = (count: number) =>
    Array.from({ length: Math.floor(random() * count) }, () => pick(SHREDS)).join("");
  const places = [...Object.values(GOLDEN).map((golden) => golden.place)];
  for (let round = 0; round < 400; round++) {
    const place =
      random() < 0.5 ? pick(places) : `${shreds(12).replaceAll("\r", "")}█${shreds(12).replaceAll("\r", "")}`;
    const text = random() < 0.3 ? pick(Object.values(GOLDEN)).deltas.join("") : shreds(40);
    const where = `seed ${seed}, round ${round}: ${JSON.stringify({ place, text })}`;
    const whole = await suggestAt(place, scripted([text]));
    for (let streaming = 0; streaming < 3; streaming++) {
      const deltas: string[] = [];
      for (let start = 0; start < text.length; ) {
        const end = streaming === 0 ? start + 1 : start + 1 + Math.floor(random() * 9);
        deltas.push(text.slice(start, end));
        start = end;
      }
      const seen: string[] = [];
      const streamed = await suggestAt(place, scripted(deltas), {
        onPartial: (partial) => seen.push(partial),
      });
      expect(streamed, where).toEqual(whole);
      for (let index = 1; index < seen.length - 1; index++)
        expect(seen[index]!.startsWith(seen[index - 1]!), where).toBe(true);
      if (whole.kind === "shown") {
        expect(whole.text.trim(), where).not.toBe("");
        expect(/\r(?!\n)/.test(whole.text), where).toBe(false);
        expect(whole.multiLine || !whole.text.includes("\n"), where).toBe(true);
        expect(whole.text.split("\n").length, where).toBeLessThanOrEqual(DEFAULT_LIMITS.maxLines + 2);
      }
    }
  }
});
