// While a result is awaited, dawn.node asks for it from `setImmediate` over and over, which takes a whole core: with two
// software devices on two cores, as much as the kernels get. Here it asks once a millisecond.
const immediate = globalThis.setImmediate;

const isNative = (callback: unknown): boolean =>
  Function.prototype.toString.call(callback).includes("[native code]");

globalThis.setImmediate = Object.assign(
  (callback: (...values: unknown[]) => void, ...values: unknown[]) =>
    isNative(callback) ? setTimeout(callback, 1, ...values) : immediate(callback, ...values),
  immediate,
) as unknown as typeof setImmediate;
