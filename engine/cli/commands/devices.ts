import { UserError } from "../../errors/index.ts";
import { type AdapterReport, listAdapters, mebibytes } from "../../gpu/index.ts";
import { printJson, table } from "./terminal.ts";

/** Limits that decide what runs, and how they read. */
const shownLimits: readonly (readonly [string, (value: number) => string])[] = [
  ["maxStorageBufferBindingSize", mebibytes],
  ["maxBufferSize", mebibytes],
  ["maxComputeInvocationsPerWorkgroup", (value) => `${value} invocations`],
  ["maxComputeWorkgroupStorageSize", (value) => `${value / 1024} KiB`],
  ["maxStorageBuffersPerShaderStage", (value) => `${value} buffers`],
];

function reason(adapter: AdapterReport, index: number): string {
  if (index > 0) return "not used: --device or FORETYPE_DEVICE chooses it";
  return adapter.software
    ? "used: no GPU answered; this device computes on the CPU"
    : "used: the GPU that the driver prefers";
}

/** `foretype devices`: the adapters, and which one `auto` takes. */
export async function devices({ json }: { json?: boolean }): Promise<void> {
  const adapters = await listAdapters();
  if (adapters.length === 0) {
    throw new UserError({
      code: "device-missing",
      problem: "No GPU answered",
      advice:
        "install your GPU's Vulkan driver (on Linux with the loader, libvulkan1), or run `npm start` in the checkout, which sets up a software device",
    });
  }
  if (json) {
    printJson(adapters.map((adapter, i) => ({ ...adapter, used: i === 0 })));
    return;
  }
  for (const [index, adapter] of adapters.entries()) {
    const rows = [
      ["name for --device", adapter.choice],
      ["vendor", `${adapter.vendor}, ${adapter.architecture}`],
      ["kind", adapter.software ? "software (computes on the CPU)" : "GPU"],
      ...shownLimits.map(([name, show]) => [name, show(adapter.limits[name]!)]),
      ["features", adapter.features.filter((name) => /shader-f16|subgroups|timestamp/.test(name)).join(", ")],
    ];
    console.log(`${adapter.description}\n  ${reason(adapter, index)}`);
    console.log(`${table(rows).replace(/^/gm, "  ")}\n`);
  }
}
