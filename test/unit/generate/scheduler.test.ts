import { expect, test } from "vitest";
import type { Priority } from "../../../engine/contract/index.ts";
import { createScheduler, type Turn } from "../../../engine/generate/scheduler.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("the most urgent is next, equals in the order in which they came", async () => {
  const { enter } = createScheduler();
  const order: string[] = [];
  const first = await enter("foreground");
  const waiting = (
    ["edit", "speculative", "automatic", "invoked", "warm-up", "foreground", "automatic", "ahead"] as const
  ).map(async (priority, index) => {
    using turn = await enter(priority);
    if (turn) order.push(`${priority} ${index}`);
  });
  first![Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual([
    "invoked 3",
    "foreground 5",
    "automatic 2",
    "automatic 6",
    "speculative 1",
    "ahead 7",
    "edit 0",
    "warm-up 4",
  ]);
});

test("a higher-priority request preempts, and one of equal priority never does", async () => {
  const cases: [running: Priority, comes: Priority, preempted: boolean][] = [
    ["automatic", "invoked", true],
    ["automatic", "foreground", true],
    ["speculative", "automatic", true],
    ["warm-up", "speculative", true],
    ["edit", "automatic", true],
    ["edit", "speculative", true],
    ["edit", "ahead", true],
    ["warm-up", "edit", true],
    ["speculative", "edit", false],
    ["ahead", "edit", false],
    ["edit", "edit", false],
    ["automatic", "automatic", false],
    ["invoked", "foreground", false],
    ["foreground", "invoked", false],
    ["invoked", "automatic", false],
  ];
  for (const [running, comes, preempted] of cases) {
    const { enter } = createScheduler();
    const turn = (await enter(running))!;
    const next = enter(comes);
    await settle();
    expect([turn.preempted, turn.signal.aborted], `${comes} while ${running}`).toEqual([
      preempted,
      preempted,
    ]);
    turn[Symbol.dispose]();
    expect((await next)!.signal.aborted).toBe(false);
  }
});

test("a caller that leaves while it waits gets no turn, and delays no other", async () => {
  const { enter } = createScheduler();
  const turn = (await enter("automatic"))!;
  const abort = new AbortController();
  const left = enter("automatic", abort.signal);
  const stays = enter("automatic");
  abort.abort();
  expect(await left).toBeUndefined();
  turn[Symbol.dispose]();
  expect(await stays).toBeDefined();
  expect(await enter("foreground", AbortSignal.abort())).toBeUndefined();
});

test("a caller's own signal ends its turn without calling it preempted", async () => {
  const { enter } = createScheduler();
  const abort = new AbortController();
  const turn = (await enter("automatic", abort.signal))!;
  abort.abort();
  expect([turn.signal.aborted, turn.preempted]).toEqual([true, false]);
});

test("never two turns at once, and everybody gets one (random)", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const { enter } = createScheduler();
  const priorities: Priority[] = [
    "foreground",
    "invoked",
    "automatic",
    "speculative",
    "ahead",
    "edit",
    "warm-up",
  ];
  let open = 0;
  let served = 0;
  const run = async (): Promise<void> => {
    const turn: Turn | undefined = await enter(priorities[Math.floor(random() * priorities.length)]!);
    expect(++open, `seed ${seed}`).toBe(1);
    for (let n = Math.floor(random() * 3); n > 0; n--) await settle();
    open--;
    served++;
    turn![Symbol.dispose]();
    turn![Symbol.dispose](); // twice is once
  };
  await Promise.all(Array.from({ length: 60 }, run));
  expect(served).toBe(60);
});
