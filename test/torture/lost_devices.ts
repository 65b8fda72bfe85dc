import { createEngineClient, type EngineChild } from "../../engine/client/client.ts";
import { type Gpu, openGpu } from "../../engine/gpu/index.ts";
import { createEngine } from "../../engine/server/index.ts";
import type { Random } from "../reference/random.ts";
import { complete, settingsOf } from "./processes.ts";

/** A client and an engine in this process, on a device that is lost at the n-th submit. */
export function createLossBench(device: string) {
  let gpu: Gpu | undefined;
  let opened = 0;
  let submits = 0;
  let loseAt = Number.POSITIVE_INFINITY;
  let hear = (_: unknown) => {};
  const engine = createEngine({
    send: (message) => setImmediate(() => hear(JSON.parse(JSON.stringify(message)))),
    async open() {
      opened++;
      gpu = await openGpu({ device });
      const { submit } = gpu;
      const own = gpu;
      gpu.submit = (commands) => {
        if (++submits === loseAt) own.device.destroy();
        submit.call(own, commands);
      };
      return gpu;
    },
    lostDevices: { isLost: () => false, begin: () => {}, end: () => {} },
  });
  const child: EngineChild = {
    send: (message) => void setImmediate(() => engine.receive(JSON.parse(JSON.stringify(message)))),
    kill: () => {},
    disconnect: () => {},
    onMessage(listener) {
      hear = listener;
      setImmediate(() => hear({ kind: "hello" }));
    },
    onLog: () => {},
    onExit: () => {},
  };
  const client = createEngineClient({
    command: () => ({ execPath: "", script: "", env: {} }),
    settings: settingsOf(device),
    onState: () => {},
    onLog: () => {},
    start: () => child,
    // Nobody waits for a process of its own to end.
    clock: { now: Date.now, setTimeout: () => 0, clearTimeout: () => {} },
  });
  let expected: { readonly text: string; readonly submits: number } | undefined;

  return {
    /** Loses the device once, in loading, in the prompt or in decoding. @throws Error where the text is not whole */
    async lose(random: Random): Promise<void> {
      if (!expected) {
        const text = await complete(client);
        expected = { text, submits };
      }
      if (random() < 0.5) await client.unload();
      submits = 0;
      const before = opened;
      loseAt = 1 + Math.floor(random() * expected.submits);
      const found = await complete(client);
      loseAt = Number.POSITIVE_INFINITY;
      if (found !== expected.text) throw new Error(`"${found}" came, expected "${expected.text}"`);
      const again = await complete(client);
      if (again !== expected.text) throw new Error(`then "${again}" came, expected "${expected.text}"`);
      if (opened > before + 1) throw new Error(`the device was opened ${opened - before} times`);
      const { gpuBytes, models } = (await client.status())!;
      if (models.length !== 1 || gpuBytes > 64e6)
        throw new Error(`${models.length} models and ${gpuBytes} bytes are held afterwards`);
    },
    get losses(): number {
      return opened - 1;
    },
    close(): void {
      client.dispose();
      engine.close();
    },
  };
}
