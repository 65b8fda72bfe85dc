import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { dataFolder, processIsThere, writeWholeSync } from "../system/index.ts";

/** Losses after which a device is not asked again. */
const mostLosses = 2;

interface Entry {
  /** Times that the device was lost, or took the process with it, in start-up work. */
  lost: number;
  /** Processes that are at it; one that is no longer there was taken with it. */
  running: number[];
}

type Entries = Record<string, Entry>;

export interface LostDevicesOptions {
  /** Default: `lost_devices.json` in the user's data folder. */
  readonly path?: string | undefined;
  readonly log: (message: string) => void;
  readonly pid?: number;
  /** Whether a process is there. */
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Which devices were lost while their drafts were prepared or variants of kernels were timed, each of these for itself, on disk, by a
 * key that changes with the driver's version: so that a driver that fails at this work, or hangs and has to be ended with its process, does so twice and not at each start. Only
 * the key of another driver version begins at none again, or deleting the file. Trouble with the file is logged and harms nothing.
 */
export function createLostDevices({
  log,
  pid = process.pid,
  isAlive = processIsThere,
  ...options
}: LostDevicesOptions) {
  const path = options.path ?? join(dataFolder(), "lost_devices.json");
  let current: string | undefined;

  function read(): Entries {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return {}; // there is none yet
    }
    try {
      return parse(text);
    } catch {
      log(`${path} cannot be read: it is kept as ${path}.broken, and which devices were lost is forgotten`);
      attempt(() => renameSync(path, `${path}.broken`));
      return {};
    }
  }

  function change(key: string, edit: (entry: Entry) => void): Entry {
    const entries = read();
    const entry = entries[key] ?? { lost: 0, running: [] };
    const before = JSON.stringify(entry);
    edit(entry);
    entries[key] = entry;
    if (JSON.stringify(entry) === before) return entry;
    if (entry.lost === 0 && entry.running.length === 0) delete entries[key];
    attempt(() => writeWholeSync(path, JSON.stringify(entries, null, 2), pid));
    return entry;
  }

  function attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      log(`${path} cannot be written: ${(error as Error).message}`);
    }
  }

  /** Processes that ended in the work count as losses. */
  function settle(entry: Entry): void {
    const there = entry.running.filter((it) => it !== pid && isAlive(it));
    const own = entry.running.filter((it) => it === pid && current !== undefined);
    entry.lost += entry.running.length - there.length - own.length;
    entry.running = [...there, ...own];
  }

  return {
    /** Whether start-up work is left out on this device. */
    isLost: (key: string): boolean => change(key, settle).lost >= mostLosses,

    /** The work begins: if nothing ends it, the process has been taken with it. */
    begin(key: string): void {
      change(key, (entry) => {
        settle(entry);
        entry.running.push(pid);
      });
      current = key;
    },

    /** The work is over, for now or for good; `lost`: since the device was. */
    end(lost: boolean): void {
      if (current === undefined) return;
      change(current, (entry) => {
        entry.running = entry.running.filter((it) => it !== pid);
        if (lost) entry.lost++;
      });
      current = undefined;
    },
  };
}

export type LostDevices = ReturnType<typeof createLostDevices>;

/** @throws Error for anything but what `change` writes. */
function parse(text: string): Entries {
  const entries = JSON.parse(text) as Entries;
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) throw new Error("not ours");
  const whole = (number: unknown) => Number.isInteger(number) && (number as number) >= 0;
  for (const { lost, running } of Object.values(entries))
    if (!whole(lost) || !Array.isArray(running) || !running.every(whole)) throw new Error("not ours");
  return entries;
}
