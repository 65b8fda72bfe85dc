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

/** An engine in this process, whose devices a test can spoil. */
export function engineHere(device: string, prepare: (gpu: Gpu) => void = () => {}) {
  let told = () => {};
  const heard: FromEngine[] = [];
  const gpus: Gpu[] = [];
  const engine = createEngine({
    send(message) {
      heard.push(message);
      told();
    },
    async open() {
      const gpu = await openGpu({ device });
      gpus.push(gpu);
      prepare(gpu);
      return gpu;
    },
    lostDevices: { isLost: () => false, begin: () => {}, end: () => {} },
  });
  let last = 0;
  /** All events of a request, the last of which is its end. */
  async function ask(request: EngineRequest, onEvent: (event: EngineEvent) => void = () => {}) {
    const id = ++last;
    engine.receive({ kind: "request", id, request });
    for (let seen = 0; ; ) {
      const events = heard.flatMap((it) => (it.kind === "event" && it.id === id ? [it.event] : []));
      for (const event of events.slice(seen)) onEvent(event);
      seen = events.length;
      const end = events.at(-1)?.kind;
      if (end === "done" || end === "error") {
        heard.length = 0;
        return events;
      }
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
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
