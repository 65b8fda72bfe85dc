import type * as Sync from "node:fs";
import type * as Async from "node:fs/promises";

/** A disk that is full at one call: to be put in the place of Node's file systems by `vi.mock`. */
export const fullDisk = {
  /** Calls that need room, since `failAt` was set. */
  calls: 0,
  /** The call that fails, and each after it; from 1. Undefined: none. */
  from: undefined as number | undefined,
  /** What the failing call was. */
  failed: [] as string[],
};

function needRoom(what: string): void {
  fullDisk.calls++;
  if (fullDisk.from === undefined || fullDisk.calls < fullDisk.from) return;
  fullDisk.failed.push(what);
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${what}`), { code: "ENOSPC" });
}

const half = (data: unknown): string => String(data).slice(0, String(data).length / 2);

/** What fails writes half of it first, as a disk does. */
export function fullPromises(real: typeof Async): typeof Async {
  const handle = (it: Async.FileHandle): Async.FileHandle =>
    new Proxy(it, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name === "writeFile" || name === "write" || name === "sync")
          return async (...args: never[]) => {
            needRoom(`FileHandle.${name}`);
            return Reflect.apply(value, target, args);
          };
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const changed: Partial<typeof Async> = {
    async writeFile(path, data, options) {
      try {
        needRoom("writeFile");
      } catch (error) {
        await real.writeFile(path, half(data), options);
        throw error;
      }
      await real.writeFile(path, data, options);
    },
    async appendFile(path, data, options) {
      try {
        needRoom("appendFile");
      } catch (error) {
        await real.appendFile(path, half(data), options);
        throw error;
      }
      await real.appendFile(path, data, options);
    },
    async rename(from, to) {
      needRoom("rename");
      await real.rename(from, to);
    },
    async link(from, to) {
      needRoom("link");
      await real.link(from, to);
    },
    mkdir: (async (path: string, options: object) => {
      needRoom("mkdir");
      return real.mkdir(path, options);
    }) as never,
    async open(path, flags, mode) {
      if (flags !== "r") needRoom("open");
      return handle(await real.open(path, flags, mode));
    },
  };
  const all = { ...real, ...changed };
  return { ...all, default: all } as never;
}

export function fullSync(real: typeof Sync): typeof Sync {
  const changed: Partial<typeof Sync> = {
    writeFileSync(path, data, options) {
      try {
        needRoom("writeFileSync");
      } catch (error) {
        real.writeFileSync(path, half(data), options);
        throw error;
      }
      real.writeFileSync(path, data, options);
    },
    renameSync(from, to) {
      needRoom("renameSync");
      real.renameSync(from, to);
    },
    mkdirSync: ((path: string, options: object) => {
      needRoom("mkdirSync");
      return real.mkdirSync(path, options);
    }) as never,
  };
  const all = { ...real, ...changed };
  return { ...all, default: all } as never;
}
