import { UserError } from "../../engine/errors/index.ts";
import { engineHere } from "./engine_here.ts";

/**
 * Loads a model and completes with it on a device on which the n-th buffer finds no memory, for n = 1, 2 and so on until
 * none is missing. `told`: Dawn tells of it later, and the buffer is there in name only, as drivers do.
 * @throws Error where a failure has no sentence, leaves bytes on the GPU, or what comes after it is another text
 */
export async function outOfMemorySteps(
  device: string,
  how: "at once" | "told",
  stride: number,
  onStep: (n: number) => void = () => {},
): Promise<number> {
  let failAt = Number.POSITIVE_INFINITY;
  let made = 0;
  const here = engineHere(device, (gpu) => {
    const { buffer } = gpu;
    gpu.buffer = (label, ...rest) => {
      if (++made !== failAt) return buffer.call(gpu, label, ...rest);
      if (how === "at once")
        throw new UserError({
          code: "memory",
          problem: `There is no room for ${label}`,
          advice: "make room",
        });
      const missing = buffer.call(gpu, label, ...rest);
      const error = new GPUOutOfMemoryError(`no room for ${label}`);
      gpu.device.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }));
      return missing;
    };
  });
  const check = (right: boolean, n: number, what: string) => {
    if (!right) throw new Error(`buffer ${n} on ${device}, ${how}: ${what}`);
  };
  try {
    const text = await here.complete();
    const unload = async () => {
      await here.ask({ kind: "unload" });
      return (await here.status()).gpuBytes;
    };
    const empty = await unload(); // uniforms, which are made once
    check(empty < 64 << 10, 0, `${empty} bytes are left after unloading`);
    for (let n = 1; ; n += stride) {
      made = 0;
      failAt = n;
      const failed = await here.complete().then(
        (found) => {
          check(found === text, n, `the text is "${found}", expected "${text}"`);
          return undefined;
        },
        (error: Error) => error,
      );
      failAt = Number.POSITIVE_INFINITY;
      if (made < n) {
        check(failed === undefined, n, `nothing was missing: ${failed?.message}`);
        return n - 1;
      }
      if (failed) {
        check((failed.cause as { code?: string })?.code === "memory", n, `no fault: ${failed.message}`);
        check(/^[^\n]+: [^\n]+\.$/.test(failed.message), n, `no sentence: ${failed.message}`);
      }
      const { gpuBytes, models } = await here.status();
      // A model that did load although a buffer was missing holds its own bytes until it is unloaded.
      const held = models.length > 0 ? await unload() : gpuBytes;
      check(held <= empty, n, `${held} bytes are held afterwards, ${empty} before`);
      onStep(n);
    }
  } finally {
    here.close();
  }
}
