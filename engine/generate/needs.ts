import type { GgufFile } from "../gguf/index.ts";
import {
  draftHeadSize,
  drawBytes,
  type Hyperparameters,
  usedTensors,
  workspaceBytes,
} from "../model/index.ts";
import { type SequenceOptions, sequenceBytes, snapshotBytes } from "../state/index.ts";

/** Bytes of GPU memory that a model and one sequence take. */
export interface MemoryNeeds {
  readonly weights: number;
  readonly kv: number;
  /** Delta-net states and the tapes from which they are restored. */
  readonly state: number;
  /** Activations, logits, tables. */
  readonly scratch: number;
  /** All of these, which must be there before the first token. */
  readonly total: number;
  /** One state of an earlier prompt; what is free beside `total` holds as many as its budget allows. */
  readonly snapshot: number;
}

/** @param options.longest longest draft, in tokens; 0: none */
export function memoryNeeds(
  file: GgufFile,
  h: Hyperparameters,
  options: SequenceOptions & { readonly longest: number },
): MemoryNeeds {
  const weights = usedTensors(file, h).reduce((sum, { bytes }) => sum + bytes, 0);
  const { kv, tape, slots, rope } = sequenceBytes(h, options);
  const workspace = Object.values(workspaceBytes(h, options.context)).reduce((a, b) => a + b, 0);
  const state = tape + slots;
  const { longest } = options;
  const draftHead = options.mtp && longest > 0 ? draftHeadSize(h.vocabulary) * 8 : 0; // ids and logits
  const scratch = workspace + rope + drawBytes(h.vocabulary, 1 + longest) + draftHead;
  const total = weights + kv + state + scratch;
  return { weights, kv, state, scratch, total, snapshot: snapshotBytes(h) };
}
