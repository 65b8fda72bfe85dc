import type { ToEngine } from "../contract/index.ts";

const mostAhead = 8; // messages; the pipe takes some 200 KB beside them

/**
 * Messages on their way to a process that may not read: few are handed to the system, and the others wait here, where a
 * later one may make them needless. So what waits is bounded by the requests that live, however long nothing is read.
 * @param write hands a message over, and calls `taken` once it is in the pipe or never will be
 */
export function createOutbox(write: (message: ToEngine, taken: () => void) => void) {
  let waiting: ToEngine[] = [];
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
    send(message: ToEngine): void {
      if (message.kind === "cancel") {
        const before = waiting.length;
        waiting = waiting.filter((it) => it.kind !== "request" || it.id !== message.id);
        if (waiting.length < before) return; // the process never hears of it
      }
      if (message.kind === "ping" && waiting.some(({ kind }) => kind === "ping")) return;
      // The latest settings hold, and they hold for all requests that wait: in the place of the earlier ones.
      const settings = message.kind === "settings" ? waiting.findIndex((it) => it.kind === "settings") : -1;
      if (settings === -1) waiting.push(message);
      else waiting[settings] = message;
      flush();
    },
    /** Messages that are neither in the pipe nor handed to the system. */
    get waiting(): number {
      return waiting.length;
    },
  };
}
