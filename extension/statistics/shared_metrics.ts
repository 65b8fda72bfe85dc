import { randomUUID } from "node:crypto";
import { createMetrics, type Metrics } from "../../engine/complete/index.ts";
import type { Clock } from "../../engine/contract/index.ts";

const SAVE_MS = 10_000; // from the first change to the file
const TELL_MS = 500; // the status bar and the pages change at most twice a second

export interface SharedMetricsOptions {
  /** What `write` wrote, in this window or another; undefined where there is nothing yet. Never rejects. */
  readonly read: () => Promise<unknown>;
  readonly write: (stored: object) => Promise<void>;
  readonly onChange: () => void;
  readonly log: (message: string) => void;
  readonly clock: Clock;
}

type Count = (metrics: Metrics) => void;

/**
 * Metrics that all windows keep in one place. They take turns: the window that has the focus reads what the others
 * wrote, and writes; what one counts without the focus waits until it has it, or until it closes.
 */
export function createSharedMetrics({ read, write, onChange, log, clock }: SharedMetricsOptions) {
  const now = () => clock.now();
  const session = `${randomUUID().slice(0, 8)}:`; // the next window numbers its suggestions from 1 too
  let inner = createMetrics({ now, session });
  /** Counted since the others may have written; undefined while it is this window's turn. */
  let waiting: Count[] | undefined = [];
  let ours = false;
  let saving: unknown;
  let telling: unknown;

  async function enter(): Promise<void> {
    ours = true;
    if (!waiting) return;
    const stored = await read();
    if (!waiting || !ours) return; // another call was quicker, or the focus has gone
    inner = createMetrics({ now, stored, session, log });
    for (const count of waiting) count(inner);
    if (waiting.length > 0) saveSoon();
    waiting = undefined;
    tell();
  }

  async function save(): Promise<void> {
    clock.clearTimeout(saving);
    saving = undefined;
    await write(inner.stored());
  }

  function saveSoon(): void {
    saving ??= clock.setTimeout(() => void save(), SAVE_MS);
  }

  function tell(): void {
    telling ??= clock.setTimeout(() => {
      telling = undefined;
      onChange();
    }, TELL_MS);
  }

  function apply(count: Count): void {
    count(inner);
    if (waiting) waiting.push(count);
    else saveSoon();
    tell();
  }

  const metrics: Metrics = {
    lifecycle: (event) => apply((one) => one.lifecycle(event)),
    typed: (characters) => apply((one) => one.typed(characters)),
    trace: (record) => apply((one) => one.trace(record)),
    summary: () => inner.summary(),
    stored: () => inner.stored(),
    reset: () => apply((one) => one.reset()),
  };

  return {
    metrics,
    /** This window has the focus. */
    enter,
    /** It has lost the focus. */
    async leave(): Promise<void> {
      ours = false;
      waiting ??= [];
      if (saving !== undefined) await save();
    },
    /** It closes. */
    async close(): Promise<void> {
      if (waiting && waiting.length > 0) await enter();
      if (saving !== undefined) await save();
      clock.clearTimeout(telling);
    },
  };
}
