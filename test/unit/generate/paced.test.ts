import { describe, expect, test } from "vitest";
import { Paced } from "../../../engine/generate/paced.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";

/** A GPU whose dispatch i takes `msOf(i)`, one after the other. */
function bench(msOf: (dispatch: number) => number) {
  let now = 0;
  let queuedMs = 0;
  let waits = 0;
  const submits: (readonly [from: number, to: number])[] = [];
  const gpu = {
    async idle() {
      waits++;
      now += queuedMs;
      queuedMs = 0;
    },
  } as unknown as Gpu;
  const paced = new Paced(gpu, () => now);
  const submit = (from: number, to: number) => {
    submits.push([from, to]);
    for (let i = from; i < to; i++) queuedMs += msOf(i);
  };
  const longest = () =>
    Math.max(
      ...submits.map(([from, to]) =>
        Array.from({ length: to - from }, (_, i) => msOf(from + i)).reduce((sum, ms) => sum + ms, 0),
      ),
    );
  return {
    paced,
    submit,
    submits,
    longest,
    get waits() {
      return waits;
    },
  };
}

const plan = {};

/** Fails unless the submits are the dispatches 0 to `count`, each once and in order. */
function expectAll(submits: readonly (readonly [number, number])[], count: number): void {
  expect(submits[0]![0]).toBe(0);
  for (const [i, [from]] of submits.entries()) if (i > 0) expect(from).toBe(submits[i - 1]![1]);
  expect(submits.at(-1)![1]).toBe(count);
}

describe("the first run of a plan", () => {
  test("begins with one dispatch and doubles on a quick GPU", async () => {
    const it = bench(() => 0.01);
    expect(await it.paced.run(plan, 300, it.submit)).toBe("whole");
    expect(it.submits.map(([from, to]) => to - from)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 45]);
    expect(it.paced.msOf(plan)).toBeCloseTo(3);
  });

  for (const ms of [0.5, 7, 19, 400]) {
    test(`submits nothing long where a dispatch takes ${ms} ms`, async () => {
      const it = bench(() => ms);
      await it.paced.run(plan, 300, it.submit);
      expectAll(it.submits, 300);
      expect(it.longest()).toBeLessThanOrEqual(Math.max(25, ms));
      expect(it.paced.msOf(plan)).toBeCloseTo(300 * ms);
    });
  }

  test("slows down where later dispatches take longer", async () => {
    const it = bench((i) => (i < 100 ? 0.1 : 20));
    await it.paced.run(plan, 200, it.submit);
    expectAll(it.submits, 200);
    expect(it.submits.filter(([from]) => from > 130).every(([from, to]) => to - from === 1)).toBe(true);
  });
});

test("a plan that is known goes in equal pieces of about 25 ms, two of them at a time", async () => {
  const it = bench(() => 1);
  await it.paced.run(plan, 100, it.submit);
  it.submits.length = 0;
  const { waits } = it;
  await it.paced.run(plan, 100, it.submit);
  expect(it.submits).toEqual([
    [0, 25],
    [25, 50],
    [50, 75],
    [75, 100],
  ]);
  expect(it.waits - waits).toBe(4); // none but those that the pieces themselves wait for
});

test("a quick plan is one submit", async () => {
  const it = bench(() => 0.01);
  await it.paced.run(plan, 300, it.submit);
  it.submits.length = 0;
  await it.paced.run(plan, 300, it.submit);
  expect(it.submits).toEqual([[0, 300]]);
});

test("the signal ends a run before its first submit, or after some", async () => {
  const it = bench(() => 1);
  expect(await it.paced.run(plan, 100, it.submit, AbortSignal.abort())).toBe("none");
  expect(it.submits).toEqual([]);
  for (const run of ["first", "known"]) {
    const abort = new AbortController();
    const submit = (from: number, to: number) => {
      it.submit(from, to);
      abort.abort();
    };
    expect(await it.paced.run(plan, 100, submit, abort.signal), run).toBe("part");
    await it.paced.run(plan, 100, it.submit);
    expect(await it.paced.run(plan, 100, it.submit, AbortSignal.abort())).toBe("none");
  }
});
