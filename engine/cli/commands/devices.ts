import { inOneLine, quoted, UserError } from "../../errors/index.ts";
import {
  chosenDevice,
  isMicrosoftSoftware,
  type ListedAdapter,
  listAdapters,
  mebibytes,
  noGpuFault,
} from "../../gpu/index.ts";
import { printJson, table } from "./terminal.ts";

/** Limits that decide what runs, and how they read. */
const shownLimits: readonly (readonly [string, (value: number) => string])[] = [
  ["maxStorageBufferBindingSize", mebibytes],
  ["maxBufferSize", mebibytes],
  ["maxComputeInvocationsPerWorkgroup", (value) => `${value} invocations`],
  ["maxComputeWorkgroupStorageSize", (value) => `${value / 1024} KiB`],
  ["maxStorageBuffersPerShaderStage", (value) => `${value} buffers`],
];

/** Why an adapter is used, or how to use it. */
function reason({ used, software, choice }: ListedAdapter, asked: string): string {
  if (!used) return `not used: --device "${choice}", or the setting foretype.gpu.device, chooses it`;
  if (asked !== "auto") return `used: "${asked}" means it`;
  return software
    ? "used: no GPU answered; this device computes on the CPU"
    : "used: the GPU that the driver prefers";
}

function kindOf({ software, description }: ListedAdapter): string {
  if (!software) return "GPU";
  return isMicrosoftSoftware(description)
    ? "software (Microsoft's own, which computes on the CPU: too slow to type with)"
    : "software (computes on the CPU)";
}

function memoryOf({ memory }: ListedAdapter): string {
  if (!memory) return "unknown, this system does not tell: --memory or foretype.gpu.memoryMB sets a limit";
  const { total, free, kind, source } = memory;
  const what = kind === "unified" ? "shared with the system" : "of its own";
  return `${mebibytes(total)} ${what}, ${mebibytes(free)} free (from ${source})`;
}

/** `foretype devices`: the adapters, which one is used and why, and what to write for another. */
export async function devices({ json, device }: { json?: boolean; device?: string }): Promise<void> {
  const asked = chosenDevice(device);
  const adapters = await listAdapters(asked);
  if (adapters.length === 0) throw new UserError(noGpuFault([], process.platform));
  if (json) {
    printJson(adapters.map((adapter) => ({ ...adapter, reason: reason(adapter, asked) })));
    return;
  }
  for (const adapter of adapters) {
    const rows = [
      ["name for --device", adapter.choice],
      ["driver", [adapter.driver, adapter.backends.join(", ")].filter(Boolean).join("; ")],
      ["vendor", [adapter.vendor, adapter.architecture].filter(Boolean).join(", ")],
      ["kind", kindOf(adapter)],
      ["memory", memoryOf(adapter)],
      ...shownLimits.map(([name, show]) => [name, show(adapter.limits[name]!)]),
      ["features", adapter.features.filter((name) => /shader-f16|subgroup|timestamp/.test(name)).join(", ")],
    ];
    console.log(`${inOneLine(adapter.description)}\n  ${inOneLine(reason(adapter, asked))}`);
    console.log(`${table(rows).replace(/^/gm, "  ")}\n`);
  }
  if (!adapters.some(({ used }) => used)) {
    console.error(`None of these is used: ${quoted(inOneLine(asked))} means none of them.`);
  }
}
