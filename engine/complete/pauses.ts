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
  let awaited: Place | undefined;
  let reading: { readonly place: Place; readonly controller: AbortController } | undefined;

  function begin(place: Place): void {
    clock.clearTimeout(timer);
    awaited = place;
    if (completer.prepare) timer = clock.setTimeout(() => void use(place), PAUSE);
  }

  /** The user does something else: no pause is awaited. */
  function end(): void {
    clock.clearTimeout(timer);
    awaited = undefined;
  }

  async function use(place: Place): Promise<void> {
    if (isBusy() || reading) return;
    const found = better(place);
    if (!found) return;
    const controller = new AbortController();
    const { signal } = controller;
    let isDone = false;
    reading = { place, controller };
    try {
      const { whole } = await completer.prepare!(found.prompt, signal);
      if (whole && !signal.aborted) found.adopt();
      isDone = whole;
    } catch {
      isDone = true; // the next question gets the same error from the engine, and reports it
    } finally {
      reading = undefined;
    }
    // A request of higher priority has interrupted it, or the user has come to rest elsewhere meanwhile.
    if (awaited !== undefined && (awaited !== place || !isDone)) begin(awaited);
  }

  return {
    begin,
    end,
    /** What is read, or was to be read, for such a place is of no use any more. */
    forget(isMeant: (place: Place) => boolean): void {
      if (awaited !== undefined && isMeant(awaited)) end();
      if (reading && isMeant(reading.place)) reading.controller.abort();
    },
    dispose(): void {
      end();
      reading?.controller.abort();
    },
  };
}
