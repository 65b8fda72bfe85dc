import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** How a write ended; `changed`: another window has written since this one read, so read again first. */
export type Written = "written" | "changed" | "failed";

export interface StoreOptions {
  /** Where the files are; made with the first write. */
  readonly folder: string;
  /** Whether it is what a window of this version may have written. */
  readonly isSound: (stored: unknown) => boolean;
  readonly log: (level: "warn" | "error", sentence: string) => void;
}

const ABANDONED_MS = 3_600_000; // of a file that was never finished
const TRIES = 20; // others may write while the files are listed

/**
 * One value that several windows write. Each write is a file of its own with the next number, which only one window can
 * make; the highest number holds, and lower ones are removed. So a window that is killed at any moment, or a full disk,
 * leaves the value before or the value after, and a window never writes over what it has not read.
 */
export function createStore({ folder, isSound, log }: StoreOptions) {
  /** The number that was read last; 0: none, or a file of earlier versions, which had no number. */
  let seen = 0;
  let readable = true;
  let told = false;

  const pathOf = (number: number): string =>
    join(folder, number === 0 ? "statistics.json" : `statistics.${number}.json`);

  /** Numbers of all files, those that were set aside among them: a number is never used again. */
  async function numbers(): Promise<{ readonly number: number; readonly broken: boolean }[]> {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    return names
      .flatMap((name) => {
        const [, number, broken] = /^statistics(?:\.(\d+))?\.json(\.broken)?$/.exec(name) ?? [];
        return number === undefined && name !== "statistics.json"
          ? []
          : [{ number: Number(number ?? 0), broken: broken !== undefined }];
      })
      .sort((a, b) => b.number - a.number);
  }

  /** Says what is wrong once, until a write succeeds. */
  function tell(problem: string, error: unknown, advice: string): void {
    if (!told) log("error", `${problem} (${(error as Error).message}): ${advice}.`);
    told = true;
  }

  async function setAside(number: number): Promise<undefined> {
    const path = pathOf(number);
    const aside = `${path}.broken`;
    log("warn", `${path} cannot be read: it is kept as ${aside}, and counting starts again from zero.`);
    await rename(path, aside);
    return undefined;
  }

  async function readNewest(): Promise<unknown> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const [newest] = await numbers();
      seen = newest?.number ?? 0;
      if (!newest || newest.broken) return undefined;
      let text: string;
      try {
        text = await readFile(pathOf(seen), "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue; // a newer one has taken its place
        throw error;
      }
      const stored = parsed(text);
      return isSound(stored) ? stored : await setAside(seen);
    }
    throw new Error("it changes all the time");
  }

  /** @returns false where another window was quicker */
  async function place(part: string): Promise<boolean> {
    const next = seen + 1;
    try {
      await link(part, pathOf(next));
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      // A disk without links, as on USB sticks: two windows that write within the same millisecond may lose counts there.
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
      if ((await numbers()).some(({ number }) => number >= next)) return false;
      await rename(part, pathOf(next));
    }
    const all = await numbers();
    if (all[0]!.number > next) {
      await rm(pathOf(next), { force: true }); // its number was free again, since newer ones had taken its place
      return false;
    }
    seen = next;
    for (const { number, broken } of all)
      if (number < next && !broken) await rm(pathOf(number), { force: true });
    return true;
  }

  async function sweep(): Promise<void> {
    for (const name of await readdir(folder)) {
      if (!/^statistics\.[\w-]+\.part$/.test(name)) continue;
      const path = join(folder, name);
      const { mtimeMs } = await stat(path);
      if (Math.abs(Date.now() - mtimeMs) > ABANDONED_MS) await rm(path, { force: true });
    }
  }

  return {
    /** What any window wrote last; undefined where there is nothing yet, or nothing that can be read. Never rejects. */
    async read(): Promise<unknown> {
      try {
        const stored = await readNewest();
        readable = true;
        return stored;
      } catch (error) {
        readable = false;
        tell(
          `The statistics in ${folder} cannot be read`,
          error,
          "check the folder; until then they are not stored",
        );
        return undefined;
      }
    },

    /** Never rejects. */
    async write(stored: object): Promise<Written> {
      if (!readable) return "failed"; // nothing is written over what may be there
      const part = join(folder, `statistics.${randomUUID()}.part`);
      try {
        await mkdir(folder, { recursive: true });
        try {
          await writeThrough(part, JSON.stringify(stored));
          if (!(await place(part))) return "changed";
        } finally {
          await rm(part, { force: true });
        }
        told = false;
        await sweep().catch(() => {}); // the next write tries again
        return "written";
      } catch (error) {
        tell(`The statistics cannot be stored in ${folder}`, error, "make room, or check the folder");
        return "failed";
      }
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a new file, and waits until the disk has it: else a power cut may leave its name without its bytes. */
async function writeThrough(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
