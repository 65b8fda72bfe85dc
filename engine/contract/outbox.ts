import type { FromEngine, ToEngine } from "./protocol.ts";

const mostAhead = 8; // messages; the pipe takes some 200 KB beside them

/**
 * Messages on their way to a process that may not read: few are handed to the system, and the others wait here, where a
 * later one may make them needless. So what waits is bounded by the requests that live, however long nothing is read.
 * @param write hands a message over, and calls `taken` once it is in the pipe or never will be
 * @param admit puts a message to those that wait
 */
export function createOutbox<Message>(
  write: (message: Message, taken: () => void) => void,
  admit: (waiting: Message[], message: Message) => void,
) {
  const waiting: Message[] = [];
  let ahead = 0;

  function flush(): void {
    while (ahead < mostAhead && waiting.length > 0) {
      ahead++;
      write(waiting.shift()!, () => {
        ahead--;
        flush();
      });
    }
  }

  return {
    send(message: Message): void {
      admit(waiting, message);
      flush();
    },
    /** Messages that are neither in the pipe nor handed to the system. */
    get waiting(): number {
      return waiting.length;
    },
  };
}

/** Requests that are cancelled before they were sent are not sent; of settings the latest are, and of pings one. */
export function admitToEngine(waiting: ToEngine[], message: ToEngine): void {
  if (message.kind === "cancel") {
    const unsent = waiting.findIndex((it) => it.kind === "request" && it.id === message.id);
    if (unsent !== -1) {
      waiting.splice(unsent, 1);
      return; // the process never hears of it
    }
  }
  if (message.kind === "ping" && waiting.some(({ kind }) => kind === "ping")) return;
  // The latest settings hold, and they hold for all requests that wait: in the place of the earlier ones.
  const settings = message.kind === "settings" ? waiting.findIndex((it) => it.kind === "settings") : -1;
  if (settings === -1) waiting.push(message);
  else waiting[settings] = message;
}

/** Of answers to pings, and of how far a load is, the latest are sent. */
export function admitFromEngine(waiting: FromEngine[], message: FromEngine): void {
  if (message.kind === "pulse" || message.kind === "loading") {
    const earlier = waiting.findIndex(({ kind }) => kind === message.kind);
    if (earlier !== -1) waiting.splice(earlier, 1);
  }
  waiting.push(message);
}
