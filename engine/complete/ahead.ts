import type { Clock } from "../contract/index.ts";
import { acceptedStand, type Entry } from "./cache.ts";
import type { PipelineSettings } from "./contract.ts";
import type { DecodeRequest } from "./decode.ts";
import type { Kept } from "./kept.ts";
import type { Running } from "./running.ts";
import type { Stand } from "./text/index.ts";

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
    /** @param request what to ask the model once the suggestion is accepted and the cursor is at `stand` */
    schedule(entry: Entry, request: (stand: Stand) => DecodeRequest): void {
      cancel();
      const { speculate, profile } = settings();
      if (!speculate || profile === "eco") return;
      timer = clock.setTimeout(() => {
        const stand = acceptedStand(entry);
        if (!running.current && !kept.find(stand)) running.start(request(stand));
      }, IDLE);
    },
    cancel,
  };
}

export type Ahead = ReturnType<typeof createAhead>;
