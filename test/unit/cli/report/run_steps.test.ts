import { describe, expect, test } from "vitest";
import { createBudget, duration, shareOf } from "../../../../engine/cli/report/budget.ts";
import { runSteps, type Step } from "../../../../engine/cli/report/run_steps.ts";
import { lineOf } from "../../../../engine/cli/report/speed_report.ts";
import { UserError } from "../../../../engine/errors/index.ts";

const line = (id: string) =>
  lineOf({ id, group: "rows", label: id, at: null, unit: "ms", better: "less" }, [1]);

/** Runs steps on a clock that only they move. */
async function run(
  steps: (bench: { pass(ms: number): void; abort(): void; lose(): void }) => Step[],
  seconds = 10,
) {
  let now = 5000;
  let failure: Error | undefined;
  const controller = new AbortController();
  const said: string[] = [];
  const list = steps({
    pass: (ms) => (now += ms),
    abort: () => controller.abort(),
    lose: () => (failure = new Error("the GPU was lost: unplugged")),
  });
  const ran = await runSteps(list, {
    budget: createBudget(seconds, () => now),
    signal: controller.signal,
    say: (text) => said.push(text),
    check: () => {
      if (failure) throw failure;
    },
  });
  return { ...ran, said, ids: ran.lines.map(({ id }) => id) };
}

const step = (id: string, act: () => void = () => {}, more: Partial<Step> = {}): Step => ({
  id,
  label: `label of ${id}`,
  run: async () => {
    act();
    return { lines: [line(id)] };
  },
  ...more,
});

test("all steps run in order, and each is announced", async () => {
  const { ids, missing, ended, said } = await run(({ pass }) => [step("a", () => pass(1500)), step("b")]);
  expect(ids).toEqual(["a", "b"]);
  expect([missing, ended]).toEqual([[], null]);
  expect(said).toEqual(["1 of 2: label of a, 0 s so far", "2 of 2: label of b, 2 s so far"]);
});

test("what cannot be measured here is left out with its reason", async () => {
  const { ids, missing } = await run(() => [step("a", undefined, { impossible: "no block" }), step("b")]);
  expect(ids).toEqual(["b"]);
  expect(missing).toEqual([{ id: "a", label: "label of a", reason: "no block" }]);
});

test("what would take longer than is left is left out, and shorter steps after it run", async () => {
  const { ids, missing } = await run(({ pass }) => [
    step("a", () => pass(6000)),
    step("long", undefined, { estimateMs: () => 4001 }),
    step("short", undefined, { estimateMs: () => 4000 }),
    step("unknown", undefined, { estimateMs: () => undefined }),
  ]);
  expect(ids).toEqual(["a", "short", "unknown"]);
  expect(missing.map(({ reason }) => reason)).toEqual([
    "it would take about 5 s, and 4 s of the 10 s were left",
  ]);
});

test("nothing begins when the time is over", async () => {
  const { ids, missing, ended } = await run(({ pass }) => [step("a", () => pass(20_000)), step("b")]);
  expect(ids).toEqual(["a"]);
  expect(missing.map(({ reason }) => reason)).toEqual(["the 10 s of the report were over"]);
  expect(ended).toBeNull();
});

test("a step that fails with a sentence is told with it, and the others run", async () => {
  const fail = () => {
    throw new UserError({ code: "memory", problem: "No room for 1 GiB", advice: "close a window" });
  };
  const { ids, missing } = await run(() => [step("a", fail), step("b")]);
  expect(ids).toEqual(["b"]);
  expect(missing[0]!.reason).toBe("No room for 1 GiB: close a window");
});

test("a fault of the program is none of the report's", async () => {
  const fail = () => {
    throw new Error("a bug");
  };
  await expect(run(() => [step("a", fail), step("b")])).rejects.toThrow("a bug");
});

describe("it ends with what it has", () => {
  test("where a device was lost", async () => {
    const { ids, missing, ended } = await run(({ lose }) => [
      step("a"),
      step("b", () => {
        lose();
        throw new Error("mapping failed");
      }),
      step("c"),
    ]);
    expect(ids).toEqual(["a"]);
    expect(missing.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(ended).toBe("the GPU was lost: unplugged");
  });

  test("where it was stopped within a step that gives nothing then", async () => {
    const { ids, missing, ended } = await run(({ abort }) => [
      step("a"),
      step("b", () => {
        abort();
        throw new Error("cut off");
      }),
      step("c"),
    ]);
    expect(ids).toEqual(["a"]);
    expect(missing.map(({ id, reason }) => [id, reason])).toEqual([
      ["b", "it was stopped"],
      ["c", "it was stopped"],
    ]);
    expect(ended).toBe("it was stopped");
  });

  test("where it was stopped within a step that gives a part", async () => {
    const { ids, missing, ended } = await run(({ abort }) => {
      const part = async () => {
        abort();
        return { lines: [line("a 1")], cut: "only one" };
      };
      return [step("a", undefined, { run: part }), step("b")];
    });
    expect(ids).toEqual(["a 1"]);
    expect(missing.map(({ id, reason }) => [id, reason])).toEqual([
      ["a", "only one"],
      ["b", "it was stopped"],
    ]);
    expect(ended).toBe("it was stopped");
  });
});

test("a share of the time is of what is left when it is taken", () => {
  let now = 0;
  const budget = createBudget(10, () => now);
  now = 4000;
  const isTime = shareOf(budget, 0.5);
  now = 6999;
  expect(isTime()).toBe(true);
  now = 7000;
  expect(isTime()).toBe(false);
});

test("durations round up: seconds below two minutes, then minutes", () => {
  expect([0, 1, 119_999, 120_000, 120_001].map(duration)).toEqual(["0 s", "1 s", "120 s", "2 min", "3 min"]);
});
