import { createEngineClient, type EngineChild } from "../../engine/client/client.ts";
import type {
  CompletionDelta,
  EngineEvent,
  EngineRequest,
  FromEngine,
  GenerationEnd,
  ToEngine,
} from "../../engine/contract/index.ts";
import { type Random, seededRandom } from "../reference/random.ts";
import { fakeClock } from "../unit/support/clock.ts";
import { anyMessage } from "./messages.ts";

/** What a series had to bear. */
export interface BadChannelTally {
  messages: number;
  malformed: number;
  lost: number;
  crashes: number;
  /** Requests that ended with all of their text, with a sentence, or because their caller left. */
  whole: number;
  sentences: number;
  left: number;
}

const STEPS = 120;
const settings = { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 };
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What the engine writes for a prompt: the same in each run. */
function textFor(prompt: string): string {
  const random = seededRandom([...prompt].reduce((sum, it) => sum * 31 + it.charCodeAt(0), 7));
  return Array.from({ length: 10 + Math.floor(random() * 60) }, () =>
    Math.floor(random() * 36).toString(36),
  ).join("");
}

/** A process that the series ends, and whose messages arrive when it says so. `channel.loses`: some never do, either way. */
function createChild(
  pid: number,
  random: Random,
  tally: BadChannelTally,
  channel: { readonly loses: boolean },
) {
  const below = (count: number) => Math.floor(random() * count);
  /** Said and not yet heard. */
  const said: unknown[] = [{ kind: "hello" } satisfies FromEngine];
  /** Events that were said of requests that are not over. */
  const running = new Map<number, number>();
  const exits: ((how: string) => void)[] = [];
  const is = { ended: false, toldToEnd: false };
  let hear = (_: unknown) => {};
  const leave = () => {
    is.toldToEnd = true;
  };
  const isLost = (): boolean => {
    const lost = channel.loses && random() < 0.01;
    if (lost) tally.lost++;
    return lost;
  };
  const child: EngineChild = {
    pid,
    send(message: ToEngine) {
      if (is.ended) throw new Error("the channel is closed");
      if (isLost()) return;
      if (message.kind === "ping") {
        const pulse = { waiting: false, returned: 0, patienceMs: 10_000 };
        said.push({ kind: "pulse", pulse, said: [...running] } satisfies FromEngine);
        for (const id of running.keys()) if (random() < 0.5) running.delete(id);
      }
      if (message.kind === "cancel") running.delete(message.id);
      if (message.kind !== "request") return;
      const messages = answer(message.id, message.request, random);
      said.push(...messages);
      running.set(message.id, messages.length);
    },
    kill: leave,
    disconnect: leave,
    onMessage(listener) {
      hear = listener;
    },
    onLog() {},
    onExit: (listener) => void exits.push(listener),
  };
  return {
    child,
    is,
    end(): void {
      if (is.ended) return;
      is.ended = true;
      for (const listener of exits) listener("by SIGKILL");
    },
    get silent(): boolean {
      return said.length === 0;
    },
    /** One message arrives, or is lost: with faults not always the oldest, sometimes again later, sometimes after something malformed. */
    deliver(faults: boolean): void {
      if (said.length === 0) return;
      const [message] = said.splice(faults ? below(Math.min(4, said.length)) : 0, 1);
      tally.messages++;
      if (isLost()) return;
      if (faults && random() < 0.15) said.splice(below(said.length + 1), 0, message);
      if (faults && random() < 0.1) {
        tally.malformed++;
        hear(anyMessage(random));
      }
      hear(message);
    },
  };
}

/** Reads a completion to its end, and checks each piece of it. */
async function read(
  stream: AsyncGenerator<CompletionDelta, GenerationEnd | undefined>,
  expected: string,
  tally: BadChannelTally,
): Promise<void> {
  let written = "";
  try {
    for (;;) {
      const { value, done } = await stream.next();
      if (done) {
        if (value === undefined) tally.left++;
        else if (written === expected) tally.whole++;
        else throw new Error(`"${written}" was the whole answer, expected "${expected}"`);
        return;
      }
      written += value.text;
      if (!expected.startsWith(written)) throw new Error(`"${written}" is no beginning of "${expected}"`);
    }
  } catch (error) {
    if ((error as Error).name !== "UserError") throw error;
    tally.sentences++;
  }
}

/** A client with its processes, on a clock that the series turns. */
function createSeries(seed: number) {
  const random = seededRandom(seed);
  random(); // neighbouring seeds give neighbouring first numbers
  const channel = { loses: true };
  const tally: BadChannelTally = {
    messages: 0,
    malformed: 0,
    lost: 0,
    crashes: 0,
    whole: 0,
    sentences: 0,
    left: 0,
  };
  const clock = fakeClock();
  const children: ReturnType<typeof createChild>[] = [];
  const logs: string[] = [];
  const readers: { readonly finished: Promise<void>; open: boolean; readonly leave: () => void }[] = [];
  const client = createEngineClient({
    command: () => ({ execPath: "node", script: "process.js", env: {} }),
    settings,
    onState: () => {},
    onLog: (level, text) => logs.push(`${level}: ${text}`),
    start() {
      const child = createChild(1000 + children.length, random, tally, channel);
      children.push(child);
      return child.child;
    },
    clock,
  });
  return {
    random,
    below: (count: number) => Math.floor(random() * count),
    tally,
    channel,
    clock,
    children,
    logs,
    readers,
    client,
    ask(): void {
      const middle = `prompt ${seed} ${readers.length}`;
      const abort = new AbortController();
      const stream = client
        .completerFor(() => ({ path: "mini" }))
        .complete({
          prompt: { path: "a.ts", prefix: "", middle, suffix: "", context: [] },
          maxTokens: 99,
          priority: "automatic",
          signal: abort.signal,
        });
      const finished = read(stream, textFor(middle), tally);
      const reader = { finished, open: true, leave: () => abort.abort() };
      const close = () => {
        reader.open = false;
      };
      finished.then(close, close); // what it threw is thrown at the series' end
      readers.push(reader);
    },
  };
}

type Series = ReturnType<typeof createSeries>;

async function step({ random, below, tally, clock, children, readers, client, ask }: Series): Promise<void> {
  const last = children.at(-1);
  const what = random();
  if (what < 0.08) ask();
  else if (what < 0.1) readers[below(readers.length)]?.leave();
  else if (what < 0.115) {
    if (last && !last.is.ended) tally.crashes++;
    last?.end();
  } else if (what < 0.122) client.restart();
  else if (what < 0.2) await clock.pass(below(3000));
  else last?.deliver(true);
  if (random() < 0.5) await settle();
  // Those that were told to end do so sooner or later, and still say what they had said.
  for (const old of children.slice(0, -1)) {
    if (random() < 0.3) old.deliver(true);
    if (random() < 0.1 && old.is.toldToEnd) old.end();
  }
  if (last?.is.toldToEnd) last.end();
}

/** No more faults: all that was asked comes to its end. */
async function finish({ channel, clock, children, readers, client, logs }: Series): Promise<void> {
  channel.loses = false;
  for (let rounds = 0; readers.some(({ open }) => open); rounds++) {
    if (rounds > 3000) throw new Error(`a request never ends; ${logs.at(-1)}`);
    if (children.at(-1)?.is.ended || client.state.kind === "crashed") await clock.pass(10_000);
    if (client.state.kind === "failed") client.restart();
    const last = children.at(-1);
    if (last?.is.toldToEnd) last.end();
    // What was lost is found by what the process says each second, and nothing else happens.
    if (last?.silent) await clock.pass(1000);
    last?.deliver(false);
    await settle();
  }
  await Promise.all(readers.map(({ finished }) => finished));
  client.dispose();
  for (const { is, end } of children) {
    if (!is.ended && !is.toldToEnd) throw new Error("a process was never told to end");
    end();
  }
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
  if (logs.length > 30 * children.length + 30) throw new Error(`${logs.length} lines in the log`);
}

/**
 * A client whose processes crash, restart and hang, over a channel that brings messages late, twice, out of order,
 * malformed and not at all, for some hundred steps.
 * @throws Error where a text is lost, mixed or delivered twice, where a request never ends or ends without a sentence, or
 * where a process or a timer is left behind
 */
export async function badChannelSeries(seed: number): Promise<BadChannelTally> {
  const series = createSeries(seed);
  try {
    for (let i = 0; i < STEPS; i++) await step(series);
    await finish(series);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
  return series.tally;
}

/** The events of one run of a request, its text in other pieces each time. */
function answer(id: number, request: EngineRequest, random: Random): FromEngine[] {
  const messages: FromEngine[] = [];
  let nth = 0;
  const say = (event: EngineEvent) => messages.push({ kind: "event", id, nth: nth++, event });
  if (request.kind === "complete") {
    const text = textFor(request.prompt.middle);
    for (let at = 0; at < text.length; ) {
      const length = 1 + Math.floor(random() * 9);
      say({ kind: "text", text: text.slice(at, at + length), logProbability: -1 });
      at += length;
    }
  }
  say({ kind: "done", reason: "end" });
  return messages;
}
