import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TestSpecification, Vitest } from "vitest/node";
import { LongestFirst } from "../../../scripts/longest_first.mjs";
import { type Part, ROOT, runSteps, sideBySide, startEarly } from "../../../scripts/steps.mjs";
import { timeTable } from "../../../scripts/tests.mjs";
import { isAtLeast } from "../../../scripts/versions.mjs";
import durations from "../../durations.json" with { type: "json" };

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

/** A step that ends when it is told to. */
function held(title: string) {
  let end!: (remark: string | undefined) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<string | undefined>((resolve, reject) => {
    [end, fail] = [resolve, reject];
  });
  const run = vi.fn(() => promise);
  return { step: { title, run }, end, fail };
}

const titles = (parts: readonly Part[]) => parts.map(({ title, beside }) => `${beside ? "+" : ""}${title}`);

test("steps run one after the other, say how long they took, and the first failure ends the run", async () => {
  const parts: Part[] = [];
  const never = vi.fn();
  const steps = [
    { title: "one", run: () => "there already" },
    { title: "two", run: () => Promise.reject(new Error("broken")) },
    { title: "three", run: never },
  ];
  await expect(runSteps(steps, parts)).rejects.toThrow("broken");
  expect(printed).toMatch(
    /^\[1\/3\] one … done in \d+\.\d s \(there already\)\n\[2\/3\] two … failed after \d+\.\d s\n$/,
  );
  expect(titles(parts)).toEqual(["one", "two"]);
  expect(never).not.toHaveBeenCalled();
});

test("steps side by side run at the same time; a failure waits for the others, which are timed as well", async () => {
  const [a, b] = [held("a"), held("b")];
  const parts: Part[] = [];
  const ended = expect(runSteps([sideBySide(a.step, b.step)], parts)).rejects.toThrow("broken");
  await vi.waitFor(() => expect(b.step.run).toHaveBeenCalled());
  a.fail(new Error("broken"));
  b.end(undefined);
  await ended;
  expect(titles(parts)).toEqual(["a, b", "+a", "+b"]);
});

test("what steps that run at the same time remark is said once they have ended", async () => {
  const run = (remark: string | undefined) => ({ title: "one", run: () => Promise.resolve(remark) });
  await runSteps([sideBySide(run("first"), run(undefined), run("last"))]);
  expect(printed).toMatch(/done in .* \(first; last\)\n$/);
});

test("a step that starts early is waited for at its place, and says there what it has said", async () => {
  const fetch = held("a VS Code");
  const run = (note: (text: string) => void) => {
    note("fetching");
    return fetch.step.run();
  };
  const early = startEarly({ title: "a VS Code", run });
  const parts: Part[] = [];
  const between = () => {
    expect(printed).not.toContain("fetching");
    fetch.end("fetched");
  };
  await runSteps([early.begin, { title: "between", run: between }, early.wait], parts);
  expect(printed).toMatch(
    /between … done.*\n\[3\/3\] a VS Code …\n {6}fetching\n {6}done in .* \(fetched\)\n$/,
  );
  expect(titles(parts)).toEqual(["a VS Code, fetched meanwhile", "between", "a VS Code", "+a VS Code"]);
});

test("an early step that fails ends the run where it is waited for, not before", async () => {
  const early = startEarly({ title: "early", run: () => Promise.reject(new Error("no network")) });
  const between = vi.fn();
  const steps = [early.begin, { title: "between", run: between }, early.wait];
  await expect(runSteps(steps)).rejects.toThrow("no network");
  expect(between).toHaveBeenCalled();
});

test("the table has the parts in their order with their sum, and the ten slowest files", () => {
  const parts = [
    { title: "types, lint", ms: 12_340 },
    { title: "lint", ms: 4_000, beside: true },
    { title: "unit tests", ms: 60_000 },
  ];
  const files = Array.from({ length: 12 }, (_, i) => ({
    file: `test/${i}.test.ts`,
    ms: 1000 * ((i * 5) % 12),
  }));
  const lines = timeTable(parts, files).split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "How long each part took:",
    "    12.3 s  types, lint",
    "     4.0 s    of which lint",
    "    60.0 s  unit tests",
    "    72.3 s  all",
    "The slowest test files:",
  ]);
  expect(lines.slice(6)).toHaveLength(10);
  expect(lines[6]).toBe("    11.0 s  test/7.test.ts");
  expect(timeTable(parts, [])).not.toContain("slowest");
});

test("test files that take longest come first, then those that nothing is known of", async () => {
  const [second, first] = Object.entries(durations)
    .sort(([, a], [, b]) => b - a)
    .map(([path]) => path)
    .slice(0, 2)
    .reverse() as [string, string];
  const paths = ["test/unit/z.test.ts", second, "test/unit/a.test.ts", first];
  const files = paths.map((path) => ({ moduleId: join(ROOT, path) }) as TestSpecification);
  const sorted = await new LongestFirst({} as Vitest).sort(files);
  expect(sorted.map(({ moduleId }) => moduleId.slice(ROOT.length))).toEqual([
    first,
    second,
    "test/unit/a.test.ts",
    "test/unit/z.test.ts",
  ]);
});

test("every file in the table of durations exists", () => {
  expect(Object.keys(durations).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test.each([
  ["20.19.0", ">=20.19", true],
  ["20.18.3", ">=20.19", false],
  ["22.1.0", ">=20.19", true],
  ["18.20.0", ">=20.19", false],
  ["1.105", "^1.105.0", true],
  ["1.99", "^1.105.0", false],
])("%s is as new as %s: %s", (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});
