import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStoredMetrics, type StoredMetrics } from "../../engine/complete/index.ts";
import { createStore } from "../../extension/statistics/store.ts";
import { childEnvironment } from "../../scripts/environment.mjs";
import type { Random } from "../reference/random.ts";
import { wait } from "./processes.ts";

/**
 * Three windows in processes of their own count into one folder, and are killed at random moments while they write.
 * @param script a bundle of test/torture/window.ts
 * @throws Error where a count that was stored is missing, one is there twice, or more than one unfinished file of each is left
 */
export async function killWindows(script: string, random: Random): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "foretype-windows-"));
  try {
    const windows = Array.from({ length: 3 }, () => openWindow(script, folder));
    await Promise.all(
      windows.map(async (one) => {
        await one.begun;
        await wait(random() * 300);
        await one.kill();
      }),
    );
    const sentences = windows.flatMap((one) => one.sentences);
    if (sentences.length > 0) throw new Error(sentences[0]);
    const store = createStore({ folder, isSound: isStoredMetrics, log: (_, it) => sentences.push(it) });
    const found = ((await store.read()) as StoredMetrics).languages.go!.shown;
    const sum = (read: (one: (typeof windows)[number]) => number) =>
      windows.reduce((total, one) => total + read(one), 0);
    const [stored, counted] = [sum((one) => one.stored), sum((one) => one.counted)];
    if (found < stored || found > counted)
      throw new Error(`${found} are there, ${stored} were stored of ${counted} that were counted`);
    const left = (await readdir(folder)).filter((name) => name.endsWith(".part"));
    if (left.length > windows.length) throw new Error(`${left.length} unfinished files are left`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function openWindow(script: string, folder: string) {
  const process: ChildProcess = fork(script, [folder], {
    env: childEnvironment(),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const sentences: string[] = [];
  let [counted, stored] = [0, 0];
  const begun = new Promise<void>((resolve) => {
    process.on("message", (word: { counted?: number; stored?: number; sentence?: string }) => {
      counted = word.counted ?? counted;
      stored = word.stored ?? stored;
      if (word.sentence) sentences.push(word.sentence);
      resolve();
    });
  });
  return {
    begun,
    sentences,
    /** @returns when it is gone and all that it said has come */
    kill: () =>
      new Promise<void>((resolve) => {
        process.once("close", () => resolve());
        process.kill("SIGKILL");
      }),
    get counted() {
      return counted + 1; // it may have counted one more before it said so
    },
    get stored() {
      return stored;
    },
  };
}
