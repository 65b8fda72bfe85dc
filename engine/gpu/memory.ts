// How much memory a GPU has, and how much of it is free. WebGPU tells neither, so the drivers' own tools and files are asked.
// Own code instead of a library: systeminformation, the one that is kept, takes the largest PCI window for the card's memory on
// Linux, starts eight PowerShells on Windows, and tells nothing of unified memory, which is where most of the rules below are.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { join, win32 } from "node:path";
import { amdMemory, appleMemory, nvidiaMemory, windowsMemory } from "./memory_parsers.ts";

/** What is known of a device's memory, in bytes. */
export interface DeviceMemory {
  /** All that a program may use: the card's own memory, or a share of RAM. */
  readonly total: number;
  /** Of `total`, what other programs do not hold now; where that is not known, less a reserve for the desktop. */
  readonly free: number;
  readonly kind: "dedicated" | "unified";
  /** Where the figures come from, for people. */
  readonly source: string;
}

/** What a machine tells of itself; tests give their own. */
export interface MemorySources {
  readonly platform: NodeJS.Platform;
  readonly ramBytes: number;
  readonly freeRamBytes: number;
  /** What a program prints; undefined where it is missing, fails or takes too long. */
  run(program: string, args: readonly string[]): Promise<string | undefined>;
  /** A file's text; undefined where it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; none where it cannot be read. */
  list(path: string): Promise<readonly string[]>;
}

/** What tells one GPU from another, as WebGPU reports it. */
interface Named {
  /** The GPU's own name. */
  readonly description: string;
  readonly vendor: string;
  readonly software: boolean;
}

const MIB = 2 ** 20;

/** What a desktop holds of a card that does not tell what is used: two large screens, a browser, an editor. */
const reserveOf = (total: number): number => Math.max(512 * MIB, total / 10);

/** Windows and Mesa let a GPU without memory of its own use half of RAM. */
const shareOfRam = 1 / 2;

/**
 * What is known of the memory of a GPU. Software devices compute in RAM.
 * @returns undefined where this system does not tell
 */
export async function deviceMemory(
  adapter: Named,
  sources: MemorySources = systemSources,
): Promise<DeviceMemory | undefined> {
  const { platform, ramBytes, freeRamBytes } = sources;
  if (adapter.software) {
    return { total: ramBytes, free: freeRamBytes, kind: "unified", source: "RAM, on which it computes" };
  }
  if (platform === "darwin") return ofApple(adapter, sources);
  if (adapter.vendor === "nvidia") return ofNvidia(adapter, sources);
  if (isUnified(adapter)) return shared(sources);
  if (platform === "linux" && adapter.vendor === "amd") return ofAmd(sources);
  if (platform === "win32") return ofWindows(adapter, sources);
  return undefined; // Intel's cards on Linux, for one: their drivers publish no size
}

/** Intel's name its cards by a letter and three digits; all its other GPUs share RAM, as Qualcomm's and Arm's do. */
function isUnified({ vendor, description }: Named): boolean {
  if (vendor === "intel") return !/\b[AB]\d{3}M?\b/.test(description);
  return vendor === "qualcomm" || vendor === "arm";
}

async function ofApple(
  { vendor }: Named,
  { ramBytes, run }: MemorySources,
): Promise<DeviceMemory | undefined> {
  if (vendor !== "apple") return undefined; // a card in an Intel Mac
  const total = appleMemory(ramBytes, await run("sysctl", ["-n", "iogpu.wired_limit_mb"]));
  // A Mac counts cached files as used, so its free RAM says nothing of what a program may take.
  return { total, free: total, kind: "unified", source: "Metal's share of RAM" };
}

async function ofNvidia(adapter: Named, sources: MemorySources): Promise<DeviceMemory | undefined> {
  const query = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"];
  const said = await sources.run("nvidia-smi", query);
  const found = said === undefined ? undefined : nvidiaMemory(said, adapter.description);
  if (found === "unified") return shared(sources);
  if (found) return { ...found, kind: "dedicated", source: "nvidia-smi" };
  return sources.platform === "win32" ? ofWindows(adapter, sources) : undefined;
}

async function ofAmd(sources: MemorySources): Promise<DeviceMemory | undefined> {
  const root = "/sys/class/drm";
  const cards = (await sources.list(root)).filter((name) => /^card\d+$/.test(name));
  const files = [
    "vendor",
    "mem_info_vram_total",
    "mem_info_vram_used",
    "mem_info_gtt_total",
    "mem_info_gtt_used",
  ];
  const read = await Promise.all(
    cards.map((card) => Promise.all(files.map((file) => sources.read(join(root, card, "device", file))))),
  );
  const found = amdMemory(read);
  return found && { ...found, source: "the amdgpu driver" };
}

async function ofWindows(adapter: Named, sources: MemorySources): Promise<DeviceMemory | undefined> {
  const key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}";
  const ask = (value: string) => sources.run("reg", ["query", key, "/s", "/v", value]);
  const [names, sizes] = await Promise.all([ask("DriverDesc"), ask("HardwareInformation.qwMemorySize")]);
  const total = windowsMemory(names ?? "", sizes ?? "", adapter.description);
  if (total === undefined) return undefined;
  const isCard =
    total > 4 * 2 ** 30 || /\bRX\b|\bPro W|Radeon VII|GeForce|Quadro|\bRTX\b/i.test(adapter.description);
  if (adapter.vendor === "amd" && !isCard) return shared(sources); // a processor's GPU, with a window in RAM
  return {
    total,
    free: total - reserveOf(total),
    kind: "dedicated",
    source: "Windows, less a reserve for the desktop",
  };
}

function shared({ ramBytes, freeRamBytes }: MemorySources): DeviceMemory {
  const total = ramBytes * shareOfRam;
  return { total, free: Math.min(total, freeRamBytes), kind: "unified", source: "a share of RAM" };
}

const patienceMs = 3000; // for a program that answers in 30 to 200 ms

/**
 * The folder in which the drivers' programs are started. Windows looks for a program in the current folder first, which may be
 * that of a repository with an `nvidia-smi.exe`: there it is the system's own, which has all of them.
 */
export const folderOfPrograms = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined =>
  platform === "win32" ? win32.join(env.SystemRoot || "C:\\Windows", "System32") : undefined;

/** The real machine. */
const systemSources: MemorySources = {
  platform: process.platform,
  get ramBytes() {
    return totalmem();
  },
  get freeRamBytes() {
    return freemem();
  },
  run: (program, args) =>
    new Promise((resolve) => {
      const cwd = folderOfPrograms(process.platform, process.env);
      execFile(program, args, { cwd, timeout: patienceMs, windowsHide: true }, (error, stdout) =>
        resolve(error ? undefined : stdout),
      );
    }),
  read: (path) => readFile(path, "utf8").catch(() => undefined),
  list: (path) => readdir(path).catch(() => []),
};

export const mebibytes = (bytes: number): string =>
  bytes >= 1 << 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
