import { type Clock, createHangDetector, type GpuPulse, systemClock } from "../../contract/index.ts";
import { UserError } from "../../errors/index.ts";

const lookMs = 1000;

/**
 * Ends the program with a sentence where the GPU hangs: nothing that waits for it would ever end.
 * @param gpu what is asked, each second, until the result is disposed of
 */
export function watchGpu(
  gpu: { readonly pulse: GpuPulse },
  { clock = systemClock, end = endProgram }: { clock?: Clock; end?: (error: UserError) => void } = {},
): Disposable {
  const hangs = createHangDetector();
  let timer: unknown;
  const look = () => {
    const { pulse } = gpu;
    if (hangs(pulse, clock.now())) {
      end(
        new UserError({
          code: "device-failed",
          problem: `The GPU gave no answer for ${pulse.patienceMs / 1000} s`,
          advice: "try again, and choose a smaller model or update the GPU's driver if it happens again",
        }),
      );
      return;
    }
    timer = clock.setTimeout(look, lookMs);
  };
  timer = clock.setTimeout(look, lookMs);
  return { [Symbol.dispose]: () => clock.clearTimeout(timer) };
}

function endProgram({ message }: UserError): void {
  console.error(message);
  process.exit(1);
}
