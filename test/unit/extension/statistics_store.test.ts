import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { isStoredMetrics } from "../../../engine/complete/index.ts";
import { createSharedMetrics } from "../../../extension/statistics/shared_metrics.ts";
import { createStore } from "../../../extension/statistics/store.ts";
import { temporaryFolder } from "../../gpu/support/models.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { fakeClock } from "../support/clock.ts";

/** Windows on one folder. */
function open(folder: string) {
  const said: string[] = [];
  let wall = Date.UTC(2026, 10, 29, 12);
  let monotonic = 1;
  const window = () => {
    const clock = fakeClock(monotonic);
    const store = createStore({
      folder,
      isSound: isStoredMetrics,
      log: (_, sentence) => said.push(sentence),
    });
    const log = (message: string) => expect.unreachable(message);
    const shared = createSharedMetrics({ ...store, onChange: () => {}, log, clock, wall: () => wall });
    let id = 0;
    return {
      ...shared,
      clock,
      show(count: number): void {
        for (let i = 0; i < count; i++)
          shared.metrics.lifecycle({ kind: "shown", id: ++id, languageId: "go", atMs: monotonic });
      },
      total: () => shared.metrics.summary().languages[0]?.shown ?? 0,
    };
  };
  return {
    window,
    said,
    setClock(ms: number): void {
      wall = ms;
    },
    get wall() {
      return wall;
    },
    sleep(ms: number): void {
      wall += ms; // the clock of the process stands still meanwhile
      monotonic += 1;
    },
  };
}

const jsonFiles = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

test("windows that write at the same time lose no count", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  await using folder = await temporaryFolder();
  const { window, said } = open(folder.at("global"));
  const windows = Array.from({ length: 4 }, window);
  let shown = 0;
  for (let round = 0; round < 15; round++)
    await Promise.all(
      windows.map(async (one) => {
        const count = Math.floor(random() * 4);
        shown += count;
        one.show(count);
        if (random() < 0.3) await one.enter();
        await one.leave();
      }),
    );
  for (const one of windows) await one.close();
  const last = window();
  await last.enter();
  expect(last.total(), `seed ${seed}`).toBe(shown);
  expect(said).toEqual([]);
  expect(await jsonFiles(folder.at("global"))).toHaveLength(1);
});

test("what earlier versions wrote, one file without a number, is counted on", async () => {
  await using folder = await temporaryFolder();
  const { window } = open(folder.at("."));
  const first = window();
  first.show(3);
  await first.close();
  await copyFile(folder.at("statistics.1.json"), folder.at("statistics.json"));
  await rm(folder.at("statistics.1.json"));
  const second = window();
  await second.enter();
  second.show(2);
  await second.close();
  expect(second.total()).toBe(5);
  expect(await jsonFiles(folder.at("."))).toEqual(["statistics.1.json"]);
});

for (const [what, text] of [
  ["cut off", (sound: string) => sound.slice(0, sound.length / 2)],
  ["empty", () => ""],
  ["of an hour that is none", (sound: string) => sound.replace('"hours":{"', '"hours":{"x')],
  ["of another version", (sound: string) => sound.replace('"version":1', '"version":2')],
] as const) {
  test(`a file that is ${what} is set aside as it is, told once, and counting goes on`, async () => {
    await using folder = await temporaryFolder();
    const { window, said } = open(folder.at("."));
    const [one, other] = [window(), window()];
    one.show(3);
    await one.leave();
    const sound = await readFile(folder.at("statistics.1.json"), "utf8");
    await writeFile(folder.at("statistics.1.json"), text(sound));
    other.show(2);
    await other.leave();
    one.show(1);
    await one.close();
    await other.close();
    expect(said).toEqual([
      expect.stringMatching(/statistics\.1\.json cannot be read: it is kept as .*\.broken/),
    ]);
    expect(await readFile(folder.at("statistics.1.json.broken"), "utf8")).toBe(text(sound));
    const last = window();
    await last.enter();
    expect(last.total()).toBe(3);
  });
}

test("a clock that is set years ahead, and back, takes nothing away, and the plots are of this time", async () => {
  await using folder = await temporaryFolder();
  const windows = open(folder.at("."));
  const one = windows.window();
  const now = windows.wall;
  const year = 365 * 24 * 3_600_000;
  one.show(5);
  await one.leave();
  for (const at of [now + 20 * year, now - 30 * year, 0]) {
    windows.setClock(at);
    one.show(1);
    await one.leave();
  }
  windows.setClock(now);
  one.show(2);
  await one.close();
  const last = windows.window();
  await last.enter();
  expect(last.total()).toBe(10);
  expect(last.metrics.summary().hours.map(({ shown }) => shown)).toEqual([7]);
  expect(last.metrics.summary().sinceMs).toBeLessThanOrEqual(now);
});

test("the hour when clocks are set back for winter counts as two", async () => {
  await using folder = await temporaryFolder();
  const windows = open(folder.at("."));
  const one = windows.window();
  for (const at of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]) {
    windows.setClock(Date.parse(at)); // 2:30 in Berlin, both
    one.show(1);
  }
  await one.close();
  expect(one.metrics.summary().hours.map(({ shown }) => shown)).toEqual([1, 1]);
});

test("after the machine has slept, suggestions count in the hour that it is", async () => {
  await using folder = await temporaryFolder();
  const windows = open(folder.at("."));
  const one = windows.window();
  one.show(1);
  windows.sleep(9 * 3_600_000);
  one.show(1);
  await one.close();
  const [before, after] = one.metrics.summary().hours;
  expect(after!.startMs - before!.startMs).toBe(9 * 3_600_000);
});

test("a time that is no number is left out, and the file stays readable", async () => {
  await using folder = await temporaryFolder();
  const { window, said } = open(folder.at("."));
  const one = window();
  one.show(1);
  const times = {
    delayMs: Number.NaN,
    loadMs: 0,
    answeredMs: Number.NaN,
    promptMs: 1,
    decodeMs: 1,
    firstLineMs: null,
  };
  one.metrics.trace({
    trigger: "automatic",
    source: "model",
    outcome: { kind: "shown" },
    at: 0,
    times: times as never,
    ...{ tokens: 1, drafted: 0, acceptedDrafts: 0 },
  });
  await one.close();
  const next = window();
  await next.enter();
  expect(next.total()).toBe(1);
  expect(said).toEqual([]);
});
