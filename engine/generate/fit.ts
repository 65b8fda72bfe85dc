import { basename } from "node:path";
import type { Fault } from "../errors/index.ts";
import { type GgufFile, mixBits, parameterCount } from "../gguf/index.ts";
import { type Gpu, mebibytes } from "../gpu/index.ts";
import { type Hyperparameters, usedTensors } from "../model/index.ts";
import { type MemoryNeeds, memoryNeeds } from "./needs.ts";
import { needsOf, type SessionSettings } from "./open_session.ts";
import { defaultSnapshotBytes } from "./options.ts";

/** What a device has for a model and a session. */
export interface Room {
  /** Bytes; infinite where nothing is known, and then the device itself refuses what is too much. */
  readonly free: number;
  /** Bytes of the largest buffer that a kernel can read. */
  readonly largestBuffer: number;
  readonly gpu?: Gpu | undefined;
}

/** The session that the caller asks for; `drafts: "auto"` may end without the MTP block, or without drafts. */
export interface Wishes extends SessionSettings {
  /** Whether the user asked for this context, so that another is an error. */
  readonly contextAsked: boolean;
}

export type Fit =
  | {
      readonly fits: true;
      readonly settings: SessionSettings & { readonly snapshotBytes: number };
      /** Without its MTP block, where the file has one and there is no memory for it. */
      readonly h: Hyperparameters;
      readonly needs: MemoryNeeds;
      /** What is less than asked for, whole sentences. */
      readonly notes: readonly string[];
      /** Whether more than snapshots had to be cut. */
      readonly shortened: boolean;
    }
  | {
      readonly fits: false;
      /** At the least that was tried. */
      readonly needs: MemoryNeeds;
      readonly free: number;
      /** What is needed, what is free, what would fit. */
      readonly fault: Fault;
      readonly smaller?: Smaller;
    };

/** What would fit instead: the same model in another quant, or a smaller one. */
export type Smaller =
  | { readonly kind: "quant"; readonly quant: string; readonly fileBytes: number }
  | { readonly kind: "model"; readonly parameters: number };

const leastContext = 2048; // positions: a file's head, the code around the cursor, and room for an answer
const contextStep = 256;

/** What is advised, the largest first. */
const quants = ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M"] as const;

export const roomOf = (gpu: Gpu): Room => ({
  free: Math.max(0, gpu.freeBytes),
  largestBuffer: Math.min(gpu.device.limits.maxBufferSize, gpu.device.limits.maxStorageBufferBindingSize),
  gpu,
});

/**
 * The session that comes nearest to the request within this memory. It gives up, in this order: snapshots but one, the context down to
 * 2048 positions, the MTP block, drafts. What the user asked for stays.
 */
export function fitSession(file: GgufFile, h: Hyperparameters, wishes: Wishes, room: Room): Fit {
  const { contextAsked, ...wished } = wishes;
  const snapshotsWished = wished.snapshotBytes ?? defaultSnapshotBytes;
  let least: MemoryNeeds | undefined;
  for (const [step, attempt] of attempts(h, wished).entries()) {
    for (const context of contextsDownFrom(wished.context, contextAsked)) {
      const settings = { ...attempt.settings, context };
      const options = needsOf(room.gpu, attempt.h, settings);
      const needs = memoryNeeds(file, attempt.h, options);
      least = needs;
      const oneSnapshot = Math.min(snapshotsWished, needs.snapshot);
      if (needs.total + oneSnapshot > room.free || largestBuffer(attempt.h, options) > room.largestBuffer)
        continue;
      const snapshotBytes = Math.min(snapshotsWished, Math.floor(room.free - needs.total));
      const notes = [
        ...(context < wished.context
          ? [`The context is ${context} positions instead of ${wished.context}, which is what fits.`]
          : []),
        ...(step > 0 ? [attempt.note] : []),
        ...snapshotNotes(snapshotBytes, snapshotsWished, needs.snapshot),
      ];
      return {
        fits: true,
        settings: {
          ...settings,
          rollback: rollbackIn(file, attempt.h, settings, snapshotBytes, room),
          snapshotBytes,
        },
        h: attempt.h,
        needs,
        notes,
        shortened: context < wished.context || step > 0,
      };
    }
  }
  return refusal(file, h, wishes, room, least!);
}

/** What was cut of the room for kept states; `one`: bytes of a single state. */
function snapshotNotes(given: number, wished: number, one: number): string[] {
  if (given < wished)
    return [
      `States of earlier prompts get ${mebibytes(given)} instead of ${mebibytes(wished)}, which is what is left.`,
    ];
  if (wished > 0 && wished < one)
    return [
      `States of earlier prompts may take ${mebibytes(wished)} and one takes ${mebibytes(one)}, so none is kept.`,
    ];
  return [];
}

/** Needs are those of the tape; the choice is left to timing only where planes, which are states more, fit as well. */
function rollbackIn(
  file: GgufFile,
  h: Hyperparameters,
  settings: SessionSettings,
  snapshotBytes: number,
  room: Room,
): SessionSettings["rollback"] {
  const { rollback = "auto" } = settings;
  if (rollback !== "auto") return rollback;
  const planes = memoryNeeds(file, h, needsOf(room.gpu, h, { ...settings, rollback: "planes" }));
  return planes.total + snapshotBytes <= room.free ? "auto" : "tape";
}

/** The ways to draft, the requested one first; only `auto` leaves a choice. */
function attempts(h: Hyperparameters, settings: SessionSettings) {
  const asWished = { h, settings, note: "" };
  if (settings.drafts !== "auto") return [asWished];
  const bare = { ...h, mtpLayers: 0 };
  const without = { h: bare, settings, note: "The MTP block is not loaded: there is no room for it." };
  const off = { h: bare, settings: { ...settings, drafts: "off" as const } };
  return [
    asWished,
    ...(h.mtpLayers > 0 && !settings.mtp ? [without] : []),
    ...(settings.mtp ? [] : [{ ...off, note: "Nothing is drafted: there is no room for it." }]),
  ];
}

function contextsDownFrom(wished: number, asked: boolean): number[] {
  const contexts = [wished];
  if (asked) return contexts;
  const first = Math.floor((wished - 1) / contextStep) * contextStep;
  for (let context = first; context >= leastContext; context -= contextStep) contexts.push(context);
  return contexts;
}

/** Bytes of the largest buffer that grows with the context; weights are cut to what a device takes. */
function largestBuffer(h: Hyperparameters, options: ReturnType<typeof needsOf>): number {
  const perPosition = h.attention.kvHeads * h.attention.headSize * (options.kvType === "f16" ? 2 : 4);
  return options.context * Math.max(perPosition, h.attention.rotary * 4);
}

function refusal(
  file: GgufFile,
  h: Hyperparameters,
  wishes: Wishes,
  room: Room,
  needs: MemoryNeeds,
): Fit & { fits: false } {
  const { free } = room;
  const name = basename(file.path);
  const context = wishes.contextAsked ? wishes.context : contextsDownFrom(wishes.context, false).at(-1)!;
  const shorter = wishes.contextAsked
    ? fitSession(file, h, { ...wishes, contextAsked: false }, room) // would less context do?
    : undefined;
  const buffer = largestBuffer(h, needsOf(room.gpu, h, { ...wishes, context }));
  const needed = needs.total + Math.min(wishes.snapshotBytes ?? defaultSnapshotBytes, needs.snapshot);
  const what =
    buffer > room.largestBuffer && needed <= free
      ? `needs buffers of ${mebibytes(buffer)} with a context of ${context} and the device allows ${mebibytes(room.largestBuffer)}`
      : `needs ${mebibytes(needed)} of GPU memory with a context of ${context} and ${mebibytes(free)} is free`;
  const fault = (advice: string): Fault => ({
    code: "memory",
    problem: `${name} ${what}`,
    advice,
    path: file.path,
  });
  if (shorter?.fits) {
    const advice = `choose a context of at most ${shorter.settings.context}`;
    return { fits: false, needs, free, fault: fault(advice) };
  }
  const smaller = smallerThan(file, h, needs.weights, free - (needed - needs.weights));
  return {
    fits: false,
    needs,
    free,
    fault: fault(`choose ${smallerInWords(smaller)}`),
    ...(smaller && { smaller }),
  };
}

/** By the bits that each weight may have. @param weights bytes, now; `left`: those that there is room for */
function smallerThan(file: GgufFile, h: Hyperparameters, weights: number, left: number): Smaller | undefined {
  const parameters = parameterCount(usedTensors(file, h));
  const bits = 8 * Math.min(left, weights * 0.97); // what saves less is not worth a download
  const quant = quants.find((name) => mixBits[name] * parameters <= bits);
  if (quant) return { kind: "quant", quant, fileBytes: Math.round((mixBits[quant] * parameters) / 8) };
  const others = bits / mixBits.Q4_K_M;
  return others > 1e8 ? { kind: "model", parameters: others } : undefined;
}

function smallerInWords(smaller: Smaller | undefined): string {
  if (!smaller) return "a smaller model";
  if (smaller.kind === "quant") {
    return `the same model in ${smaller.quant}, which is about ${mebibytes(smaller.fileBytes)}, or a smaller one`;
  }
  return `a smaller model, of ${(smaller.parameters / 1e9).toFixed(1)} billion parameters in Q4_K_M at most`;
}
