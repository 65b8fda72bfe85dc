import { UserError } from "../errors.ts";
import type { GgufFile } from "../gguf/index.ts";
import { type Gpu, mebibytes } from "../gpu/index.ts";
import { draftHeadSize, drawBytes, type Hyperparameters, workspaceBytes } from "../model/index.ts";
import { type SequenceOptions, sequenceBytes } from "../state/index.ts";

/** Bytes of GPU memory that a model and one sequence take. */
export interface MemoryNeeds {
  readonly weights: number;
  readonly kv: number;
  /** Delta-net states and the tapes from which they are restored. */
  readonly state: number;
  /** Activations, logits, tables. */
  readonly scratch: number;
  readonly total: number;
}

/** @param options.longest longest draft, in tokens; 0: none */
export function memoryNeeds(
  file: GgufFile,
  h: Hyperparameters,
  options: SequenceOptions & { readonly longest: number },
): MemoryNeeds {
  const used = /^(token_embd|output|output_norm|blk\.\d+\..*)\.(weight|bias)$|^blk\.\d+\.ssm_a$/;
  let weights = 0;
  for (const { name, bytes } of file.tensors.values()) if (used.test(name)) weights += bytes;
  const { kv, tape, slots, rope } = sequenceBytes(h, options);
  const workspace = Object.values(workspaceBytes(h, options.context)).reduce((a, b) => a + b, 0);
  const state = tape + slots;
  const { longest } = options;
  const draftHead = options.mtp && longest > 0 ? draftHeadSize(h.vocabulary) * 8 : 0; // ids and logits
  const scratch = workspace + rope + drawBytes(h.vocabulary, 1 + longest) + draftHead;
  return { weights, kv, state, scratch, total: weights + kv + state + scratch };
}

/** Bytes that the device is known to have and that nothing of ours holds; infinite where it cannot tell. */
export function freeBytes(gpu: Gpu): number {
  const held = Object.values(gpu.bytesHeld()).reduce((sum, bytes) => sum + bytes, 0);
  return (gpu.memoryLimit ?? Number.POSITIVE_INFINITY) - held;
}

/** @throws UserError when the device is known to have less than is needed. */
export function requireFit(gpu: Gpu, path: string, needs: MemoryNeeds, context: number): void {
  const free = freeBytes(gpu);
  if (needs.total > free) {
    throw new UserError(
      `${path} needs ${mebibytes(needs.total)} of GPU memory with a context of ${context} and ${mebibytes(Math.max(0, free))} is free: choose a smaller quant or a shorter context.`,
    );
  }
}
