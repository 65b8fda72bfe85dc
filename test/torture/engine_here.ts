import type { EngineEvent, EngineRequest, EngineStatus, FromEngine } from "../../engine/contract/index.ts";
import { type Gpu, openGpu } from "../../engine/gpu/index.ts";
import { createEngine } from "../../engine/server/index.ts";

const prompt = {
  path: "stack.ts",
  prefix: "",
  middle: "export class Stack {\n  items: number[] = [];\n  push(item: number) {\n    this",
  suffix: "\n  }\n}\n",
  context: [],
};

/** An engine in this process, whose devices a test can spoil, or make itself. */
export function engineHere(
  device: string | (() => Gpu),
  prepare: (gpu: Gpu) => void = () => {},
  onMessage: (message: FromEngine) => void = () => {},
) {
  /** Of requests that have not ended. */
  const asked = new Map<number, (event: EngineEvent) => void>();
  const gpus: Gpu[] = [];
  const engine = createEngine({
    send(message) {
      onMessage(message);
      if (message.kind === "event") asked.get(message.id)?.(message.event);
    },
    async open() {
      const gpu = typeof device === "string" ? await openGpu({ device }) : device();
      gpus.push(gpu);
      prepare(gpu);
      return gpu;
    },
    lostDevices: { isLost: () => false, begin: () => {}, end: () => {} },
  });
  let last = 0;
  /** All events of a request, the last of which is its end. `cancel` is called for what ends it early. */
  function ask(
    request: EngineRequest,
    onEvent: (event: EngineEvent, cancel: () => void) => void = () => {},
  ): Promise<EngineEvent[]> {
    const id = ++last;
    const events: EngineEvent[] = [];
    return new Promise((resolve) => {
      asked.set(id, (event) => {
        events.push(event);
        onEvent(event, () => engine.receive({ kind: "cancel", id }));
        if (event.kind !== "done" && event.kind !== "error") return;
        asked.delete(id);
        resolve(events);
      });
      engine.receive({ kind: "request", id, request });
    });
  }
  return {
    engine,
    gpus,
    get gpu(): Gpu {
      return gpus.at(-1)!;
    },
    ask,
    async status(): Promise<EngineStatus> {
      const [event] = await ask({ kind: "status" });
      return (event as EngineEvent & { kind: "status" }).status;
    },
    /** @throws Error where it did not end as it should; a UserError's sentence where it has one */
    async complete(maxTokens = 12, onEvent?: (event: EngineEvent) => void): Promise<string> {
      const model = { path: "mini" };
      const request = { kind: "complete", model, prompt, maxTokens, priority: "automatic" } as const;
      const events = await ask(request, onEvent);
      const end = events.at(-1)!;
      if (end.kind === "error") throw new Error(end.message, { cause: end.fault });
      return events.map((event) => (event.kind === "text" ? event.text : "")).join("");
    },
    close: () => engine.close(),
  };
}
