import streamShader from "../../../shaders/measure/stream_read.wgsl";
import { UserError } from "../../errors/index.ts";
import { type Gpu, hasTimestamps, PlanRecorder, Timestamps, u32, workgroupSize } from "../../gpu/index.ts";
import { median } from "../commands/index.ts";
import { millisecondsOf } from "./clock.ts";

/** How fast a kernel reads a buffer from end to end: what the times of other kernels are compared with. */
export interface Bandwidth {
  readonly bytesPerSecond: number;
  /** Of the buffer that was read. */
  readonly bytes: number;
  /** Milliseconds of each counted run. */
  readonly ms: readonly number[];
  /** Whose clock: of the GPU, or of the host where the GPU's cannot be read. */
  readonly clock: "gpu" | "host";
}

/** Past every cache by far; more would only take longer. NVIDIA's drivers get the length of arrays of 2 GiB wrong. */
const mostBytes = { gpu: 2 ** 30, software: 2 ** 28 };
/** Some caches are larger than this, so less is no measurement of memory. */
const leastBytes = 2 ** 26;
const pieceBytes = 2 ** 24;
/** Lanes that read: more than any GPU runs at once. A CPU has no use for more than a few workgroups. */
const lanesOf = (gpu: Gpu): number => (gpu.software ? 64 : 4096) * workgroupSize;

/** The kernel's source and the lanes that it runs on. */
export const streamKernel = (lanes: number) => ({
  name: "stream_read",
  parts: [streamShader],
  constants: { LANES: u32(lanes) },
});

/** Bytes of the buffer to read: as many as memory allows, in whole pieces. */
function streamBytes(gpu: Gpu): number {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const most = gpu.software ? mostBytes.software : mostBytes.gpu;
  const room = Math.min(most, maxStorageBufferBindingSize, maxBufferSize, gpu.freeBytes);
  return Math.floor(room / pieceBytes) * pieceBytes;
}

/**
 * Measures the device's bandwidth for reading, with a buffer that is freed again.
 * @throws UserError where there is no room for a buffer that no cache holds
 */
export async function measureBandwidth(gpu: Gpu, runs = 5): Promise<Bandwidth> {
  const bytes = streamBytes(gpu);
  if (bytes < leastBytes) {
    throw new UserError({
      code: "memory",
      problem: `Measuring the memory takes ${leastBytes / 2 ** 20} MiB of it and ${Math.floor(gpu.freeBytes / 2 ** 20)} MiB are free`,
      advice: "close what else uses the GPU, or choose a smaller model or context",
    });
  }
  const lanes = lanesOf(gpu);
  const words = gpu.buffer("memory to read", bytes, "staging");
  const sums = gpu.buffer("sums of what was read", lanes * 4, "staging");
  const stamps = hasTimestamps(gpu) ? new Timestamps(gpu, 1) : undefined;
  try {
    fill(gpu, words);
    const recorder = new PlanRecorder(gpu);
    recorder.dispatch(streamKernel(lanes), { words, sums }, [lanes / workgroupSize]);
    const plan = await recorder.finish();
    const ms: number[] = [];
    for (let run = 0; run <= runs; run++) {
      await gpu.idle(true);
      const started = performance.now();
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass(stamps && { timestampWrites: stamps.writes(0) });
      plan.encode(pass, { positions: 0, replay: 0 });
      pass.end();
      gpu.submit(encoder.finish());
      await gpu.idle(true);
      const hostMs = performance.now() - started;
      if (run > 0) ms.push(stamps ? millisecondsOf((await stamps.read())[0]!) : hostMs);
    }
    return { bytesPerSecond: (bytes * 1000) / median(ms), bytes, ms, clock: stamps ? "gpu" : "host" };
  } finally {
    stamps?.free();
    gpu.free(words);
    gpu.free(sums);
  }
}

/** Writes each page: memory that was never written may be one page of zeros, which is read from a cache. */
function fill(gpu: Gpu, buffer: GPUBuffer): void {
  const piece = new Uint32Array(pieceBytes / 4);
  for (let i = 0; i < piece.length; i++) piece[i] = Math.imul(i, 2654435761);
  for (let at = 0; at < buffer.size; at += pieceBytes) gpu.device.queue.writeBuffer(buffer, at, piece);
}
