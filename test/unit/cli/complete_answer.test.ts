import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { testSeed } from "../../reference/seed.ts";
import { root } from "../support/repository.ts";

// `foretype complete --answer`: the built command line, on a device that does not exist.

let folder: string;
const cli = join(root, "out", "cli.js");

beforeAll(() => {
  if (!existsSync(cli)) throw new Error("out/cli.js is missing: run `npm run build` first");
  folder = mkdtempSync(join(tmpdir(), "foretype-answer-"));
  write("sum.ts", "const total = \nfoo(total);\n");
  write("windows.ts", "\uFEFFconst a = 1;\r\nconst total = \r\n");
  write("prod.pem", "KEY=\n");
  write("notes", "total = \n");
  write("answer.txt", "price + tax;\nconst more = 1;");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function foretype(args: readonly string[], input = ""): Promise<Run> {
  const env = { ...childEnvironment(), FORETYPE_DEVICE: "no such device", NO_COLOR: "1" };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [cli, "complete", ...args],
      { env, cwd: folder },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

async function report(args: readonly string[], input?: string) {
  const { status, stdout, stderr } = await foretype([...args, "--json"], input);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

test("--answer: what is shown, the document after it, and each stage's verdict", async () => {
  expect(await report(["sum.ts:1:15", "--answer", "price + tax;\nconst more = 1;"])).toEqual({
    shown: "price + tax;",
    document: "const total = price + tax;\nfoo(total);\n",
    silence: null,
    stages: [
      { stage: "gate", verdict: "continue" },
      { stage: "recall", verdict: "continue" },
      { stage: "attach", verdict: "continue" },
      { stage: "delay", verdict: "continue" },
      { stage: "prompt", verdict: "continue" },
      { stage: "length", verdict: "line-end" },
      { stage: "decode", verdict: "found" },
      { stage: "confidence", verdict: "continue" },
      { stage: "range", verdict: "found" },
    ],
  });
});

test("the answer may be a file's content or standard input, in pieces of any seed", async () => {
  const seed = testSeed();
  const place = ["sum.ts:1:15", "--answer"];
  const [given, file, input] = await Promise.all([
    report([...place, "price + tax;\nconst more = 1;"]),
    report([...place, "@answer.txt", "--seed", String(seed)]),
    report([...place, "-", "--seed", String((seed + 1) % 2 ** 32)], "price + tax;\nconst more = 1;"),
  ]);
  expect(file, `seed ${seed}`).toEqual(given);
  expect(input, `seed ${seed} + 1`).toEqual(given);
});

test("a silence has its id and its sentence, and leaves the document as it is", async () => {
  const report_ = await report(["sum.ts:1:15", "--answer", "x();", "--setting", "trigger=manual"]);
  expect(report_).toMatchObject({
    shown: null,
    document: "const total = \nfoo(total);\n",
    silence: { id: "manual", sentence: expect.stringMatching(/^Suggestions come only .*\.$/) },
    stages: [{ stage: "gate", verdict: "manual" }],
  });
  const invoked = ["--answer", "x();", "--setting", "foretype.trigger=manual", "--invoked"];
  expect(await report(["sum.ts:1:15", ...invoked])).toMatchObject({ shown: "x();" });
});

test("the byte order mark and the line ends of a file are kept", async () => {
  const { shown, document } = await report(["windows.ts:2:15", "--answer", "{\n  a,\n};", "--invoked"]);
  expect(shown).toBe("{\r\n  a,\r\n};");
  expect(document).toBe("\uFEFFconst a = 1;\r\nconst total = {\r\n  a,\r\n};\r\n");
});

test("--selected is the row that a suggestion must extend", async () => {
  write("word.ts", "const total = pr\n");
  const at = (selected: string) => report(["word.ts:1:17", "--answer", "ice + tax;", "--selected", selected]);
  expect(await at("price")).toMatchObject({ shown: "ice + tax;" });
  expect(await at("process")).toMatchObject({ shown: null, silence: { id: "intellisense" } });
});

test("a file that is never read says so before a model is loaded", async () => {
  expect(await report(["prod.pem:1:5"])).toMatchObject({ shown: null, silence: { id: "excluded" } });
  const { status, stderr } = await foretype(["sum.ts:1:15", "--json"]);
  expect(status, "the device is asked for where the gates are open").toBe(1);
  expect(stderr).toContain("no such device");
});

test("a wrong entry of a list or a table is named and left out, as in an editor, and the others hold", async () => {
  write("a.mine", "x = \n");
  write("a.py", "x = \n");
  const asked = async (place: string, setting: string) => {
    const { stdout, stderr } = await foretype([place, "--answer", "1", "--json", "--setting", setting]);
    return { id: (JSON.parse(stdout) as { silence: { id: string } | null }).silence?.id ?? null, stderr };
  };
  expect(await asked("a.mine:1:5", 'exclude=["", "*.mine"]')).toEqual({
    id: "excluded",
    stderr: 'The setting “foretype.exclude” has the entry "", which is empty: it is left out.\n',
  });
  expect(await asked("a.py:1:5", 'languages={"*": false, "python": "on"}')).toEqual({
    id: "language-off",
    stderr:
      'The setting “foretype.languages” has the entry {"python":"on"}, which is neither true nor false: it is left out.\n',
  });
  expect(await asked("prod.pem:1:1", "exclude=*.mine")).toMatchObject({ id: "excluded" });
});

test("for people: the ghost text in its place, a sentence, and what each filter did", async () => {
  const { stdout } = await foretype(["sum.ts:1:15", "--answer", "price;  "]);
  expect(stdout).toContain("1 │ const total = ‹price;›\n2 │ foo(total);");
  expect(stdout).toMatch(/\nSuggestion of 6 characters; stopped by: end\.\n/);
  expect(stdout).toMatch(/The filter “trailing-space” got "price; {2}" and left "price;"\./);
  const silent = await foretype(["notes:1:9", "--answer", "x"]);
  expect(silent.stdout).toContain("No suggestion here: Suggestions are off for plaintext");
});

describe("bad usage says what there is", () => {
  const names =
    "enable, languages, exclude, trigger, profile, eagerness, delay, multiline, inComments, maxLines, timeLimitMs, speculate";
  const cases: readonly (readonly [args: readonly string[], sentence: string])[] = [
    [["--answer", "x", "--setting", "colour=red"], `the settings are ${names}.`],
    [["--answer", "x", "--setting", "toString=red"], `the settings are ${names}.`],
    [["--answer", "x", "--setting", "maxLines=65"], "the value must be a whole number from 1 to 64."],
    [["--answer", "x", "--setting", "eagerness=mild"], '"conservative" or "balanced" or "eager".'],
    [["--answer", "x", "--setting", "enable"], "give it a value, as in enable=true."],
    [["--answer", "x", "--seed", "-1"], "--seed is a whole number from 0 to 4294967295."],
    [["--seed", "1"], "--seed is for --answer: see `foretype complete --help`."],
  ];
  for (const [args, sentence] of cases)
    test(args.join(" "), async () => {
      const { status, stdout, stderr } = await foretype(["sum.ts:1:15", ...args]);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr.trim().endsWith(sentence), stderr).toBe(true);
    });

  test("a place that is not there", async () => {
    const { status, stderr } = await foretype(["sum.ts:9:1", "--answer", "x"]);
    expect(status).toBe(1);
    expect(stderr).toBe("sum.ts has 3 lines; there is no line 9: choose one from 1 to 3.\n");
  });
});
