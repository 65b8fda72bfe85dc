import { type Clock, createHangDetector, type GpuPulse } from "../contract/index.ts";

const lookMs = 1000;
/**
 * How long a process may leave pings unanswered, at least: a driver may block its thread while the GPU works, and a
 * software device does.
 */
const blockedMs = 60_000;
/** What a process that has not answered yet is given: it may compile kernels on a software device. */
const unknownPatienceMs = 300_000;

export interface WatchdogOptions {
  readonly clock: Clock;
  /** Whether requests wait for the process; else there is nothing to watch. */
  readonly busy: () => boolean;
  readonly ping: () => void;
  /** The GPU hangs, or the process: why, as the end of a sentence. Called once, until `start`. */
  readonly onHang: (why: string) => void;
}

/** Asks the engine's process each second, while requests or an answer wait for it, whether the GPU still answers. */
export function createWatchdog({ clock, busy, ping, onHang }: WatchdogOptions) {
  let hangs = createHangDetector();
  let timer: unknown;
  let patienceMs = unknownPatienceMs;
  let unansweredMs = 0;
  let asked = false;

  function stop(): void {
    clock.clearTimeout(timer);
    timer = undefined;
  }

  function look(): void {
    timer = undefined;
    // Typing cancels what waits: a process that reads nothing would never be replaced if only those were looked at that wait now.
    if (!busy() && !asked && unansweredMs === 0) return;
    asked = false;
    if (unansweredMs >= Math.max(blockedMs, patienceMs)) {
      onHang(`the engine's process gave no answer for ${unansweredMs / 1000} s`);
      return;
    }
    unansweredMs += lookMs; // counted by looks, so that a machine that slept is not taken for a process that hangs
    timer = clock.setTimeout(look, lookMs);
    ping();
  }

  /** A request was made: watches until none waits and the process has answered. */
  function watch(): void {
    asked = true;
    if (timer !== undefined) return;
    hangs = createHangDetector(); // what was seen before the last pause says nothing of this one
    unansweredMs = 0;
    timer = clock.setTimeout(look, lookMs);
  }

  return {
    watch,
    stop,
    /** A new process listens. */
    start(): void {
      stop();
      patienceMs = unknownPatienceMs;
      if (busy()) watch();
    },
    /** The process has answered. */
    take(pulse: GpuPulse): void {
      unansweredMs = 0;
      patienceMs = pulse.patienceMs;
      if (!hangs(pulse, clock.now()) || timer === undefined) return;
      stop();
      onHang(`the GPU gave no answer for ${patienceMs / 1000} s`);
    },
  };
}
