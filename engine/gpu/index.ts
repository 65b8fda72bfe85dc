// The GPU: one device, its buffers counted byte by byte, its kernels, and recorded plans of dispatches.
// Start at device.ts, adapters.ts (which one, and why) and memory.ts (how much it has), then gpu.ts (buffers, counters), kernel.ts, struct.ts, plan.ts; recording.ts counts without a device.
// Owns every WebGPU object; all are made before the first step, none in steady state (I4).
// Promise: `bytesHeld` and `counters` tell the whole truth about what was made, submitted and read back.
// Must not know: models.
export { isMicrosoftSoftware, noGpuFault, softwareManifest } from "./adapters.ts";
export { chosenDevice, type ListedAdapter, listAdapters, openGpu } from "./device.ts";
export { type Bindings, Gpu, type GpuCounters } from "./gpu.ts";
export { ceilDiv, f32, type KernelSource, u32, workgroupSize } from "./kernel.ts";
export { type Choices, createKernelChoices, type KernelChoices } from "./kernel_choices.ts";
export { type DeviceMemory, mebibytes } from "./memory.ts";
export { compileInTurn, type Dispatch, gridWidth, Plan, PlanRecorder, type Use } from "./plan.ts";
export { ReadbackRing } from "./readback.ts";
export { anyGpu, type Recording, recordingGpu } from "./recording.ts";
export { constantOf, structOf } from "./struct.ts";
export { matrixExtensions, type SubgroupMatrices } from "./subgroup_matrices.ts";
export { hasTimestamps, type PassTime, Timestamps } from "./timestamps.ts";
export { withVulkanLoader } from "./vulkan_folder.ts";
