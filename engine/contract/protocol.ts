// The messages between the engine's process and its client (Node's IPC, JSON). Types only: both sides import this file.
// Neither trusts what comes: messages.ts tells these from anything else.
//
// Requests carry an id that the client chooses and never uses again; the answer is a series of numbered events with that
// id, the last of which is `done` or `error`. A cancelled request ends with `done` too: nothing more is sent for it, even
// if work for it still runs.
import type { Fault } from "../errors/index.ts";
import type { ChatRequest } from "./chat.ts";
import type { CompletionPriority, CompletionRequest, PromptParts } from "./completion.ts";
import type { EditRequest } from "./edit.ts";
import type { EndReason, GenerationCost } from "./generation.ts";
import type { GpuPulse } from "./pulse.ts";
import type { RemoteFiles } from "./remote_files.ts";

/**
 * `foreground` is explain and refactor; it and `invoked` are equals, served in turn. A running request yields to one
 * of higher priority: foreground and invoked, automatic, speculative, ahead (prompts that are read before they are asked for), edit,
 * warm-up.
 */
export type Priority = "foreground" | CompletionPriority | "ahead" | "edit" | "warm-up";

/** Which model, and how to open it. Two specs that are equal, field by field, are one loaded model. */
export interface ModelSpec {
  /** A GGUF file, or `mini` for the embedded model. */
  readonly path: string;
  /** Positions that are wished for; fewer where no more fit. Left out: what the model was trained for, up to 8192. */
  readonly context?: number;
  readonly kv?: "f16" | "f32";
}

/** Settings of the whole process; sent first, and again when they change. */
export interface EngineSettings {
  /** `auto`, or part of an adapter's name. */
  readonly device: string;
  /** Bytes of GPU memory that may be used; 0: what the device has. */
  readonly memoryLimit: number;
  /** Bytes of GPU memory, for each model, that states of earlier prompts may take. Default: 512 MiB. */
  readonly snapshotBytes?: number;
  /** After this many minutes without a request models leave the GPU; 0: never. */
  readonly unloadAfterMinutes: number;
}

export type EngineRequest =
  | { readonly kind: "load"; readonly model: ModelSpec }
  | ({ readonly kind: "complete"; readonly model: ModelSpec } & Omit<CompletionRequest, "signal">)
  /** Reads a prompt ahead of its completion, when the GPU has nothing else to do. */
  | { readonly kind: "prepare"; readonly model: ModelSpec; readonly prompt: PromptParts }
  /** Waits for all completions, and continues by itself after one that preempted it. */
  | ({ readonly kind: "edit"; readonly model: ModelSpec } & Omit<EditRequest, "signal">)
  | ({ readonly kind: "chat"; readonly model: ModelSpec } & Omit<ChatRequest, "signal">)
  /** `files`: the model is not on this disk; it is one of these, of which the process reads by `read` events. */
  | { readonly kind: "describe"; readonly model: ModelSpec; readonly files?: RemoteFiles["files"] }
  | { readonly kind: "status" }
  | { readonly kind: "unload" };

export type ToEngine =
  | { readonly kind: "settings"; readonly settings: EngineSettings }
  | { readonly kind: "request"; readonly id: number; readonly request: EngineRequest }
  | { readonly kind: "cancel"; readonly id: number }
  /** The answer to a `read` event. */
  | { readonly kind: "bytes"; readonly token: string; readonly base64: string }
  /** Answered by `pulse` at once, even while a request runs. */
  | { readonly kind: "ping" };

/** What a model file is, read without a GPU. */
export interface ModelDescription {
  readonly path: string;
  /** For people: the file's own name for itself, else the file name. */
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly fileBytes: number;
  /** Positions that the model was trained for. */
  readonly contextLength: number;
  readonly completes: boolean;
  readonly chats: boolean;
  readonly mtpLayers: number;
  /** Bytes of GPU memory that it takes with the context of its spec. */
  readonly neededBytes: number;
  /** Texts of its control and added tokens. */
  readonly controlTexts: readonly string[];
  /** Of the MTP files beside it: the path of the one in use, and why others cannot be. */
  readonly mtpFiles: {
    readonly used?: string | undefined;
    readonly unusable: readonly { readonly path: string; readonly problem: string }[];
  };
}

export interface LoadedModel {
  readonly path: string;
  readonly context: number;
  readonly bytes: number;
  readonly loadMs: number;
  readonly drafts: DraftSources;
}

/**
 * Which drafters a model has. MTP block and n-grams; n-grams alone, if the file has no MTP block or the GPU no memory for it.
 * None, if there is no memory for drafts at all, if the device computes rows one after another or wide passes otherwise than
 * narrow ones, or if it was lost while passes were measured.
 */
export type DraftSources =
  | "mtp"
  | "ngram"
  | "ngram-no-room"
  | "no-room"
  | "device-linear"
  | "device-differs"
  | "device-lost";

export interface EngineStatus {
  /** Null until the first model loads. */
  readonly device: string | null;
  readonly deviceIsSoftware: boolean;
  /** Bytes held on the GPU, of all models together. */
  readonly gpuBytes: number;
  /** Bytes that may be held at once: the user's limit, else what was free; null if this system does not tell. */
  readonly memoryLimit: number | null;
  /** Resident memory of the process. */
  readonly processBytes: number;
  readonly models: readonly LoadedModel[];
}

export type EngineEvent =
  /** `cost`: so far; a completion's stream is often left before its end. */
  | {
      readonly kind: "text";
      readonly text: string;
      readonly logProbability: number;
      readonly cost?: GenerationCost;
    }
  /** Text that the model thinks aloud, when `thinking` is on. */
  | { readonly kind: "thinking"; readonly text: string }
  | { readonly kind: "described"; readonly description: ModelDescription }
  /** Asks for bytes of one of the request's `files`. */
  | {
      readonly kind: "read";
      readonly token: string;
      readonly path: string;
      readonly offset: number;
      readonly length: number;
    }
  /** `whole`: false if a request of higher priority preempted it; what was read is kept. */
  | { readonly kind: "prepared"; readonly computedTokens: number; readonly whole: boolean }
  | { readonly kind: "status"; readonly status: EngineStatus }
  | { readonly kind: "done"; readonly reason: EndReason; readonly cost?: GenerationCost }
  /** `fault`: what the user can mend, and `message` is its sentence. Without one: a bug or a broken device. */
  | { readonly kind: "error"; readonly message: string; readonly fault?: Fault };

export type FromEngine =
  /** The process listens. */
  | { readonly kind: "hello" }
  /** `nth`: how many events of this run of the request came before it; without it, events come in their order. */
  | { readonly kind: "event"; readonly id: number; readonly nth?: number; readonly event: EngineEvent }
  /** The answer to `ping`. `said`: of each request that is not over, how many events were said before: what is missing shows. */
  | {
      readonly kind: "pulse";
      readonly pulse: GpuPulse;
      readonly said?: readonly (readonly [id: number, events: number])[];
    }
  /** `fraction` from 0 to 1; null: loading has ended, for better or worse. */
  | {
      readonly kind: "loading";
      readonly path: string;
      readonly step: "weights" | "kernels";
      readonly fraction: number | null;
    }
  /** Models left the GPU after idle time, or at the client's wish. */
  | { readonly kind: "unloaded" }
  | { readonly kind: "log"; readonly level: "error" | "warn" | "info" | "debug"; readonly message: string };
