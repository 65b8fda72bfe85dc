// The GPU: one device, its buffers counted byte by byte, its kernels, and recorded plans of dispatches.
// Start at device.ts (which adapter, and why), then gpu.ts (buffers, counters), kernel.ts, plan.ts, and struct.ts for what WGSL declares.
// Owns every WebGPU object; all are made before the first step, none in steady state (I4).
// Promise: `bytesHeld` and `counters` tell the whole truth about what was made, submitted and read back.
// Must not know: models.
export { type AdapterReport, type DeviceChoice, listAdapters, openGpu, softwareManifest } from "./device.ts";
export { type Bindings, type Category, Gpu, type GpuCounters, mebibytes } from "./gpu.ts";
export { type Constant, ceilDiv, f32, type KernelSource, u32, workgroupSize } from "./kernel.ts";
export { type Dispatch, type Grid, gridWidth, Plan, PlanRecorder, type Use } from "./plan.ts";
export { ReadbackRing } from "./readback.ts";
export { constantOf, structOf } from "./struct.ts";
