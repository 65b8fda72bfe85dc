import { randomUUID } from "node:crypto";
import { createMetrics, type Metrics } from "../../engine/complete/index.ts";
import type { Clock } from "../../engine/contract/index.ts";
import type { Written } from "./store.ts";

const SAVE_MS = 10_000; // from the first change to the file
const TELL_MS = 500; // the status bar and the pages change at most twice a second
const MOST_WAITING = 20_000; // counts that are not on the disk: some MB, days of typing
const TRIES = 20; // others may write in between

export interface SharedMetricsOptions {
  /** What `write` wrote, in this window or another; undefined where there is nothing yet. Never rejects. */
  readonly read: () => Promise<unknown>;
  /** Nothing is said: it is written. Never rejects. */
  readonly write: (stored: object) => Promise<Written | undefined>;
  readonly onChange: () => void;
  readonly log: (message: string) => void;
  readonly clock: Clock;
  /** The time of day, in milliseconds since 1970. The clock's own goes on as it began, whatever is set meanwhile. */
  readonly wall?: () => number;
}

type Count = (metrics: Metrics) => void;

/**
 * Metrics that all windows keep in one place. What a window counts is added to what is stored then, so that it does not
 * matter when others write; only what was counted in the last ten seconds is lost with a window that is killed.
 */
export function createSharedMetrics({
  read,
  write,
  onChange,
  log,
  clock,
  wall: now = Date.now,
}: SharedMetricsOptions) {
  const session = `${randomUUID().slice(0, 8)}:`; // the next window numbers its suggestions from 1 too
  /** What is stored, and what waits. */
  let inner = createMetrics({ now, session });
  /** Counted and not stored. */
  let waiting: Count[] = [];
  let working: Promise<void> = Promise.resolve();
  let saving: unknown;
  let telling: unknown;
  let toldDropped = false;

  /** What is stored now, with what waits. @returns how many counts that is */
  async function refresh(): Promise<number> {
    const stored = await read();
    const next = createMetrics({ now, stored, session, log });
    for (const count of waiting) count(next);
    inner = next;
    return waiting.length;
  }

  async function store(): Promise<void> {
    for (let attempt = 0; waiting.length > 0 && attempt < TRIES; attempt++) {
      const counted = await refresh();
      // A copy: what is counted while it is written is not in it.
      const written = await write(structuredClone(inner.stored()));
      if (written === "changed") continue;
      if (written !== "failed") waiting = waiting.slice(counted);
      break;
    }
    if (waiting.length > 0) saveSoon();
  }

  /** One after the other. */
  function inTurn(work: () => Promise<unknown>): Promise<void> {
    working = working.then(async () => {
      await work();
    });
    return working;
  }

  function save(): Promise<void> {
    clock.clearTimeout(saving);
    saving = undefined;
    return inTurn(store);
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
    waiting.push(count);
    if (waiting.length > MOST_WAITING) {
      waiting.shift();
      if (!toldDropped) log(`More than ${MOST_WAITING} counts wait for the disk: the oldest are left out.`);
      toldDropped = true;
    }
    saveSoon();
    tell();
  }

  const metrics: Metrics = {
    // The hour that it counts in is told by the time of day.
    lifecycle(event) {
      const counted = { ...event, atMs: now() };
      apply((one) => one.lifecycle(counted));
    },
    typed: (characters) => apply((one) => one.typed(characters)),
    nextEdit: ({ kind, source }) => apply((one) => one.nextEdit({ kind, source })),
    trace({ trigger, source, outcome, times, tokens, drafted, acceptedDrafts }) {
      // What is kept until it is written holds no text.
      const { kind } = outcome;
      const counted = {
        at: now(),
        outcome: kind === "nothing" ? { kind, silence: { id: outcome.silence.id } } : { kind },
        ...{ trigger, source, times, tokens, drafted, acceptedDrafts },
      };
      apply((one) => one.trace(counted));
    },
    summary: () => inner.summary(),
    stored: () => inner.stored(),
    reset: () => apply((one) => one.reset()),
  };

  return {
    metrics,
    /** This window has the focus: shows what the others counted. */
    enter: (): Promise<void> =>
      inTurn(async () => {
        await refresh();
        tell();
      }),
    /** It has lost the focus: what it counted is there for the one that has it now. */
    leave: (): Promise<void> => save(),
    /** It closes. */
    async close(): Promise<void> {
      await save();
      clock.clearTimeout(saving);
      clock.clearTimeout(telling);
    },
  };
}
