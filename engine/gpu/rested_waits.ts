const isNative = (callback: unknown): boolean =>
  Function.prototype.toString.call(callback).includes("[native code]");

let rested = false;

/**
 * Makes waits for a device's results leave the CPU alone, for as long as the process lives. While a result is awaited, dawn.node
 * asks for it from `setImmediate` over and over, which takes a whole core; on a software device that core computes the result.
 * Here it asks once a millisecond.
 */
export function restWaits(): void {
  if (rested) return;
  rested = true;
  const immediate = globalThis.setImmediate;
  // dawn.node looks the function up each time, and hands it one of its own: those of JavaScript wait no longer than before.
  const restedImmediate = (callback: (...values: unknown[]) => void, ...values: unknown[]) =>
    isNative(callback) ? setTimeout(callback, 1, ...values) : immediate(callback, ...values);
  globalThis.setImmediate = Object.assign(restedImmediate, immediate) as unknown as typeof setImmediate;
}
