// The process that does one part of `long.mjs`: the tries from one number to another, and says after each what became of it.
import { join } from "node:path";
import { createEngine } from "../../engine/server/index.ts";
import { type Random, seededRandom } from "../reference/random.ts";
import { badChannelSeries } from "./bad_channel.ts";
import { createChangedModels } from "./changed_models.ts";
import { deafHost } from "./deaf_host.ts";
import { createPullBench } from "./downloads.ts";
import { badMessages } from "./engine_messages.ts";
import { endHost, type HostCase } from "./hosts.ts";
import { createLossBench } from "./lost_devices.ts";
import { outOfMemorySteps } from "./out_of_memory.ts";
import { createKillBench, moments } from "./processes.ts";
import { killWindows } from "./windows.ts";

/** What the long form sends. */
export interface Order {
  readonly part: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Of the bundles. */
  readonly folder: string;
  readonly device: string;
}

/** What it hears after each try: why it is lost, if it is; else what became of it, where there are several ways to survive. */
export interface Word {
  readonly number: number;
  readonly lost?: string;
  readonly outcome?: string;
}

/** Something to try again and again. */
interface Part {
  /** A text that it resolves with is an outcome. */
  one(random: Random, number: number): Promise<unknown>;
  close?(): void | Promise<void>;
}

const each = (one: Part["one"]): Part => ({ one });

function hosts({ folder, device }: Order, when: HostCase["when"], how: HostCase["how"]): Part {
  const engine = join(folder, when === "any" ? "process.js" : "hanging_process.js");
  return each((random) => endHost({ host: join(folder, "host.js"), engine, device, when, how }, random));
}

function kills(order: Order, moment: (typeof moments)[number]): Part {
  const bench = createKillBench(join(order.folder, "process.js"), order.device);
  return { one: (random) => bench.kill(moment, random), close: () => bench.close() };
}

const messages = (): Part =>
  each(async (random) => {
    const said: Parameters<typeof badMessages>[1][number][] = [];
    // One for each try: it runs a request once, and ids are few.
    const engine = createEngine({
      send: (message) => said.push(message),
      open: async () => {
        throw new Error("there is no GPU");
      },
      lostDevices: { isLost: () => false, begin: () => {}, end: () => {} },
    });
    await badMessages(engine, said, random, 300);
  });

/** All buffers in one try, each of which is told. */
const memory = (order: Order, how: "at once" | "told"): Part =>
  each(async () => void (await outOfMemorySteps(order.device, how, 1)));

const parts: Readonly<Record<string, (order: Order) => Part>> = {
  "client over a bad channel": () =>
    each(async (random) => void (await badChannelSeries(random() * 2 ** 31))),
  "engine and any messages": messages,
  ...Object.fromEntries(
    moments.map((moment) => [`killed in its ${moment}`, (order: Order) => kills(order, moment)]),
  ),
  "host killed": (order) => hosts(order, "any", "killed"),
  "window closed": (order) => hosts(order, "any", "left"),
  "host killed, driver blocks the engine": (order) => hosts(order, "hanging", "killed"),
  "window closed, driver blocks the engine": (order) => hosts(order, "hanging", "left"),
  "GPU lost": ({ device }) => {
    const bench = createLossBench(device);
    return { one: (random) => bench.lose(random), close: () => bench.close() };
  },
  "no memory for any buffer, told at once": (order) => memory(order, "at once"),
  "no memory for any buffer, told later": (order) => memory(order, "told"),
  "changed models, computed with": ({ device }) => createChangedModels(device),
  "host that does not read": ({ folder, device }) =>
    each((random) =>
      deafHost({
        engine: join(folder, "process.js"),
        device,
        requests: Math.floor(random() * 60),
        pings: Math.floor(random() ** 3 * 100_000),
        reads: random() < 0.5,
      }),
    ),
  "pull ended, or failing, several times": ({ folder }) =>
    each((random) => createPullBench(join(folder, "cli.js")).pull(random)),
  "windows killed while they store": ({ folder }) =>
    each((random) => killWindows(join(folder, "window.js"), random)),
};

process.once("message", async (order: Order) => {
  const { part, seed, from, to } = order;
  const say = (word: Word) => new Promise<void>((resolve) => process.send!(word, () => resolve()));
  const { one, close } = parts[part]!(order);
  for (let number = from; number < to; number++) {
    const random = seededRandom(seed + 7919 * number);
    random();
    const word = await one(random, number).then(
      (outcome) => (typeof outcome === "string" ? { outcome } : {}),
      (error: Error) => ({ lost: error.message }),
    );
    await say({ number, ...word });
  }
  await close?.();
  process.exit(0);
});
