import { afterEach, expect, test } from "vitest";
import type { EngineEvent, FromEngine } from "../../../engine/contract/index.ts";
import { createKernelChoices, type Gpu, openGpu } from "../../../engine/gpu/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { createLostDevices } from "../../../engine/server/lost_devices.ts";
import { engineHere } from "../../torture/engine_here.ts";
import { eachDevice } from "../support/devices.ts";
import { temporaryFolder } from "../support/models.ts";
import { withProperties } from "../support/test_bed.ts";

const prompt = { path: "a.ts", prefix: "", middle: "export ", suffix: "", context: [] };

eachDevice((_, device) => {
  let close = () => {};
  afterEach(() => close());

  test("a request that waits for its turn as the GPU is lost has its own on the next device", async () => {
    const it = engineHere(device);
    close = it.close;
    const text = await it.complete();
    let texts = 0;
    const { gpu } = it;
    const lost = it.complete(12, ({ kind }) => {
      if (kind === "text" && ++texts === 1) gpu.device.destroy();
    });
    const waits = it.complete();
    const [first, second] = await Promise.allSettled([lost, waits]);
    if (first.status === "rejected") expect(first.reason).toMatchObject({ cause: { code: "device-lost" } });
    else expect(first.value).toBe(text); // all of it was there already
    expect(second).toEqual({ status: "fulfilled", value: text });
    expect(it.gpus.length).toBe(2);
  });

  // Lavapipe would compile a GPU's kernels, with several lanes a row, for minutes.
  test.runIf(device === "swiftshader")(
    "a GPU that is lost twice while drafts are prepared has none from then on, and fails no request",
    async () => {
      await using folder = await temporaryFolder();
      const path = folder.at("lost_devices.json");
      const heard: FromEngine[] = [];
      let told = () => {};
      let gpu: Gpu | undefined;
      let opened = 0;
      let prepared = 0;
      const log = (message: string) => heard.push({ kind: "log", level: "warn", message });
      const lostDevices = createLostDevices({ path, log });
      const engine = createEngine({
        send(message) {
          heard.push(message);
          told();
        },
        async open() {
          gpu = await openGpu({ device });
          opened++;
          return withProperties(gpu, { software: false });
        },
        kernelChoices: createKernelChoices({ version: "", env: { FORETYPE_CHOICES: "off" } }),
        lostDevices: {
          ...lostDevices,
          begin(key) {
            lostDevices.begin(key);
            // First how to roll back is chosen, then drafts are measured.
            if (++prepared % 2 === 0) gpu!.device.destroy();
          },
        },
      });
      close = () => engine.close();
      const until = async (found: () => boolean) => {
        while (!found())
          await new Promise<void>((resolve) => {
            told = resolve;
          });
      };
      let id = 0;
      const ask = async (kind: "complete" | "status"): Promise<EngineEvent[]> => {
        const own = ++id;
        const model = { path: "mini" };
        engine.receive({
          kind: "request",
          id: own,
          request:
            kind === "status" ? { kind } : { kind, model, prompt, maxTokens: 1, priority: "automatic" },
        });
        const events = () => heard.flatMap((it) => (it.kind === "event" && it.id === own ? [it.event] : []));
        await until(() => events().some((event) => event.kind === "done" || event.kind === "error"));
        return events();
      };
      const losses = () =>
        heard.filter((it) => it.kind === "log" && it.message.startsWith("the model has no drafts")).length;

      for (const loss of [1, 2]) {
        expect((await ask("complete")).at(-1)).toMatchObject({ kind: "done", reason: "max-tokens" });
        await until(() => losses() === loss);
        expect((await ask("status"))[0]).toMatchObject({ status: { device: null, models: [] } });
      }
      expect((await ask("complete")).at(-1)).toMatchObject({ kind: "done", reason: "max-tokens" });
      expect((await ask("status"))[0]).toMatchObject({
        status: { models: [{ path: "mini", drafts: "device-lost" }] },
      });
      expect({ opened, prepared }).toEqual({ opened: 3, prepared: 4 });
      expect(createLostDevices({ path, log }).isLost(gpu!.identity)).toBe(true);
    },
  );
}, "fast");
