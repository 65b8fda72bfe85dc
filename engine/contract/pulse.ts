/** Whether the GPU is awaited, and how far it and what prepares it have come: what a watchdog asks a process. */
export interface GpuPulse {
  /** Submitted work is awaited. Reading a file and compiling a kernel are not work of the GPU. */
  readonly waiting: boolean;
  /** Grows with each piece of work that comes back. */
  readonly returned: number;
  /** How long nothing may come back before the GPU counts as hanging, in milliseconds. */
  readonly patienceMs: number;
}

const pausedMs = 5000; // no more than this counts between two looks: the machine may have slept in between

/**
 * Tells a GPU that hangs without being lost from one that works. Look at it every second or so.
 * @returns a function that takes a pulse and the time in milliseconds, and returns whether the GPU hangs
 */
export function createHangDetector(): (pulse: GpuPulse, nowMs: number) => boolean {
  let last = { waiting: false, returned: 0, atMs: 0 };
  let silentMs = 0;
  return ({ waiting, returned, patienceMs }, nowMs) => {
    const silent = waiting && last.waiting && returned === last.returned;
    silentMs = silent ? silentMs + Math.min(nowMs - last.atMs, pausedMs) : 0;
    last = { waiting, returned, atMs: nowMs };
    return silent && silentMs >= patienceMs;
  };
}
