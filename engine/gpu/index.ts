// The GPU: one device, its buffers counted byte by byte, its kernels, and recorded plans of dispatches.
// Start at device.ts (which adapter, and why), then gpu.ts (buffers, counters), kernel.ts and plan.ts.
// Owns every WebGPU object; all are made before the first step, none in steady state (I4).
// Promise: `bytesHeld` and `counters` tell the whole truth about what was made, submitted and read back.
// Must not know: models.
export { type AdapterReport, type DeviceChoice, listAdapters, openGpu, softwareManifest } from "./device.ts";
export { type Bindable, type Category, Gpu, type GpuCounters, mebibytes } from "./gpu.ts";
export { type Constant, ceilDiv, f32, type KernelSource, u32 } from "./kernel.ts";
export { type Dispatch, type Grid, Plan, PlanRecorder, type Use } from "./plan.ts";
export { ReadbackRing } from "./readback.ts";
