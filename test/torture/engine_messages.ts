import type { FromEngine } from "../../engine/contract/index.ts";
import { idOf, isToEngine } from "../../engine/contract/index.ts";
import type { createEngine } from "../../engine/server/index.ts";
import type { Random } from "../reference/random.ts";
import { changedMessage, soundMessages } from "./messages.ts";

/**
 * Sends an engine messages that are sound, malformed, sent before and out of order, and then asks for its status.
 * @param said all that the engine sends
 * @throws Error where a request does not end, ends twice, or has a gap in its events
 */
export async function badMessages(
  engine: ReturnType<typeof createEngine>,
  said: readonly FromEngine[],
  random: Random,
  count: number,
): Promise<{ malformed: number; answered: number }> {
  const base = 1 + Math.floor(random() * 1e6) * 1e6;
  /** Whether the first message about a request was the request, readable or not. */
  const asked = new Map<number, boolean>();
  const before: unknown[] = [];
  let malformed = 0;
  const send = (message: unknown) => {
    if (!isToEngine(message)) malformed++;
    const { kind } = (message ?? {}) as { readonly kind?: unknown };
    const id = idOf(message);
    if (id !== undefined && (kind === "request" || (kind === "cancel" && isToEngine(message))))
      asked.set(id, asked.get(id) ?? kind === "request");
    engine.receive(message);
  };
  for (let i = 0; i < count; i++) {
    const sound = soundMessages[Math.floor(random() * soundMessages.length)]!;
    // Ids close together, so that copies and cancellations meet requests.
    const own = "id" in sound ? { ...sound, id: base + Math.floor(i / 2 + random() * 20) } : sound;
    const message = random() < 0.5 ? own : changedMessage(own, random);
    const travelled: unknown = JSON.parse(JSON.stringify(message));
    send(travelled);
    if (before.length < 50) before.push(travelled);
    else before[Math.floor(random() * 50)] = travelled;
    if (random() < 0.2) send(before[Math.floor(random() * before.length)]);
    if (random() < 0.1) await settle();
  }
  const last = base + 9e5;
  for (const id of asked.keys()) engine.receive({ kind: "cancel", id }); // nobody answers their reads
  send({ kind: "request", id: last, request: { kind: "status" } });
  const run = [...asked].filter(([, runs]) => runs).map(([id]) => id);
  for (const id of run) await untilEnded(said, id);
  for (const [id, runs] of asked) checkSeries(said, id, runs ? 1 : 0);
  return { malformed, answered: run.length };
}

const eventsOf = (said: readonly FromEngine[], id: number) =>
  said.flatMap((it) => (it.kind === "event" && it.id === id ? [it] : []));

const endsOf = (said: readonly FromEngine[], id: number): number =>
  eventsOf(said, id).filter(({ event: { kind } }) => kind === "done" || kind === "error").length;

async function untilEnded(said: readonly FromEngine[], id: number): Promise<void> {
  for (const end = Date.now() + 60_000; endsOf(said, id) === 0; await settle())
    if (Date.now() > end) throw new Error(`request ${id} has no end`);
}

function checkSeries(said: readonly FromEngine[], id: number, expected: number): void {
  const ends = endsOf(said, id);
  if (ends !== expected) throw new Error(`request ${id} ended ${ends} times`);
  if (eventsOf(said, id).some(({ nth }, index) => nth !== index))
    throw new Error(`request ${id} has a gap in its events`);
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
