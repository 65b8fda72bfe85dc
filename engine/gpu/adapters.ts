import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import type { Dawn } from "./dawn.ts";
import type { SoftwareDevice } from "./gpu.ts";
import { vulkanFolder } from "./vulkan_folder.ts";

/** The software devices that set-up can put beside the code; they compute on the CPU. The quicker one is first. */
export const softwareDevices: readonly SoftwareDevice[] = ["lavapipe", "swiftshader"];

/** A GPU that the drivers of this system offer. */
export interface AdapterName {
  /** The GPU's own name, as its driver spells it. */
  readonly name: string;
  /** The interfaces by which it can be reached, for example `vulkan` and `d3d12`. */
  readonly backends: readonly string[];
}

export interface AdapterReport {
  /** What to write for --device. */
  readonly choice: string;
  /** The GPU's own name. */
  readonly description: string;
  readonly backends: readonly string[];
  /** The driver's words about itself. */
  readonly driver: string;
  /** Dawn's form of the GPU's name. */
  readonly device: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface Candidate {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly report: AdapterReport;
}

// A name that no GPU has: Dawn answers with the list of those that there are, and has no other way to list them.
const noName = "\u0001";

/** The GPUs in Dawn's answer to a name that none has; one that several backends reach comes once. */
export function parseAdapterNames(said: string): AdapterName[] {
  const backends = new Map<string, string[]>();
  for (const [, backend, name] of said.matchAll(/^\s*\* backend: '([^']*)', name: '(.*)'\s*$/gm)) {
    backends.set(name!, [...(backends.get(name!) ?? []), backend!]);
  }
  return [...backends].map(([name, reached]) => ({ name, backends: reached }));
}

/** The GPUs that this system's drivers offer, in Dawn's order. */
async function adapterNames(dawn: Dawn): Promise<AdapterName[]> {
  try {
    await dawn.create([`adapter=${noName}`]).requestAdapter();
    return [];
  } catch (error) {
    return parseAdapterNames(String((error as Error)?.message ?? error));
  }
}

/** The driver manifest of a software device, where set-up has put one: in `.cache/vulkan` of the checkout. */
export function softwareManifest(device: SoftwareDevice): string | undefined {
  const folder = vulkanFolder();
  const manifest = folder && join(folder, `${device}.json`);
  return manifest && existsSync(manifest) ? manifest : undefined;
}

/**
 * Runs `action` with the Vulkan loader pointed at one software driver. The loader reads its environment when Dawn
 * makes an instance; with several drivers its choice is arbitrary, so only the software device is offered.
 */
async function withDriver<T>(manifest: string, action: () => Promise<T>): Promise<T> {
  const names = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] as const;
  const saved = names.map((name) => process.env[name]);
  process.env.VK_DRIVER_FILES = manifest;
  delete process.env.VK_ICD_FILENAMES;
  try {
    return await action();
  } finally {
    names.forEach((name, i) => {
      if (saved[i] === undefined) delete process.env[name];
      else process.env[name] = saved[i];
    });
  }
}

/** Dawn turns a GPU's name into this form in `GPUAdapterInfo.device`. */
const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

interface Opened {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

async function open(
  dawn: Dawn,
  flags: readonly string[],
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<Opened | undefined> {
  try {
    const gpu = dawn.create([...flags]);
    const adapter = await gpu.requestAdapter({ powerPreference });
    return adapter ? { gpu, adapter } : undefined;
  } catch {
    return undefined; // dawn.node throws where no adapter has the name that was asked for
  }
}

function describe({ gpu, adapter }: Opened, choice: string, known: AdapterName | undefined): Candidate {
  const { info, limits } = adapter;
  const numbers: Record<string, number> = {};
  for (const name in limits) numbers[name] = limits[name as keyof GPUSupportedLimits] as number;
  return {
    gpu,
    adapter,
    report: {
      choice,
      description: known?.name ?? (info.description || info.device || "unnamed GPU"),
      backends: known?.backends ?? [],
      driver: info.description,
      device: info.device,
      vendor: info.vendor,
      architecture: info.architecture,
      software: info.isFallbackAdapter || isMicrosoftSoftware(known?.name ?? info.description),
      features: [...adapter.features].sort(),
      limits: numbers,
    },
  };
}

async function requestNamed(
  dawn: Dawn,
  known: AdapterName,
  flags: readonly string[],
): Promise<Candidate | undefined> {
  // Dawn takes the first GPU whose name contains this one, as that of an RTX 3060 Ti contains an RTX 3060's.
  for (const powerPreference of ["high-performance", "low-power"] as const) {
    const opened = await open(dawn, [`adapter=${known.name}`, ...flags], powerPreference);
    if (opened?.adapter.info.device === slug(known.name)) return describe(opened, known.name, known);
  }
  return undefined;
}

/** The GPU that the driver prefers. */
async function requestAny(dawn: Dawn, flags: readonly string[]): Promise<Candidate | undefined> {
  const opened = await open(dawn, flags);
  // Each look at the drivers makes some of them write to stderr: a software device's name is not worth one.
  if (!opened || opened.adapter.info.isFallbackAdapter) return opened && describe(opened, "auto", undefined);
  const known = (await adapterNames(dawn)).find(({ name }) => slug(name) === opened.adapter.info.device);
  return describe(opened, known?.name ?? "auto", known);
}

/** Windows' own software adapter, which every Windows has. */
export const isMicrosoftSoftware = (name: string): boolean =>
  /Microsoft Basic Render Driver|\bWARP\b/i.test(name);

async function requestSoftware(
  dawn: Dawn,
  device: SoftwareDevice,
  flags: readonly string[],
): Promise<Candidate | undefined> {
  // Elsewhere there are none, and the look for Vulkan alone would print a warning.
  const manifest = process.platform === "linux" ? softwareManifest(device) : undefined;
  if (!manifest) return undefined;
  const opened = await withDriver(manifest, () => open(dawn, ["backend=vulkan", ...flags]));
  return opened && describe(opened, device, undefined);
}

/**
 * The one GPU that `asked` means: its whole name, else a part of it, case-insensitive.
 * @throws UserError where it is part of several names
 */
export function matchName(asked: string, names: readonly AdapterName[]): AdapterName | undefined {
  const wanted = asked.toLowerCase();
  const whole = names.find(({ name }) => name.toLowerCase() === wanted);
  if (whole) return whole;
  const found = names.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (found.length > 1) {
    throw new UserError({
      code: "ambiguous",
      problem: `"${asked}" is part of the names of ${found.length} GPUs`,
      advice: `choose one of ${found.map(({ name }) => `"${name}"`).join(", ")}`,
      setting: "foretype.gpu.device",
    });
  }
  return found[0];
}

/**
 * The adapter that a choice means: `auto` takes the GPU that the driver prefers, else a software device of set-up.
 * @throws UserError when none answers, or a name means none or several
 */
export async function chooseAdapter(dawn: Dawn, asked: string, flags: readonly string[]): Promise<Candidate> {
  if (asked === "auto") return chooseAny(dawn, flags);
  const software = softwareDevices.find((name) => name === asked.toLowerCase());
  const own = software && (await requestSoftware(dawn, software, flags));
  if (own) return own;
  const names = await adapterNames(dawn);
  const known = matchName(asked, names);
  const candidate = known && (await requestNamed(dawn, known, flags));
  if (candidate) return candidate;
  throw noSuchDevice(asked, names);
}

async function chooseAny(dawn: Dawn, flags: readonly string[]): Promise<Candidate> {
  const first = await requestAny(dawn, flags);
  if (first && !first.report.software) return first;
  for (const name of softwareDevices) {
    const candidate = await requestSoftware(dawn, name, flags);
    if (candidate) return candidate;
  }
  throw new UserError(noGpuFault(await adapterNames(dawn), process.platform));
}

function noSuchDevice(asked: string, names: readonly AdapterName[]): UserError {
  const there = names.map(({ name }) => `"${name}"`).join(", ");
  return new UserError({
    code: "device-missing",
    problem: `No device "${asked}" answered`,
    advice: there ? `choose one of ${there}, or auto` : "`foretype devices` lists those that do",
    setting: "foretype.gpu.device",
  });
}

const driverAdvice: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    "install your GPU's Vulkan driver with the loader, libvulkan1, or run `npm start` in the checkout, which sets up a software device",
  win32: "install the newest driver from your GPU's maker, and restart",
  darwin: "use a Mac with Metal; a virtual machine often has none",
};

/** What to say where `auto` finds no GPU, by what this system has and lacks. */
export function noGpuFault(names: readonly AdapterName[], platform: NodeJS.Platform) {
  const software = names.find(({ name }) => isMicrosoftSoftware(name));
  const advice = driverAdvice[platform] ?? "install your GPU's driver";
  return {
    code: "device-missing",
    problem: software
      ? `No GPU answered, only Microsoft's software adapter "${software.name}", which is too slow to type with`
      : "No GPU answered",
    advice: software ? `${advice}, or try it all the same with the device "${software.name}"` : advice,
    setting: "foretype.gpu.device",
  } as const;
}

/** Every adapter that answers, the one that `asked` means first. Where it means none, `used` is undefined. */
export async function allAdapters(
  dawn: Dawn,
  asked: string,
  flags: readonly string[],
): Promise<{ readonly used: AdapterReport | undefined; readonly others: readonly AdapterReport[] }> {
  const used = await chooseAdapter(dawn, asked, flags).then(
    ({ report }) => report,
    () => undefined,
  );
  const others: AdapterReport[] = [];
  for (const known of await adapterNames(dawn)) {
    const candidate = known.name === used?.choice ? undefined : await requestNamed(dawn, known, flags);
    if (candidate) others.push(candidate.report);
  }
  for (const device of softwareDevices) {
    const candidate = device === used?.choice ? undefined : await requestSoftware(dawn, device, flags);
    // Where the system's own drivers are the software devices, each is listed once.
    const twice = [used, ...others].some((it) => it?.driver === candidate?.report.driver);
    if (candidate && !twice) others.push(candidate.report);
  }
  return { used, others };
}
