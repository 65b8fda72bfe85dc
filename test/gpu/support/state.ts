import { createHash } from "node:crypto";
import type { Evaluator } from "../../../engine/generate/index.ts";
import { tapeRows } from "../../../engine/model/index.ts";

/**
 * A hash of everything that the next token depends on: delta-net states, the three raw rows that the convolution looks
 * back to, the trunk's last hidden row, and keys and values of every position. Commits the state.
 */
export async function stateHash(evaluator: Evaluator): Promise<string> {
  const { sequence, model, gpu } = evaluator;
  const { memory, position } = sequence;
  const { delta, attention, embedding } = model.h;
  await sequence.commit();
  const reads: Promise<ArrayBuffer>[] = []; // all at once: waiting for each would take longer than the pass
  const add = (buffer: GPUBuffer, floats: number, first = 0) =>
    reads.push(gpu.read(buffer, floats * 4, first * 4));
  for (const layer of memory.recurrent) {
    if (!layer) continue;
    add(layer.slots, delta.valueHeads * delta.headSize ** 2);
    for (let back = 1; back <= Math.min(3, position); back++) {
      add(layer.tape, delta.channels, ((position - back) % tapeRows) * delta.channels);
    }
  }
  if (position > 0) add(memory.hidden, embedding, ((position - 1) % tapeRows) * embedding);
  const kvWords = (attention.kvHeads * attention.headSize) / (memory.kvType === "f16" ? 2 : 1);
  for (const layer of memory.kv.slice(0, model.h.layers)) {
    if (!layer || position === 0) continue;
    add(layer.keys, position * kvWords);
    add(layer.values, position * kvWords);
  }
  const hash = createHash("sha256");
  for (const bytes of await Promise.all(reads)) hash.update(new Uint8Array(bytes));
  return hash.digest("hex").slice(0, 16);
}
