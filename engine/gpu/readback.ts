import type { Gpu } from "./gpu.ts";

/**
 * A ring of small mappable buffers, so that a step's record is copied to the CPU while the next step runs.
 * At most `depth` records may be under way.
 */
export class ReadbackRing {
  readonly #gpu: Gpu;
  readonly #bytes: number;
  readonly #buffers: GPUBuffer[];
  #next = 0;

  constructor(gpu: Gpu, bytes: number, depth: number) {
    this.#gpu = gpu;
    this.#bytes = bytes;
    this.#buffers = Array.from({ length: depth }, (_, i) =>
      gpu.buffer(`readback ${i}`, bytes, "staging", GPUBufferUsage.MAP_READ),
    );
  }

  /**
   * Appends a copy of the first `bytes` of `source` to the commands; call the returned function after the submit.
   * It resolves to the record's bytes, read when the GPU has passed the copy.
   */
  record(encoder: GPUCommandEncoder, source: GPUBuffer, bytes = this.#bytes): () => Promise<Uint32Array> {
    const buffer = this.#buffers[this.#next]!;
    this.#next = (this.#next + 1) % this.#buffers.length;
    if (buffer.mapState !== "unmapped")
      throw new Error(`more than ${this.#buffers.length} records under way`);
    encoder.copyBufferToBuffer(source, 0, buffer, 0, bytes);
    return async () => {
      await this.#gpu.awaited(buffer.mapAsync(GPUMapMode.READ, 0, bytes));
      const words = new Uint32Array(buffer.getMappedRange(0, bytes).slice(0));
      buffer.unmap();
      this.#gpu.counters.bytesReadBack += bytes;
      this.#gpu.check();
      return words;
    };
  }

  free(): void {
    for (const buffer of this.#buffers) this.#gpu.free(buffer);
  }
}
