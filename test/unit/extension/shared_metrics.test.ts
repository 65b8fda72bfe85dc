import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../engine/contract/index.ts";

import { createSharedMetrics } from "../../../extension/statistics/shared_metrics.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Windows on one file. */
function open() {
  let file: string | undefined;
  let writes = 0;
  const window = () => {
    const told = vi.fn();
    const shared = createSharedMetrics({
      read: async () => (file === undefined ? undefined : JSON.parse(file)),
      write: async (stored) => {
        writes++;
        file = JSON.stringify(stored);
        return undefined;
      },
      onChange: told,
      log: (message) => expect.unreachable(message),
      clock: systemClock,
    });
    let id = 0;
    const show = (count: number) => {
      for (let i = 0; i < count; i++)
        shared.metrics.lifecycle({ kind: "shown", id: ++id, languageId: "go", atMs: Date.now() });
    };
    return { ...shared, show, told, shown: () => shared.metrics.summary().strict.n };
  };
  return { window, writes: () => writes };
}

test("the next session continues the last one's counts", async () => {
  const { window } = open();
  const first = window();
  await first.enter();
  first.show(3);
  await first.close();
  const second = window();
  await second.enter();
  second.show(2);
  expect(second.shown()).toBe(5);
});

test("next edits of two windows are in one count", async () => {
  const { window } = open();
  const [a, b] = [window(), window()];
  for (const one of [a, b]) {
    await one.enter();
    one.metrics.nextEdit({ kind: "shown", source: "repeat" });
    await one.leave();
  }
  expect(b.metrics.summary().nextEdits.shown).toBe(2);
});

test("what is counted before the file is read is not lost", async () => {
  const { window } = open();
  const first = window();
  await first.enter();
  first.show(3);
  await first.leave();
  const second = window();
  second.show(2);
  const reading = second.enter();
  second.show(1);
  await reading;
  expect(second.shown()).toBe(6);
});

test("two windows that take turns count everything once", async () => {
  const { window } = open();
  const [a, b] = [window(), window()];
  await a.enter();
  a.show(4);
  await a.leave();
  await b.enter();
  b.show(2);
  a.show(1); // a text that is still there two minutes later, say
  await b.leave();
  await a.enter();
  expect(a.shown()).toBe(7);
  await a.close();
  await b.enter();
  expect(b.shown()).toBe(7);
});

test("a window that loses the focus while it reads does not write over what others count then", async () => {
  const { window } = open();
  const [a, b] = [window(), window()];
  const reading = a.enter();
  await a.leave();
  await reading;
  a.show(1);
  await b.enter();
  b.show(2);
  await b.leave();
  await vi.advanceTimersByTimeAsync(20_000);
  await a.enter();
  expect(a.shown()).toBe(3);
});

test("a window that closes in the background adds what it counted there", async () => {
  const { window } = open();
  const [a, b] = [window(), window()];
  await a.enter();
  await a.leave();
  await b.enter();
  b.show(2);
  await b.leave();
  a.show(1);
  await a.close();
  await b.enter();
  expect(b.shown()).toBe(3);
});

test("changes are written once in ten seconds and told once in half a second", async () => {
  const { window, writes } = open();
  const one = window();
  await one.enter();
  await vi.advanceTimersByTimeAsync(500);
  one.told.mockClear();
  for (let i = 0; i < 10; i++) one.show(1);
  await vi.advanceTimersByTimeAsync(499);
  expect(one.told).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(one.told).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(9499);
  expect(writes()).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(writes()).toBe(1);
  await one.close();
  expect(writes()).toBe(1);
});

test("a reset reaches the file", async () => {
  const { window } = open();
  const one = window();
  await one.enter();
  one.show(3);
  one.metrics.reset();
  await one.close();
  const next = window();
  await next.enter();
  expect(next.shown()).toBe(0);
});
