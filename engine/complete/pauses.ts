import type { Clock, Completer, PromptParts } from "../contract/index.ts";

const PAUSE = 400; // ms without a question: nobody is about to press the next key

export interface PauseOptions<Place> {
  readonly completer: Completer;
  readonly clock: Clock;
  /** Whether the model writes; its end begins the pause again. */
  readonly isBusy: () => boolean;
  /** A prompt that is better than the one in use at a place, if there is one. */
  readonly better: (place: Place) => { readonly prompt: PromptParts; readonly adopt: () => void } | undefined;
}

/** Uses pauses in typing to read the prompt that the next questions are to go on from; it is adopted when it is read whole. */
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
      else if (!signal.aborted) begin(place); // somebody more urgent came
    } catch {
      // Whoever asks next hears the same from the engine, and can say it.
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
