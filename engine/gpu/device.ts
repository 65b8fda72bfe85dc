import { inOneLine, UserError } from "../errors/index.ts";
import {
  type AdapterReport,
  allAdapters,
  type Candidate,
  chooseAdapter,
  softwareDevices,
} from "./adapters.ts";
import { loadDawn } from "./dawn.ts";
import { Gpu, identityOf } from "./gpu.ts";
import type { Choices } from "./kernel_choices.ts";
import { type DeviceMemory, deviceMemory } from "./memory.ts";
import { restWaits } from "./rested_waits.ts";
import { type MatrixAdapter, matrixFeatures, subgroupMatricesOf } from "./subgroup_matrices.ts";

export interface DeviceChoice {
  /**
   * `auto` (a GPU, else a software device that set-up has put here), `lavapipe`, `swiftshader`, or a GPU's name or part of it,
   * case-insensitive. Default: FORETYPE_DEVICE, else `auto`.
   */
  readonly device?: string | undefined;
  /** Keeps Dawn's validation and bounds checks: slower, for tests. */
  readonly safe?: boolean | undefined;
  /** Bytes of GPU memory that may be used, even if the device has more. */
  readonly memoryLimit?: number | undefined;
  /** What was chosen for the device of that identity. Software devices have the same kernels everywhere, and are not looked up. */
  readonly choices?: ((identity: string) => Choices) | undefined;
  /** Whether passes may be timed by the GPU's clock, where it has one that programs may read. Default: no. */
  readonly timestamps?: boolean | undefined;
}

/** An adapter as `foretype devices` lists it. */
export interface ListedAdapter extends AdapterReport {
  /** Whether the choice of now means it. */
  readonly used: boolean;
  /** Null: this system does not tell. */
  readonly memory: DeviceMemory | null;
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

/** The device that is meant: as asked for, else FORETYPE_DEVICE, else `auto`. */
export const chosenDevice = (device: string | undefined): string =>
  device || process.env.FORETYPE_DEVICE || "auto";

/**
 * Every adapter that answers; the one that `device` means is first and `used`, if there is one.
 * @throws UserError where WebGPU cannot be loaded on this system
 */
export async function listAdapters(device?: string): Promise<ListedAdapter[]> {
  const dawn = await loadDawn();
  const { used, others } = await allAdapters(dawn, chosenDevice(device), dawnFlags(false));
  const all = [...(used ? [used] : []), ...others];
  return Promise.all(
    all.map(async (report) => ({
      ...report,
      used: report === used,
      memory: (await deviceMemory(report)) ?? null,
    })),
  );
}

// dawn.node frees an instance that JavaScript no longer holds, and its devices with it.
const instances = new Set<GPU>();

/**
 * Opens a device with the largest limits that it has.
 * @throws UserError when none answers, or WebGPU cannot be loaded on this system
 */
export async function openGpu(choice: DeviceChoice = {}): Promise<Gpu> {
  const dawn = await loadDawn();
  const flags = dawnFlags(choice.safe ?? false);
  const choose = () => chooseAdapter(dawn, chosenDevice(choice.device), flags);
  const chosen = await choose();
  const { report } = chosen;
  if (report.software) restWaits();
  const memory = deviceMemory(report); // other programs are asked, while the driver opens the device
  memory.catch(() => {}); // thrown below
  const { gpu, adapter, device } = await openDevice(chosen, choose, choice.timestamps ?? false);
  instances.add(gpu);
  return new Gpu(device, {
    description: inOneLine(report.description),
    software: report.software,
    softwareDevice: softwareDevices.find((name) => name === report.choice),
    memory: await memory,
    memoryLimit: choice.memoryLimit,
    matrices: subgroupMatricesOf({ features: device.features, info: (adapter as MatrixAdapter).info }),
    choices: report.software ? undefined : choice.choices?.(identityOf(device)),
  });
}

/**
 * A device with the features that serve speed or timing, where its adapter has them; without them, where the driver refuses what it
 * lists. A refusal may spend the adapter, so the second try is with another one of the same GPU.
 * @throws UserError where the driver refuses a device without them, too
 */
export async function openDevice(
  chosen: Candidate,
  again: () => Promise<Candidate>,
  timestamps: boolean,
): Promise<Candidate & { readonly device: GPUDevice }> {
  const wanted: GPUFeatureName[] = [
    ...(timestamps ? (["timestamp-query"] as const) : []),
    ...(subgroupMatricesOf(chosen.adapter as MatrixAdapter).length > 0 ? matrixFeatures : []),
  ];
  const features = wanted.filter((name) => chosen.adapter.features.has(name));
  if (features.length === 0) return request(chosen, []);
  try {
    return await request(chosen, features);
  } catch {
    return request(await again(), []); // which says why, where it is refused too
  }
}

/** @throws UserError where the driver refuses */
async function request(
  candidate: Candidate,
  requiredFeatures: GPUFeatureName[],
): Promise<Candidate & { readonly device: GPUDevice }> {
  const { adapter, report } = candidate;
  const limit = (name: string) => report.limits[name]!;
  try {
    const device = await adapter.requestDevice({
      requiredFeatures,
      requiredLimits: {
        maxBufferSize: limit("maxBufferSize"),
        maxStorageBufferBindingSize: limit("maxStorageBufferBindingSize"),
        maxComputeWorkgroupStorageSize: limit("maxComputeWorkgroupStorageSize"),
        maxStorageBuffersPerShaderStage: limit("maxStorageBuffersPerShaderStage"),
      },
    });
    return { ...candidate, device };
  } catch (error) {
    const said = inOneLine(String((error as Error)?.message ?? error));
    throw new UserError(
      {
        code: "device-missing",
        problem: `${inOneLine(report.description)} could not be opened (${said})`,
        advice: "close what else uses the GPU, update its driver, or choose another device",
        setting: "foretype.gpu.device",
      },
      { cause: error },
    );
  }
}
