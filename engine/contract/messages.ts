import * as v from "valibot";
import { inOneLine, quoted } from "../errors/index.ts";
import type { FromEngine, ToEngine } from "./protocol.ts";

// What a message must have to be one of protocol.ts: both sides look before they use it, since a process that has gone
// wrong, or is of another version, may send anything. A key that is not known is no fault.

const { array, boolean, exactOptional, literal, looseObject: object, nullable, picklist, string, union } = v;
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const spec = object({
  path: string(),
  context: exactOptional(count),
  kv: exactOptional(picklist(["f16", "f32"])),
});
const prompt = object({
  path: string(),
  prefix: string(),
  suffix: string(),
  middle: string(),
  context: array(object({ path: string(), text: string() })),
});
const fault = object({
  code: string(),
  problem: string(),
  advice: string(),
  path: exactOptional(string()),
  setting: exactOptional(string()),
});

const request = v.variant("kind", [
  object({ kind: literal("load"), model: spec }),
  object({
    kind: literal("complete"),
    model: spec,
    prompt,
    maxTokens: count,
    priority: picklist(["invoked", "automatic", "speculative"]),
    ghost: exactOptional(string()),
  }),
  object({ kind: literal("prepare"), model: spec, prompt }),
  object({
    kind: literal("edit"),
    model: spec,
    prompt: array(union([string(), object({ token: string() })])),
    steady: array(count),
    original: string(),
    expected: exactOptional(string()),
    stops: array(string()),
    maxTokens: count,
  }),
  object({
    kind: literal("chat"),
    model: spec,
    messages: array(object({ role: picklist(["system", "user", "assistant"]), content: string() })),
    maxTokens: count,
    thinking: exactOptional(boolean()),
    temperature: exactOptional(number),
    seed: exactOptional(number),
    original: exactOptional(string()),
  }),
  object({
    kind: literal("describe"),
    model: spec,
    files: exactOptional(array(object({ path: string(), size: count }))),
  }),
  object({ kind: literal("status") }),
  object({ kind: literal("unload") }),
]);

const toEngine = v.variant("kind", [
  object({
    kind: literal("settings"),
    settings: object({
      device: string(),
      memoryLimit: number,
      snapshotBytes: exactOptional(number),
      unloadAfterMinutes: number,
    }),
  }),
  object({ kind: literal("request"), id: count, request }),
  object({ kind: literal("cancel"), id: count }),
  object({ kind: literal("bytes"), token: string(), base64: string() }),
  object({ kind: literal("ping") }),
]);

const cost = object({
  promptTokens: number,
  computedTokens: number,
  promptMs: number,
  tokens: number,
  decodeMs: number,
  drafted: number,
  accepted: number,
  queuedMs: exactOptional(number),
  loadMs: exactOptional(number),
});
const drafts = picklist([
  "mtp",
  "ngram",
  "ngram-no-room",
  "no-room",
  "device-linear",
  "device-differs",
  "device-lost",
]);

const event = v.variant("kind", [
  object({
    kind: literal("text"),
    text: string(),
    logProbability: number,
    cost: exactOptional(cost),
  }),
  object({ kind: literal("thinking"), text: string() }),
  object({
    kind: literal("described"),
    description: object({
      path: string(),
      name: string(),
      architecture: string(),
      parameters: number,
      fileBytes: number,
      contextLength: number,
      completes: boolean(),
      chats: boolean(),
      mtpLayers: number,
      neededBytes: number,
      controlTexts: exactOptional(array(string())),
      mtpFiles: exactOptional(object({ unusable: array(object({ path: string(), problem: string() })) })),
    }),
  }),
  object({ kind: literal("read"), token: string(), path: string(), offset: count, length: count }),
  object({ kind: literal("prepared"), computedTokens: number, whole: boolean() }),
  object({
    kind: literal("status"),
    status: object({
      device: nullable(string()),
      deviceIsSoftware: boolean(),
      gpuBytes: number,
      memoryLimit: nullable(number),
      processBytes: number,
      models: array(object({ path: string(), context: number, bytes: number, loadMs: number, drafts })),
    }),
  }),
  object({
    kind: literal("done"),
    reason: picklist(["end", "max-tokens", "context-full", "cancelled", "preempted"]),
    cost: exactOptional(cost),
  }),
  object({ kind: literal("error"), message: string(), fault: exactOptional(fault) }),
]);

const fromEngine = v.variant("kind", [
  object({ kind: literal("hello") }),
  object({ kind: literal("event"), id: count, nth: exactOptional(count), event }),
  object({
    kind: literal("pulse"),
    pulse: object({ waiting: boolean(), returned: number, patienceMs: number }),
    said: exactOptional(array(v.tuple([count, count]))),
  }),
  object({
    kind: literal("loading"),
    path: string(),
    step: picklist(["weights", "kernels"]),
    fraction: nullable(number),
  }),
  object({ kind: literal("unloaded") }),
  object({ kind: literal("log"), level: picklist(["error", "warn", "info", "debug"]), message: string() }),
]);

export const isToEngine = (message: unknown): message is ToEngine => v.is(toEngine, message);
export const isFromEngine = (message: unknown): message is FromEngine => v.is(fromEngine, message);

/** The request that a message is about, where it says so although it is none of protocol.ts. */
export const idOf = (message: unknown): number | undefined => {
  const named = v.safeParse(object({ id: count }), message);
  return named.success ? named.output.id : undefined;
};

/** What kind of message it says to be, for a log. */
export function kindOf(message: unknown): string {
  const { kind } = (message ?? {}) as { readonly kind?: unknown };
  return typeof kind === "string" ? `of kind ${quoted(inOneLine(kind))}` : "without a kind";
}
