import {
  type EngineEvent,
  type EngineRequest,
  type GenerationEnd,
  NO_COST,
  type ToEngine,
} from "../contract/index.ts";
import { type Fault, sentenceOf, UserError } from "../errors/index.ts";

/** What requests need of the process that serves them. */
export interface Outlet {
  /** Whether it takes messages; else what is asked is sent when it does (`sendAll`). */
  readonly listening: boolean;
  /** Why no process can be had; undefined where one can. */
  readonly failure: Fault | undefined;
  send(message: ToEngine): void;
  /** A request waits. */
  wake(): void;
}

const mostEarly = 256; // events that came before their turn: with more, one is taken for lost
const mostBehind = 5; // pulses in a row, one a second: then what did not come by then is taken for lost

interface Pending {
  /** Another one for each time that the same process is asked. */
  id: number;
  readonly request: EngineRequest;
  readonly take: (event: EngineEvent) => void;
  /** Events of this run that were taken, and those that came before their turn, by number. */
  taken: number;
  early: Map<number, EngineEvent>;
  /** Pulses since something of it was missing, and the events that had been taken by then. */
  behind: number;
  takenBefore: number;
  /** Characters that the caller has got; a run after a crash says them again. */
  delivered: number;
  skip: number;
  /** Runs that came to no end: the process ended, the GPU was lost, or a message was. */
  broken: number;
  sent: boolean;
}

/**
 * Gives each request back as a stream of its events. What ran when the process ended is sent again to the next one, once, as
 * is what ran when the GPU was lost, or of which a message was, and what was delivered is not delivered twice: generation is
 * deterministic.
 */
export function createRequests(outlet: Outlet) {
  let nextId = 1;
  let closed = false;
  const pending = new Map<number, Pending>();

  function submit(one: Pending): void {
    one.sent = true;
    one.skip = one.delivered;
    one.taken = 0;
    one.early.clear();
    one.behind = 0;
    outlet.send({ kind: "request", id: one.id, request: one.request });
  }

  /** Hands an event on; a request whose GPU was lost runs once more, on the one that is opened then. */
  function deliver(one: Pending, event: EngineEvent): void {
    const lost = event.kind === "error" && event.fault?.code === "device-lost";
    if (!lost || ++one.broken === 2) one.take(event);
    else runAgain(one);
  }

  /** In the same process, which runs an id once: what it still says of the old one is not heard. */
  function runAgain(one: Pending): void {
    pending.delete(one.id);
    one.id = nextId++;
    pending.set(one.id, one);
    submit(one);
  }

  function finish(one: Pending, event: EngineEvent): void {
    pending.delete(one.id);
    one.take(event);
  }

  function finishAll(event: EngineEvent): void {
    for (const one of [...pending.values()]) finish(one, event);
  }

  /** Streams a request's events; leaving the generator, or the signal, frees the caller at once and cancels the rest. */
  async function* events(
    request: EngineRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<EngineEvent, void, undefined> {
    if (closed || signal?.aborted) return;
    if (outlet.failure !== undefined) throw new UserError(outlet.failure);
    const inbox = createInbox(signal);
    const one = pendingOf(nextId++, request, inbox, () => pending.delete(one.id));
    pending.set(one.id, one);
    if (outlet.listening) submit(one);
    outlet.wake();
    try {
      for (let event = await inbox.next(); event; event = await inbox.next()) {
        if (event.kind === "error") throw errorOf(event);
        yield event;
        if (event.kind === "done") return;
      }
    } finally {
      inbox.close();
      if (pending.delete(one.id) && one.sent) outlet.send({ kind: "cancel", id: one.id });
    }
  }

  /** Something was said about a request that cannot be read: text may be missing, so it ends here. */
  function spoil(id: number): void {
    const one = pending.get(id);
    if (!one?.sent) return;
    outlet.send({ kind: "cancel", id });
    finish(one, failureOf(unreadable));
  }

  return {
    events,

    /** A request's stream as `read` sees it, and what it cost; undefined at its end when it was left before. */
    async *generation<Delta>(
      request: EngineRequest,
      signal: AbortSignal | undefined,
      read: (event: EngineEvent) => Delta | undefined,
    ): AsyncGenerator<Delta, GenerationEnd | undefined, undefined> {
      for await (const event of events(request, signal)) {
        if (event.kind === "done") {
          return { ...NO_COST, ...event.cost, reason: event.reason };
        }
        const delta = read(event);
        if (delta !== undefined) yield delta;
      }
      return undefined;
    },

    /** The first event that `read` finds the answer in. */
    async ask<T>(request: EngineRequest, read: (event: EngineEvent) => T | undefined): Promise<T> {
      for await (const event of events(request)) {
        const answer = read(event);
        if (answer !== undefined) return answer;
      }
      throw new Error(`the engine gave no answer to "${request.kind}"`);
    },

    /** Whether any request waits for an answer. */
    get waiting(): boolean {
      return pending.size > 0;
    },

    /**
     * An event of a request, from the process.
     * @param nth its number in this run: one that was taken is not taken again, and one that comes early waits for its turn
     */
    take(id: number, event: EngineEvent, nth?: number): void {
      const one = pending.get(id);
      if (!one?.sent) return; // it is over, or its process is
      if (nth === undefined) {
        deliver(one, event);
        return;
      }
      if (nth < one.taken) return;
      one.early.set(nth, event);
      for (let next = one.early.get(one.taken); next && pending.has(id); next = one.early.get(one.taken)) {
        one.early.delete(one.taken++);
        deliver(one, next);
      }
      if (one.early.size > mostEarly) spoil(id);
    },

    spoil,

    /**
     * How many events the process had said of each request that it knew when it answered a ping. A request that lacks some of
     * them, or that it does not know, for several pulses in which nothing came for it, has lost a message: it runs once more.
     * One that it knows and that nobody waits for has lost its cancellation.
     * @returns how many were found to have lost one
     */
    compare(said: readonly (readonly [id: number, events: number])[]): number {
      const known = new Map(said);
      for (const id of known.keys()) if (!pending.has(id)) outlet.send({ kind: "cancel", id });
      const broken = [...pending.values()].filter((one) => one.sent && lacksFor(one, known) === mostBehind);
      for (const one of broken) {
        outlet.send({ kind: "cancel", id: one.id });
        if (++one.broken === 2) finish(one, failureOf(incomplete));
        else runAgain(one);
      }
      return broken.length;
    },

    /** Sends all that waits, to a process that is new. */
    sendAll(): void {
      for (const one of pending.values()) submit(one);
    },

    /** The process was replaced at the caller's request: what ran runs again. */
    replaced(): void {
      for (const one of pending.values()) one.sent = false;
    },

    /** The process ended. A request that ends it twice is taken for the cause: it fails with `again`. */
    gone(again: Fault): void {
      for (const one of [...pending.values()]) {
        if (!one.sent) continue;
        one.sent = false;
        if (++one.broken === 2) finish(one, failureOf(again));
      }
    },

    /** No process can be had. */
    fail(fault: Fault): void {
      finishAll(failureOf(fault));
    },

    /** Ends all requests; later ones end at once. */
    close(): void {
      closed = true;
      finishAll({ kind: "done", reason: "cancelled" });
    },
  };
}

const unreadable: Fault = {
  code: "engine-stopped",
  problem: "The engine's answer cannot be read",
  advice: "run “Foretype: Restart Engine”, and see the log if it happens again",
};

const incomplete: Fault = {
  code: "engine-stopped",
  problem: "Messages between the editor and the engine were lost, twice for this request",
  advice: "run “Foretype: Restart Engine”, and see the log if it happens again",
};

const failureOf = (fault: Fault): EngineEvent => ({ kind: "error", message: sentenceOf(fault), fault });

/** A request whose events go to `inbox`, without the text that was delivered before. `over`: the last event has come. */
function pendingOf(id: number, request: EngineRequest, inbox: Inbox, over: () => void): Pending {
  const one: Pending = {
    id,
    request,
    taken: 0,
    early: new Map(),
    delivered: 0,
    skip: 0,
    behind: 0,
    takenBefore: 0,
    broken: 0,
    sent: false,
    take(event) {
      if (event.kind === "done" || event.kind === "error") over();
      if (event.kind !== "text" && event.kind !== "thinking") return inbox.push(event);
      const fresh = event.text.slice(one.skip);
      one.skip -= event.text.length - fresh.length;
      if (fresh === "") return;
      one.delivered += fresh.length;
      inbox.push({ ...event, text: fresh });
    },
  };
  return one;
}

/** For how many pulses in a row, this one among them, something has been missing, and nothing came. */
function lacksFor(one: Pending, known: ReadonlyMap<number, number>): number {
  const isWhole = (known.get(one.id) ?? Number.POSITIVE_INFINITY) <= one.taken;
  if (isWhole || one.taken !== one.takenBefore) one.behind = 0;
  if (!isWhole) one.behind++;
  one.takenBefore = one.taken;
  return one.behind;
}

const errorOf = ({ fault, message }: EngineEvent & { kind: "error" }): Error =>
  fault ? new UserError(fault) : new Error(message);

type Inbox = ReturnType<typeof createInbox>;

/** Events of one request for one reader, in the order in which they came. */
function createInbox(signal: AbortSignal | undefined) {
  const queue: EngineEvent[] = [];
  let wake: (() => void) | undefined;
  const abort = () => wake?.();
  signal?.addEventListener("abort", abort, { once: true });
  return {
    push(event: EngineEvent): void {
      queue.push(event);
      wake?.();
    },
    /** Waits for the next event; undefined once the signal has aborted. */
    async next(): Promise<EngineEvent | undefined> {
      while (queue.length === 0 && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return signal?.aborted ? undefined : queue.shift();
    },
    close: () => signal?.removeEventListener("abort", abort),
  };
}
