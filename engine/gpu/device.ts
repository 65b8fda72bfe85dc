import { existsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, globals } from "webgpu";
import { UserError } from "../errors/index.ts";
import { Gpu, type SoftwareDevice } from "./gpu.ts";

Object.assign(globalThis, globals);

// Mesa complains on stderr, for each device that it looks at, where a service or a container leaves this unset.
if (process.platform === "linux" && !process.env.XDG_RUNTIME_DIR) process.env.XDG_RUNTIME_DIR = tmpdir();

/** The software devices that set-up can put beside the code; they compute on the CPU. */
const softwareDevices: readonly SoftwareDevice[] = ["lavapipe", "swiftshader"];

export interface DeviceChoice {
  /** `auto` (a GPU, else a software device that set-up has put here), `lavapipe`, `swiftshader`, or part of a GPU's name. */
  readonly device?: string | undefined;
  /** Keeps Dawn's validation and bounds checks: slower, for tests. */
  readonly safe?: boolean | undefined;
  /** Bytes of GPU memory that may be used, where the device cannot tell. */
  readonly memoryLimit?: number | undefined;
}

export interface AdapterReport {
  readonly choice: string;
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

// What a release build of Chromium's own WebGPU users (ONNX Runtime, ggml) turn off as well: checks that the
// kernels' own guards and the tests on the safe profile make redundant. The last two need no shader change.
const fastToggles = [
  "skip_validation",
  "disable_robustness",
  "disable_workgroup_init",
  "disable_polyfills_on_integer_div_and_mod",
  "vulkan_enable_f16_on_nvidia",
  "use_vulkan_memory_model",
];

function dawnFlags(safe: boolean): string[] {
  const enabled = ["allow_unsafe_apis", ...(safe ? [] : fastToggles)];
  const disabled = ["timestamp_quantization", ...(safe ? [] : ["lazy_clear_resource_on_first_use"])];
  return [`enable-dawn-features=${enabled.join(",")}`, `disable-dawn-features=${disabled.join(",")}`];
}

/** The driver manifest of a software device, where set-up has put one: in `.cache/vulkan` of the checkout. */
export function softwareManifest(device: SoftwareDevice): string | undefined {
  let folder = process.env.FORETYPE_VULKAN_DIR;
  for (let at = dirname(fileURLToPath(import.meta.url)); folder === undefined; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) folder = join(at, ".cache", "vulkan");
    else if (at === dirname(at)) return undefined;
  }
  const manifest = join(folder, `${device}.json`);
  return existsSync(manifest) ? manifest : undefined;
}

/**
 * Runs `action` with the Vulkan loader pointed at one software driver. The loader reads its environment when Dawn
 * makes an instance; with several drivers it would pick as it likes, so the software device is asked for alone.
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

interface Candidate {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly report: AdapterReport;
}

async function request(choice: string, flags: string[]): Promise<Candidate | undefined> {
  const software = softwareDevices.find((name) => name === choice);
  if (!software) return ask(choice, choice === "auto" ? flags : [`adapter=${choice}`, ...flags]);
  const manifest = softwareManifest(software);
  return manifest ? withDriver(manifest, () => ask(choice, ["backend=vulkan", ...flags])) : undefined;
}

async function ask(choice: string, flags: string[]): Promise<Candidate | undefined> {
  let gpu: GPU;
  let adapter: GPUAdapter | null;
  try {
    gpu = create(flags);
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch {
    return undefined; // dawn.node throws where no adapter has the name that was asked for
  }
  if (!adapter) return undefined;
  const { info, limits } = adapter;
  const numbers: Record<string, number> = {};
  for (const name in limits) numbers[name] = limits[name as keyof GPUSupportedLimits] as number;
  return {
    gpu,
    adapter,
    report: {
      choice,
      description: info.description || info.device,
      vendor: info.vendor,
      architecture: info.architecture,
      software: info.isFallbackAdapter,
      features: [...adapter.features].sort(),
      limits: numbers,
    },
  };
}

const noDevice = (asked: string): UserError =>
  asked === "auto"
    ? new UserError({
        code: "device-missing",
        problem: "No GPU answered",
        advice:
          "install your GPU's Vulkan driver (on Linux with the loader, libvulkan1), or run `npm start` in the checkout, which sets up a software device",
      })
    : new UserError({
        code: "device-missing",
        problem: `No device "${asked}" answered`,
        advice: `\`foretype devices\` lists those that do`,
      });

/** The order in which `auto` looks: a GPU first, then the software devices, the quicker one first. */
async function choose(asked: string, flags: string[]): Promise<Candidate> {
  const first = await request(asked, flags);
  if (first && (asked !== "auto" || !first.report.software)) return first;
  if (asked === "auto") {
    for (const name of softwareDevices) {
      const candidate = await request(name, flags);
      if (candidate) return candidate;
    }
  }
  throw noDevice(asked);
}

/** Every adapter that answers: the GPU that `auto` would take, then the software devices. */
export async function listAdapters(): Promise<AdapterReport[]> {
  const reports: AdapterReport[] = [];
  for (const choice of ["auto", ...softwareDevices]) {
    const candidate = await request(choice, dawnFlags(false));
    if (candidate && !(choice === "auto" && candidate.report.software)) reports.push(candidate.report);
  }
  return reports;
}

// dawn.node frees an instance that JavaScript no longer holds, and its devices with it.
const instances = new Set<GPU>();

/**
 * Opens a device with the largest limits that it has.
 * @throws UserError when none answers.
 */
export async function openGpu(choice: DeviceChoice = {}): Promise<Gpu> {
  const asked = choice.device ?? process.env.FORETYPE_DEVICE ?? "auto";
  const { gpu, adapter, report } = await choose(asked, dawnFlags(choice.safe ?? false));
  instances.add(gpu);
  const limit = (name: string) => report.limits[name]!;
  const wanted: GPUFeatureName[] = ["timestamp-query"];
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((name) => adapter.features.has(name)),
    requiredLimits: {
      maxBufferSize: limit("maxBufferSize"),
      maxStorageBufferBindingSize: limit("maxStorageBufferBindingSize"),
      maxComputeWorkgroupStorageSize: limit("maxComputeWorkgroupStorageSize"),
      maxStorageBuffersPerShaderStage: limit("maxStorageBuffersPerShaderStage"),
    },
  });
  return new Gpu(device, {
    description: report.description,
    software: report.software,
    softwareDevice: softwareDevices.find((name) => name === report.choice),
    memoryLimit: choice.memoryLimit ?? (report.software ? freemem() : undefined),
  });
}
