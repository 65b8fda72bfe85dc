import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Hunk } from "../../../../../engine/complete/edits/hunks.ts";
import type { EditContext, EditFormatId } from "../../../../../engine/complete/edits/model/formats.ts";
import { formatOfModel, textOfPrompt } from "../../../../../engine/complete/edits/model/index.ts";
import { formatById } from "../../../../../engine/complete/edits/model/known_formats.ts";
import { childEnvironment } from "../../../../../scripts/environment.mjs";
import { editHistoryCase } from "../../../../reference/random_edits.ts";
import { built, FORMAT_IDS } from "./built.ts";

// Written from the same rules in another language, before ours; make_edit_digests.ts writes the digests.
const BUILDER = "test/reference/edit_prompts.py";
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

describe("a second builder, written from the formats' descriptions in Python", () => {
  test("wrote the same prompts, windows and limits for 1,000 random histories", { timeout: 120_000 }, () => {
    const digests = readFileSync("test/fixtures/edit_prompt_digests.txt", "utf8").trim().split("\n");
    expect(digests).toHaveLength(1000);
    const ours = digests.map((_, seed) => digestOf(JSON.stringify(built(editHistoryCase(seed)))));
    expect(ours.flatMap((digest, seed) => (digest === digests[seed] ? [] : [seed]))).toEqual([]);
  });

  const python = spawnSync("python3", ["--version"], { env: childEnvironment(), encoding: "utf8" });
  // Python is no part of what a build needs: the digests are what it wrote.
  test.skipIf(python.status !== 0)("writes them again, where python3 is installed", () => {
    const seeds = Array.from({ length: 40 }, (_, index) => index * 25);
    const cases = seeds.map(editHistoryCase);
    const { stdout, stderr } = spawnSync("python3", [BUILDER], {
      input: cases.map((one) => `${JSON.stringify(one)}\n`).join(""),
      env: childEnvironment(),
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    expect(stderr).toBe("");
    const theirs = stdout.trim().split("\n");
    expect(theirs).toHaveLength(seeds.length);
    for (const [index, one] of cases.entries())
      expect(built(one), `seed ${seeds[index]}`).toEqual(JSON.parse(theirs[index]!));
  });
});

const hunk = (of: Partial<Hunk> & Pick<Hunk, "before" | "after">): Hunk => ({
  path: "a.ts",
  start: 0,
  end: of.after.length,
  line: 0,
  above: [],
  below: [],
  accepted: false,
  stands: true,
  atMs: 0,
  order: 1,
  ...of,
});

const RENAMED = hunk({ before: "const foo = 1", after: "const bar = 1", below: ["use(foo)"] });
const CONTEXT: EditContext = {
  path: "a.ts",
  text: "const bar = 1\nuse(foo)\n",
  cursor: 9,
  hunks: [RENAMED],
  past: [RENAMED],
  files: [],
  replaced: { before: "foo", after: "bar" },
};

const promptOf = (id: EditFormatId, more: Partial<EditContext> = {}) => {
  const answer = formatById(id).prompt({ ...CONTEXT, ...more });
  if (typeof answer === "string") return answer;
  return { ...answer, text: textOfPrompt(answer.prompt) };
};

const textOf = (id: EditFormatId, more: Partial<EditContext> = {}): string => {
  const answer = promptOf(id, more);
  return typeof answer === "string" ? answer : answer.text;
};

describe("Sweep, the layout of the model card", () => {
  test("the edit at the cursor is the difference of two windows, and no line end follows the last path", () => {
    expect(textOf("sweep-1")).toBe(
      [
        "<|file_sep|>original/a.ts",
        "const foo = 1",
        "use(foo)",
        "<|file_sep|>current/a.ts",
        "const bar = 1",
        "use(foo)",
        "<|file_sep|>updated/a.ts",
      ].join("\n"),
    );
  });

  test("its marks are tokens, what the document has is not, and what stays from key to key comes before what changes", () => {
    const answer = promptOf("sweep-1", { files: [{ path: "b.ts", text: "let b" }] });
    if (typeof answer === "string") throw new Error(answer);
    const { prompt, steady, original, expected, stops } = answer;
    expect(prompt.filter((piece) => typeof piece !== "string")).toHaveLength(4);
    expect(steady.map((index) => textOfPrompt(prompt.slice(index)).slice(0, 30))).toEqual([
      "<|file_sep|>original/a.ts\ncons",
      "<|file_sep|>current/a.ts\nconst",
      "const bar = 1\nuse(foo)\n<|file_",
    ]);
    expect(original).toBe("\nconst bar = 1\nuse(foo)\n");
    expect(expected).toBe("\nconst bar = 1\nuse(bar)\n");
    expect(stops).toEqual(["<|file_sep|>", "<|endoftext|>"]);
  });

  test("older edits come oldest first, with both sides, a rename by its paths, and 40 lines of a side at most", () => {
    const older = hunk({ path: "b.ts", before: "x", after: "y", above: ["one"], below: ["two"], order: 0 });
    const long = hunk({
      path: "c.ts",
      before: "",
      after: Array.from({ length: 50 }, (_, n) => `${n}`).join("\n"),
      order: 0.5,
    });
    const rename = hunk({ path: "d.ts", renamedFrom: "old.ts", before: "", after: "", order: 0.7 });
    const lines = textOf("sweep-1", { past: [older, long, rename, RENAMED] }).split("\n");
    expect(lines.slice(0, 9)).toEqual([
      "<|file_sep|>b.ts.diff",
      "original:",
      "one",
      "x",
      "two",
      "updated:",
      "one",
      "y",
      "two",
    ]);
    const updated = lines.slice(lines.indexOf("updated:", 9) + 1, lines.indexOf("<|file_sep|>d.ts.diff"));
    expect(updated).toHaveLength(40);
    expect(updated[20]).toBe("...");
    expect(lines.slice(lines.indexOf("<|file_sep|>d.ts.diff")).slice(0, 5)).toEqual([
      "<|file_sep|>d.ts.diff",
      "original:",
      "path: old.ts",
      "updated:",
      "path: d.ts",
    ]);
  });

  const NUMBERED = Array.from({ length: 60 }, (_, n) => `line ${n}`);
  const windowAt = (rows: readonly string[], line: number, lastWindow?: EditContext["lastWindow"]) => {
    const cursor = rows.slice(0, line).join("\n").length + Math.min(1, line);
    const more = { text: rows.join("\n"), cursor, hunks: [], past: [], ...(lastWindow && { lastWindow }) };
    const answer = promptOf("sweep-1", more);
    if (typeof answer === "string") throw new Error(answer);
    return [answer.window.first, answer.window.last];
  };

  test.each([
    [30, 20, 41, "10 lines each way"],
    [2, 0, 21, "21 lines at the top"],
    [58, 48, 60, "and below"],
  ])("the window of line %i is %i to %i: %s", (line, first, last) =>
    expect(windowAt(NUMBERED, line)).toEqual([first, last]),
  );

  test("fewer lines are below where they are dense, and 4 at least", () => {
    const dense = NUMBERED.map((row) => row.padEnd(71, "."));
    expect(windowAt(dense, 30)).toEqual([20, 36]);
    const denser = NUMBERED.map((row) => row.padEnd(100, "."));
    expect(windowAt(denser, 30)).toEqual([20, 35]);
  });

  test.each([
    [27, 0, "stays"],
    [36, 0, "stays"],
    [30, 6, "stays"],
    [26, 0, "too near its top"],
    [37, 0, "too near its end"],
    [30, 7, "too long by now"],
  ])(
    "a window of lines 20 to 41, with the cursor in line %i and %i lines typed in it: %s",
    (line, typed, what) => {
      const rows = [...NUMBERED.slice(0, 25), ...Array(typed).fill("new"), ...NUMBERED.slice(25)];
      const expected = what === "stays" ? [20, 41 + typed] : [line - 10, line + 11];
      expect(windowAt(rows, line, { linesBefore: 20, linesAfter: 19 })).toEqual(expected);
    },
  );
});

describe("Sweep, the layout of v2-7B", () => {
  test("the file before its edits, lines by number, the cursor, and the lines above it said already", () => {
    const older = hunk({ path: "b.ts", before: "x", after: "y", above: ["one"], line: 4, order: 0 });
    expect(textOf("sweep-2", { cursor: CONTEXT.text.length - 1, past: [older, RENAMED] })).toBe(
      [
        "<|file_sep|>a.ts",
        "const foo = 1",
        "use(foo)",
        "<|file_sep|>b.ts:4:5",
        "original:",
        "one",
        "x",
        "updated:",
        "one",
        "y",
        "<|file_sep|>original/a.ts:1:2",
        "const foo = 1",
        "use(foo)",
        "<|file_sep|>current/a.ts:1:2",
        "const bar = 1",
        "use(foo)<|cursor|>",
        "<|file_sep|>updated/a.ts:1:2",
        "const bar = 1",
        "",
      ].join("\n"),
    );
  });
});

describe("Zeta 1", () => {
  test("the instruction, edits as diffs in fences, the excerpt with its region and the cursor", () => {
    const text = textOf("zeta-1");
    expect(digestOf(text.slice(0, text.indexOf("User edited")))).toBe("cadd0aee"); // of the published sentence
    expect(text.slice(text.indexOf("User edited"))).toBe(
      [
        "User edited a.ts:",
        "```diff",
        "@@ -1,2 +1,2 @@",
        "-const foo = 1",
        "+const bar = 1",
        " use(foo)",
        "",
        "```",
        "",
        "### User Excerpt:",
        "",
        "```a.ts",
        "<|start_of_file|>",
        "<|editable_region_start|>",
        "const bar<|user_cursor_is_here|> = 1",
        "use(foo)",
        "<|editable_region_end|>",
        "```",
        "",
        "### Response:",
        "",
      ].join("\n"),
    );
  });
});

describe("Zeta 2.1", () => {
  test("what follows, edits, and the region in numbered blocks", () => {
    expect(textOf("zeta-2.1", { past: [{ ...RENAMED, accepted: true }] })).toBe(
      [
        "<[fim-suffix]>",
        "<[fim-prefix]><filename>edit_history",
        "// User accepted prediction:",
        "--- a/a.ts",
        "+++ b/a.ts",
        "@@ -1,2 +1,2 @@",
        "-const foo = 1",
        "+const bar = 1",
        " use(foo)",
        "",
        "<filename>a.ts",
        "<|marker_1|>const bar<|user_cursor|> = 1",
        "use(foo)<|marker_2|>",
        "<[fim-middle]>",
      ].join("\n"),
    );
  });

  test("a block ends after a blank line once it has 6 lines, and at a line that closes nothing", () => {
    const block = (name: string) => [...Array.from({ length: 6 }, (_, n) => `${name} ${n};`), ""];
    const text = [...block("a"), "}", ...block("b"), ...block("c")].join("\n");
    const marked = textOf("zeta-2.1", { text, cursor: 0, hunks: [], past: [] });
    expect(marked).toContain("\n\n}\n<|marker_2|>b 0;");
    expect(marked).toContain("\n\n<|marker_3|>c 0;");
  });
});

describe("in every format", () => {
  test.each(FORMAT_IDS)("%s: text with its marks is refused, in the window and in the path", (id) => {
    for (const mark of formatById(id).marks) {
      expect(promptOf(id, { text: `const bar = 1\n// ${mark}\n` }), mark).toBe("model-marks");
      expect(promptOf(id, { path: `${mark}.ts` }), mark).toBe("model-marks");
      const told = { ...RENAMED, path: "b.ts", after: `x ${mark}`, order: 0 };
      const file = { path: "c.ts", text: mark };
      expect(textOf(id, { past: [told, RENAMED], files: [file] }), mark).toBe(textOf(id));
    }
  });

  test.each(FORMAT_IDS)("%s: what looks like a key is refused, and is not told of", (id) => {
    const key = `ghp_${"a1".repeat(18)}`;
    expect(promptOf(id, { text: `const bar = "${key}"\n`, hunks: [] })).toBe("model-secret");
    // What was there before counts as much as what is: it is in the prompt of a format that shows the window as it was.
    const old = promptOf(id, { hunks: [{ ...RENAMED, before: `const foo = "${key}"` }] });
    if (id.startsWith("sweep")) expect(old).toBe("model-secret");
    else expect(typeof old === "string" || old.text.includes(key)).toBe(false);
    const told = { ...RENAMED, path: "b.ts", before: key, order: 0 };
    expect(textOf(id, { past: [told, RENAMED] })).toBe(textOf(id));
  });

  test.each(FORMAT_IDS)("%s: a line that is data is refused", (id) => {
    expect(promptOf(id, { text: `${"9, ".repeat(400)}\n`, hunks: [] })).toBe("model-window");
  });

  test.each(FORMAT_IDS)(
    "%s: what does not fit is left out from the oldest edit on, other files first",
    (id) => {
      const file = { path: "big.ts", text: "x".repeat(30_000) };
      const edits = Array.from({ length: 6 }, (_, n) =>
        hunk({ path: `${n}.ts`, before: "", after: `${`${n} `.repeat(90)}\n`.repeat(30), order: n / 10 }),
      );
      const text = textOf(id, { past: [...edits, RENAMED], files: [file] });
      expect(text).not.toContain("big.ts");
      expect(text).not.toContain("0.ts");
      expect(text).toContain("const bar");
      expect(new TextEncoder().encode(text).length).toBeLessThan(8192 * 3);
    },
  );
});

describe("which format a model has", () => {
  test.each([
    ["/m/sweep-next-edit-0.5b.q8_0.gguf", "sweep-1"],
    ["C:\\m\\sweep-next-edit-1.5b.q8_0.v2.gguf", "sweep-1"],
    ["/m/sweep-next-edit-v2-7B-GGUF/q4_k_m.gguf", "sweep-2"],
    ["/m/zed-industries_zeta-Q4_K_M.gguf", "zeta-1"],
    ["/m/zeta-Q6_K.gguf", "zeta-1"],
    ["/m/zeta.gguf", "zeta-1"],
    ["/m/zeta-2.1-Q4_K_M.gguf", "zeta-2.1"],
    ["/m/zeta-2.1.i1-Q4_K_M.gguf", "zeta-2.1"],
    ["/m/zed-industries_zeta-2-Q4_K_M.gguf", undefined],
    ["/m/zeta-2.gguf", undefined],
    ["/m/zeta-2.2-Q4_K_M.gguf", undefined],
    ["/m/sweep-next-edit-3b.gguf", undefined],
    ["/m/qwen2.5-coder-1.5b-q8_0.gguf", undefined],
    ["/m/betazeta.gguf", undefined],
  ])("%s: %s", (path, id) => expect(formatOfModel(path)).toBe(id));
});
