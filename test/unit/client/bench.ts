// A client whose processes say what a test says.
import { createEngineClient, type EngineChild, type EngineState } from "../../../engine/client/client.ts";
import type { EngineEvent, FromEngine, ToEngine } from "../../../engine/contract/protocol.ts";
import { fakeClock } from "../support/clock.ts";

export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
export const settings = { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 };
export const spec = { path: "mini" };
const prompt = { path: "a.ts", prefix: "", middle: "x", suffix: "", context: [] };

/** A client whose children are scripted by the test. */
export function bench(
  command: () => { execPath: string; script: string; env: object } = () => ({
    execPath: "node",
    script: "process.js",
    env: {},
  }),
) {
  const clock = fakeClock();
  const states: EngineState[] = [];
  const logs: string[] = [];
  const children: ReturnType<typeof fakeChild>[] = [];
  function fakeChild() {
    const sent: ToEngine[] = [];
    let message = (_: FromEngine) => {};
    let log = (_: string) => {};
    const exits: ((how: string) => void)[] = [];
    const child: EngineChild = {
      pid: 100 + children.length,
      send: (it) => void sent.push(it),
      kill: (signal) => void killed.push(signal ?? "SIGTERM"),
      disconnect: () => void killed.push("disconnect"),
      onMessage: (listener) => {
        message = listener;
      },
      onLog: (listener) => {
        log = listener;
      },
      onExit: (listener) => void exits.push(listener),
    };
    const killed: string[] = [];
    const requests = () => sent.filter((it) => it.kind === "request");
    return {
      child,
      sent,
      killed,
      requests,
      say: (it: FromEngine) => message(it),
      write: (line: string) => log(line),
      /** Answers the last request. */
      answer(event: EngineEvent) {
        message({ kind: "event", id: requests().at(-1)!.id, event });
        return settle();
      },
      die(how = "by SIGKILL") {
        for (const listener of exits) listener(how);
        return settle();
      },
    };
  }
  const client = createEngineClient({
    command: command as never,
    settings,
    onState: (state) => states.push(state),
    onLog: (level, text) => logs.push(`${level}: ${text}`),
    start: () => {
      const fake = fakeChild();
      children.push(fake);
      return fake.child;
    },
    clock,
  });
  const kinds = () => states.map(({ kind }) => kind);
  return { client, clock, states, kinds, logs, children, last: () => children.at(-1)! };
}

export const text = (it: string): EngineEvent => ({ kind: "text", text: it, logProbability: -1 });
export const done: EngineEvent = { kind: "done", reason: "end" };

/** Reads a completion to its end. */
export function read({ client }: Pick<ReturnType<typeof bench>, "client">, signal?: AbortSignal) {
  const stream = client
    .completerFor(() => spec)
    .complete({ prompt, maxTokens: 9, priority: "automatic", ...(signal && { signal }) });
  let written = "";
  const finished = (async () => {
    for (;;) {
      const { value, done } = await stream.next();
      if (done) return { written, end: value };
      written += value.text;
    }
  })();
  finished.catch(() => {});
  return { stream, finished, written: () => written };
}
