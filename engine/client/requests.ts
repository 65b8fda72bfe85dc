import type { EngineEvent, EngineRequest, GenerationEnd, ToEngine } from "../contract/index.ts";
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

interface Pending {
  readonly id: number;
  readonly request: EngineRequest;
  readonly take: (event: EngineEvent) => void;
  /** Characters that the caller has got; a run after a crash says them again. */
  delivered: number;
  skip: number;
  crashes: number;
  sent: boolean;
}

/**
 * Gives each request back as a stream of its events. What ran when the process ended is sent again to the next one, once, and
 * what was delivered is not delivered twice: generation is deterministic.
 */
export function createRequests(outlet: Outlet) {
  let nextId = 1;
  let closed = false;
  const pending = new Map<number, Pending>();

  function submit(one: Pending): void {
    one.sent = true;
    one.skip = one.delivered;
    outlet.send({ kind: "request", id: one.id, request: one.request });
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
          const none = {
            promptTokens: 0,
            computedTokens: 0,
            promptMs: 0,
            tokens: 0,
            decodeMs: 0,
            drafted: 0,
            accepted: 0,
          };
          return { ...none, ...event.cost, reason: event.reason };
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

    /** An event of a request, from the process. */
    take(id: number, event: EngineEvent): void {
      pending.get(id)?.take(event);
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
        if (++one.crashes === 2) finish(one, failureOf(again));
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

const failureOf = (fault: Fault): EngineEvent => ({ kind: "error", message: sentenceOf(fault), fault });

/** A request whose events go to `inbox`, without the text that was delivered before. `over`: the last event has come. */
function pendingOf(id: number, request: EngineRequest, inbox: Inbox, over: () => void): Pending {
  const one: Pending = {
    id,
    request,
    delivered: 0,
    skip: 0,
    crashes: 0,
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
