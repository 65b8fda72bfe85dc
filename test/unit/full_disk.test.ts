import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isStoredMetrics } from "../../engine/complete/index.ts";
import { UserError } from "../../engine/errors/index.ts";
import { pullModel } from "../../engine/library/index.ts";
import { createLostDevices } from "../../engine/server/lost_devices.ts";
import { recordingFile } from "../../extension/recording/recording_file.ts";
import { createTypingRecorder } from "../../extension/recording/typing_recorder.ts";
import { createSharedMetrics } from "../../extension/statistics/shared_metrics.ts";
import { createStore } from "../../extension/statistics/store.ts";
import { temporaryFolder } from "../gpu/support/models.ts";
import { startHub } from "../reference/hub_server.ts";
import { fakeClock } from "./support/clock.ts";
import { fullDisk } from "./support/full_disk.ts";

// Each thing that is written, on a disk that is full from one call on, for each call that it makes.
vi.mock("node:fs/promises", async (original) =>
  (await import("./support/full_disk.ts")).fullPromises(await original()),
);
vi.mock("node:fs", async (original) => (await import("./support/full_disk.ts")).fullSync(await original()));

beforeEach(() => {
  fullDisk.from = undefined;
});
afterEach(() => {
  fullDisk.from = undefined;
});

/** Fills the disk at the first call, the second and so on, until the work needs no more calls. @returns how many it made */
async function atEachCall(work: (call: number) => Promise<void>): Promise<number> {
  for (let call = 1; ; call++) {
    fullDisk.from = call;
    fullDisk.calls = 0;
    fullDisk.failed = [];
    await work(call);
    fullDisk.from = undefined;
    if (fullDisk.failed.length === 0) return call - 1;
    expect(call, "calls of one piece of work").toBeLessThan(200);
  }
}

const names = async (folder: string): Promise<string[]> =>
  existsSync(folder) ? (await readdir(folder)).sort() : [];

test("a download says so in one sentence, leaves what continues it, and then continues", async () => {
  const file = "model-Q4_K_M.gguf";
  const bytes = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(200_000, 7)]);
  await using hub = await startHub({ [file]: bytes });
  const calls = await atEachCall(async (call) => {
    await using folder = await temporaryFolder();
    const pull = () => pullModel(hub.repository, folder.at("models"), { hub: hub.url, retryMs: [] });
    const path = join(folder.at("models"), hub.repository, file);
    const error: unknown = await pull().then(
      () => undefined,
      (it) => it,
    );
    fullDisk.from = undefined;
    if (fullDisk.failed.length > 0) {
      expect(error, `call ${call}`).toBeInstanceOf(UserError);
      expect((error as UserError).message, `call ${call}`).toMatch(/ENOSPC/);
      const left = (await names(dirname(path))).filter((name) => !/\.gguf(\.part|\.part\.json)?$/.test(name));
      expect(left, `call ${call}: ${fullDisk.failed[0]}`).toEqual([]);
    }
    await pull();
    expect(await names(dirname(path)), `call ${call}`).toEqual([file, `${file}.sha256`]);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
  expect(calls).toBeGreaterThan(8);
});

test("statistics keep what they had, say so once, and store all counts when there is room", async () => {
  const calls = await atEachCall(async (call) => {
    await using folder = await temporaryFolder();
    const said: string[] = [];
    const clock = fakeClock();
    const window = () => {
      const store = createStore({
        folder: folder.at("global"),
        isSound: isStoredMetrics,
        log: (_, sentence) => said.push(sentence),
      });
      return createSharedMetrics({ ...store, onChange: () => {}, log: (it) => said.push(it), clock });
    };
    const show = ({ metrics }: ReturnType<typeof window>, from: number, to: number) => {
      for (let id = from; id <= to; id++) metrics.lifecycle({ kind: "shown", id, languageId: "go", atMs: 0 });
    };
    const before = fullDisk.from;
    fullDisk.from = undefined;
    const first = window();
    show(first, 1, 3);
    await first.close();
    fullDisk.from = before;
    fullDisk.calls = 0;
    const one = window();
    await one.enter();
    show(one, 1, 2);
    await one.leave();
    show(one, 3, 4);
    await one.leave();
    fullDisk.from = undefined;
    if (fullDisk.failed.length > 0) {
      expect(said, `call ${call}`).toEqual([
        expect.stringMatching(/cannot be stored in .*ENOSPC.*: make room/),
      ]);
      const other = window();
      await other.enter();
      expect([3, 5]).toContain(other.metrics.summary().strict.n);
      await other.close();
    }
    expect((await names(folder.at("global"))).filter((name) => !/^statistics\.\d\.json$/.test(name))).toEqual(
      [],
    );
    await clock.pass(10_000); // it tries again
    await one.close();
    const last = window();
    await last.enter();
    expect(last.metrics.summary().strict.n, `call ${call}: ${fullDisk.failed[0]}`).toBe(7);
    await last.close();
  });
  expect(calls).toBeGreaterThan(5);
});

test("a recording ends with a whole line, and says so once", async () => {
  const calls = await atEachCall(async (call) => {
    await using folder = await temporaryFolder();
    const said: string[] = [];
    const path = folder.at("recordings/typing.jsonl");
    const recorder = createTypingRecorder({
      append: recordingFile(path),
      isExcluded: () => false,
      clock: fakeClock(),
      log: (sentence) => said.push(sentence),
    });
    const document = { uri: "file:///a.ts", path: "a.ts", folder: "", languageId: "typescript", version: 1 };
    recorder.see({ ...document, text: "const a = 1;\n", tabSize: 2, insertSpaces: true });
    for (let version = 2; version < 6; version++) {
      await recorder.flush();
      const changes = [{ offset: 0, removed: 0, inserted: "x" }];
      recorder.changed(document.uri, version, changes);
    }
    await recorder.flush();
    if (fullDisk.failed.length > 0)
      expect(said).toEqual([expect.stringMatching(/^Typing cannot be recorded \(ENOSPC.*\)\.$/)]);
    const text = existsSync(path) ? await readFile(path, "utf8") : "";
    for (const line of text.split("\n").filter((it) => it !== "")) JSON.parse(line);
    expect(text === "" || text.endsWith("\n"), `call ${call}`).toBe(true);
  });
  expect(calls).toBeGreaterThan(5);
});

test("which devices were lost stays as it was, and the work is done", async () => {
  const calls = await atEachCall(async (call) => {
    await using folder = await temporaryFolder();
    const path = folder.at("data/lost_devices.json");
    const said: string[] = [];
    const devices = (pid: number) =>
      createLostDevices({ path, log: (it) => said.push(it), pid, isAlive: (it) => it === pid });
    const before = fullDisk.from;
    fullDisk.from = undefined;
    const dead = devices(1);
    dead.begin("a GPU");
    fullDisk.from = before;
    fullDisk.calls = 0;
    const mine = devices(2);
    mine.begin("a GPU");
    mine.end(true);
    fullDisk.from = undefined;
    if (fullDisk.failed.length > 0) expect(said[0], `call ${call}`).toMatch(/cannot be written: ENOSPC/);
    expect(await names(folder.at("data"))).toEqual(["lost_devices.json"]);
    JSON.parse(await readFile(path, "utf8"));
  });
  expect(calls).toBeGreaterThan(3);
});
