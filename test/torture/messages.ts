import type { Random } from "../reference/random.ts";

const prompt = { path: "a.ts", prefix: "", suffix: "", middle: "x", context: [{ path: "b.ts", text: "y" }] };
const model = { path: "mini", context: 512, kv: "f16" };

/** One sound message of each kind, in both directions. */
export const soundMessages: readonly object[] = [
  { kind: "settings", settings: { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 } },
  { kind: "request", id: 1, request: { kind: "load", model } },
  {
    kind: "request",
    id: 2,
    request: { kind: "complete", model, prompt, maxTokens: 9, priority: "automatic" },
  },
  { kind: "request", id: 3, request: { kind: "prepare", model, prompt } },
  {
    kind: "request",
    id: 4,
    request: { kind: "chat", model, messages: [{ role: "user", content: "x" }], maxTokens: 9 },
  },
  {
    kind: "request",
    id: 8,
    request: {
      kind: "edit",
      model,
      prompt: ["x", { token: "y" }],
      steady: [1],
      original: "x",
      stops: ["y"],
      maxTokens: 9,
    },
  },
  { kind: "request", id: 5, request: { kind: "describe", model, files: [{ path: "mini", size: 9 }] } },
  { kind: "request", id: 6, request: { kind: "status" } },
  { kind: "request", id: 7, request: { kind: "unload" } },
  { kind: "cancel", id: 2 },
  { kind: "bytes", token: "x", base64: "AAAA" },
  { kind: "ping" },
  { kind: "hello" },
  { kind: "event", id: 1, nth: 0, event: { kind: "text", text: "x", logProbability: -1 } },
  { kind: "event", id: 1, nth: 1, event: { kind: "read", token: "t", path: "mini", offset: 0, length: 9 } },
  { kind: "event", id: 1, nth: 2, event: { kind: "prepared", computedTokens: 9, whole: true } },
  {
    kind: "event",
    id: 1,
    nth: 3,
    event: { kind: "error", message: "x", fault: { code: "disk", problem: "x", advice: "y" } },
  },
  { kind: "event", id: 1, nth: 4, event: { kind: "done", reason: "end" } },
  { kind: "pulse", pulse: { waiting: true, returned: 1, patienceMs: 10_000 } },
  { kind: "loading", path: "mini", step: "weights", fraction: 0.5 },
  { kind: "unloaded" },
  { kind: "log", level: "warn", message: "x" },
];

const strange: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  1e308,
  "",
  "x",
  "hello",
  [],
  {},
  [[]],
  { kind: null },
  { length: 1e9 },
  "\u0000\u202e",
];

/** A value in the place of one that was sound; what JSON can carry, and now and then 1 MB of it. */
function anyValue(random: Random): unknown {
  if (random() < 0.01) return "x".repeat(1 << 20);
  return strange[Math.floor(random() * strange.length)];
}

/** The message with one thing changed, left out or added, at any depth. */
export function changedMessage(message: unknown, random: Random): unknown {
  if (typeof message !== "object" || message === null || random() < 0.15) return anyValue(random);
  const keys = Object.keys(message);
  const key = keys[Math.floor(random() * keys.length)];
  if (key === undefined || random() < 0.1) return { ...message, added: anyValue(random) };
  const copy: Record<string, unknown> = Array.isArray(message) ? ([...message] as never) : { ...message };
  if (random() < 0.25) delete copy[key];
  else copy[key] = changedMessage(copy[key], random);
  return copy;
}

/** A message that is none, or one of the kinds of the protocol about a request that there is not. */
export function anyMessage(random: Random): unknown {
  if (random() < 0.2) return anyValue(random);
  const sound = soundMessages[Math.floor(random() * soundMessages.length)]!;
  const changed = changedMessage(sound, random);
  // What it says of real requests would be believed: text is text.
  if (typeof changed === "object" && changed !== null && "id" in changed) return { ...changed, id: 1e6 };
  // So would these be, where the change left them sound.
  const { kind } = (changed ?? {}) as { kind?: unknown };
  return kind === "hello" || kind === "pulse" || kind === "loading" ? null : changed;
}
