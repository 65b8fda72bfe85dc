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
  expect(clock.turns()).toBe(1);
  await clock.pass(5000);
  expect(clock.turns()).toBeGreaterThan(15);
  expect(clock.pending()).toBe(0);
});

test("ends when it is told to", async () => {
  const clock = countingClock();
  const end = warmUp(clock);
  await clock.pass(540);
  const turns = clock.turns();
  end();
  await clock.pass(5000);
  expect([clock.turns(), clock.pending()]).toEqual([turns, 0]);
});
