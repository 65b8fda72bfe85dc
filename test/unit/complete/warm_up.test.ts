import { expect, test } from "vitest";
import { warmUp } from "../../../engine/complete/index.ts";
import { fakeClock } from "../support/clock.ts";

/** A clock that counts the turns that were asked for. */
function countingClock() {
  const clock = fakeClock();
  let turns = 0;
  const setTimeout = (action: () => void, ms: number) => {
    turns++;
    return clock.setTimeout(action, ms);
  };
  return { ...clock, setTimeout, turns: () => turns, pending: () => clock.pending };
}

test("what a first suggestion would compile is rehearsed after the start, each filter in a turn of its own", async () => {
  const clock = countingClock();
  warmUp(clock);
  await clock.pass(499);
  const before = clock.turns(); // the rules for secrets, which are read at once, where no other test of this process did
  await clock.pass(5000);
  expect(clock.turns() - before).toBeGreaterThan(15);
  expect(clock.pending()).toBe(0);
});

test("where suggestions are asked for, it waits until none is for half a second", async () => {
  const clock = countingClock();
  const { postpone } = warmUp(clock);
  await clock.pass(540);
  const turns = clock.turns();
  for (let key = 0; key < 20; key++) {
    postpone();
    await clock.pass(400);
  }
  expect(clock.turns() - turns).toBe(20); // each is put off
  await clock.pass(5000);
  expect(clock.turns() - turns).toBeGreaterThan(30);
  const after = clock.turns();
  postpone();
  expect([clock.turns(), clock.pending()]).toEqual([after, 0]);
});

test("ends when it is told to", async () => {
  const clock = countingClock();
  const { dispose } = warmUp(clock);
  await clock.pass(540);
  const turns = clock.turns();
  dispose();
  await clock.pass(5000);
  expect([clock.turns(), clock.pending()]).toEqual([turns, 0]);
});

test("ends when it is told to, wherever it is, and leaves nothing behind", async () => {
  const whole = countingClock();
  warmUp(whole);
  let lengthMs = 0;
  while (whole.pending() > 0) {
    await whole.pass(20);
    lengthMs += 20;
  }
  for (let ms = 0; ms < lengthMs; ms += 20) {
    const clock = countingClock();
    const { dispose } = warmUp(clock);
    await clock.pass(ms);
    dispose();
    await clock.pass(100);
    expect(clock.pending(), `after ${ms} ms`).toBe(0);
  }
});
