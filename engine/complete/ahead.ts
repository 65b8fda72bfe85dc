import type { Clock } from "../contract/index.ts";
import { acceptedCursorText, type Entry } from "./cache.ts";
import type { PipelineSettings } from "./contract.ts";
import type { DecodeRequest } from "./decode.ts";
import type { Kept } from "./kept.ts";
import type { Running } from "./running.ts";
import type { CursorText } from "./text/index.ts";

const IDLE = 50; // ms on the screen, after which what follows a suggestion is computed

export interface AheadOptions {
  readonly clock: Clock;
  readonly settings: () => PipelineSettings;
  readonly kept: Kept;
  readonly running: Running;
}

/** Computes what follows a suggestion while the user looks at it, unless the GPU is busy. */
export function createAhead({ clock, settings, kept, running }: AheadOptions) {
  let timer: unknown;
  const cancel = () => clock.clearTimeout(timer);
  return {
    /**
     * @param unit the white space of one level, as the editor indents
     * @param request the request to the model once the suggestion is accepted and the text at the cursor is `cursorText`
     */
    schedule(entry: Entry, unit: string, request: (cursorText: CursorText) => DecodeRequest): void {
      cancel();
      const { speculate, profile } = settings();
      if (!speculate || profile === "eco") return;
      timer = clock.setTimeout(() => {
        if (running.current) return;
        const next = request(acceptedCursorText(entry, unit));
        if (!kept.find(next)) running.start(next);
      }, IDLE);
    },
    cancel,
  };
}

export type Ahead = ReturnType<typeof createAhead>;
