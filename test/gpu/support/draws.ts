import {
  createDrawBuffers,
  type Draw,
  readRecord,
  recordAccept,
  recordBytes,
  recordCandidates,
  recordMask,
  type Sampling,
  samplingWords,
} from "../../../engine/model/index.ts";
import { poison, type TestBed } from "./test_bed.ts";

/** The recorded draw over a row of logits that a test sets. */
export interface Drawing {
  readonly threshold: GPUBuffer;
  setLogits(logits: Float32Array<ArrayBuffer>): void;
  setMask(mask: Uint32Array<ArrayBuffer>): void;
  set(sampling: Sampling, endIds?: readonly number[]): void;
  /** Draws `count` tokens, each pass beginning where the one before left the step state. */
  draw(count: number): Promise<(Draw | undefined)[]>;
}

export async function prepareDraw(
  bed: TestBed,
  vocabulary: number,
  { sampled, masked = false }: { sampled: boolean; masked?: boolean },
): Promise<Drawing> {
  const { gpu } = bed;
  const buffers = createDrawBuffers(gpu, vocabulary, 1);
  for (const buffer of Object.values(buffers)) bed.keep(buffer);
  for (const buffer of [buffers.record, buffers.threshold, buffers.partials, buffers.logits]) {
    bed.write(buffer, new Uint32Array(buffer.size / 4).fill(poison));
  }
  const plan = await bed.plan((to) => {
    const pass = { ...bed.rows(to, { kind: "rows", width: 1 }), stores: 0 };
    if (masked) recordMask(pass, vocabulary, buffers);
    recordCandidates(pass, vocabulary, buffers, { sampled });
    recordAccept(pass, vocabulary, buffers);
  });
  return {
    threshold: buffers.threshold,
    setLogits: (logits) => bed.write(buffers.logits, logits),
    setMask: (mask) => bed.write(buffers.mask, mask),
    set: (sampling, endIds = []) => bed.write(buffers.sampling, samplingWords(sampling, endIds)),
    draw: async (count) => {
      const bytes = recordBytes(1);
      const records = bed.poisoned((count * bytes) / 4);
      const encoder = gpu.device.createCommandEncoder();
      for (let i = 0; i < count; i++) {
        const pass = encoder.beginComputePass();
        plan.encode(pass, { positions: 0, replay: 0 });
        pass.end();
        encoder.copyBufferToBuffer(buffers.record, 0, records, i * bytes, bytes);
      }
      gpu.submit(encoder.finish());
      const words = await bed.words(records);
      return Array.from(
        { length: count },
        (_, i) => readRecord(words.slice((bytes / 4) * i, (bytes / 4) * (i + 1)))?.draws[0],
      );
    },
  };
}
