import { getHeapCodeStatistics } from "node:v8";

/** What one of the two processes holds, in bytes; the heap after a collection of garbage. */
export interface Memory {
  readonly heap: number;
  /** Of the heap: what V8 has compiled. It compiles and drops it as it sees fit, for hours. */
  readonly code: number;
  /** Outside of the heap, as V8 counts it: buffers, the parsers' memory. */
  readonly external: number;
  readonly resident: number;
  /** Timers, files, sockets. */
  readonly handles: number;
}

/** @throws Error where Node was started without --expose-gc */
export function memoryOf(): Memory {
  if (!globalThis.gc) throw new Error("Node was started without --expose-gc");
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const compiled = getHeapCodeStatistics();
  return {
    heap: heapUsed,
    code: compiled.code_and_metadata_size + compiled.bytecode_and_metadata_size,
    external,
    resident: rss,
    handles: process.getActiveResourcesInfo().length,
  };
}

/** The engine's process, with what it holds on the GPU by category. */
export interface EngineMemory extends Memory {
  readonly gpu: Readonly<Record<string, number>>;
}

/** What is asked of the engine's process beside the protocol, and answered with its memory. */
export const memoryQuestion = { kind: "memory" } as const;

export interface MemoryAnswer {
  readonly kind: "memory";
  readonly memory: EngineMemory;
}
