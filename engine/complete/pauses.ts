import type { Clock, Completer, PromptParts } from "../contract/index.ts";

const PAUSE = 400; // ms without a question: no keystroke is imminent

export interface PauseOptions<Place> {
  readonly completer: Completer;
  readonly clock: Clock;
  /** Whether the model is generating; its end restarts the pause. */
  readonly isBusy: () => boolean;
  /** A better prompt than the one in use at a place, if there is one. */
  readonly better: (place: Place) => { readonly prompt: PromptParts; readonly adopt: () => void } | undefined;
}

/** Uses pauses in typing to prefill a better prompt for the next questions. The prompt is adopted once prefilled whole. */
export function createPauses<Place>({ completer, clock, isBusy, better }: PauseOptions<Place>) {
  let timer: unknown;
  let reading: AbortController | undefined;

  function begin(place: Place): void {
    clock.clearTimeout(timer);
    if (completer.prepare) timer = clock.setTimeout(() => void use(place), PAUSE);
  }

  async function use(place: Place): Promise<void> {
    if (isBusy() || reading) return;
    const found = better(place);
    if (!found) return;
    reading = new AbortController();
    const { signal } = reading;
    try {
      const { whole } = await completer.prepare!(found.prompt, signal);
      if (whole) found.adopt();
      else if (!signal.aborted) begin(place); // a higher-priority request interrupted it
    } catch {
      // The next question gets the same error from the engine, and reports it.
    } finally {
      reading = undefined;
    }
  }

  return {
    begin,
    end: () => clock.clearTimeout(timer),
    dispose(): void {
      clock.clearTimeout(timer);
      reading?.abort();
    },
  };
}
