import { describe, expect, test } from "vitest";
import { BLOCK_FORMATS, type TensorType } from "../../../engine/gguf/index.ts";
import { firstNotFinite } from "../../../engine/model/finite.ts";
import { dequantize } from "../../reference/dequantize.ts";
import { seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { testSeed } from "../../reference/seed.ts";

const seed = testSeed();

/** Bytes of an infinity and of a NaN. */
const f16 = [
  [0x00, 0x7c],
  [0x01, 0xfe],
];
const notFinite: Partial<Record<TensorType, number[][]>> = {
  F32: [
    [0, 0, 0x80, 0x7f],
    [1, 0, 0xc0, 0xff],
  ],
  BF16: [
    [0x80, 0x7f],
    [0xc1, 0xff],
  ],
  MXFP4: [[0xff]],
  // Its scale is in the upper four bits of words, these with the exponent.
  IQ1_M: [
    [0x00, 0xc0, 0x00, 0x70],
    [0xff, 0xff, 0xff, 0xff],
  ],
};

/** The first block with a weight that is no finite number, by decoding all of them; E8M0 has no infinity, and one NaN. */
function reference(type: TensorType, blocks: Uint8Array, size: number, elements: number): number | undefined {
  const weights = dequantize(type, blocks);
  const at =
    type === "MXFP4"
      ? blocks.findIndex((byte, i) => i % size === 0 && byte === 255)
      : Math.floor(weights.findIndex((weight) => !Number.isFinite(weight)) / elements);
  return at < 0 ? undefined : type === "MXFP4" ? at / size : at;
}

/** In a buffer of whole words whose rest is no block. */
function held(blocks: Uint8Array): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(Math.ceil(blocks.length / 4) * 4 + 64).fill(255);
  buffer.set(blocks);
  return buffer.subarray(0, blocks.length);
}

describe.each(BLOCK_FORMATS.map((format) => [format.type, format] as const))("%s", (type, format) => {
  const random = seededRandom(seed);

  test("sound blocks have none, whatever lies behind them", () => {
    for (const count of [1, 2, 3, 64, 1001]) {
      expect(firstNotFinite(type, held(randomBlocks(type, count, random))), `seed ${seed}`).toBeUndefined();
    }
  });

  test("random bytes are judged as decoding them does", () => {
    let found = 0;
    for (let run = 0; run < 300; run++) {
      const count = 1 + Math.floor(random() * 12);
      const blocks = Uint8Array.from({ length: count * format.bytes }, () => random() * 256);
      if (run % 3 > 0) blocks.fill(255, Math.floor(random() * blocks.length)); // more exponents of ones
      const expected = reference(type, blocks, format.bytes, format.elements);
      expect(firstNotFinite(type, held(blocks)), `seed ${seed}, run ${run}`).toBe(expected);
      if (expected !== undefined) found++;
    }
    expect(found).toBeGreaterThan(20);
    expect(found).toBeLessThan(300);
  });

  test("one NaN or infinity is found in any block", () => {
    const sound = randomBlocks(type, 37, random);
    const places = type === "IQ1_M" ? [52] : format.scales.length > 0 ? format.scales : [0];
    for (const at of places) {
      for (const block of [0, 1, 17, 36]) {
        for (const bytes of notFinite[type] ?? f16) {
          const blocks = sound.slice();
          blocks.set(bytes, block * format.bytes + at);
          expect(firstNotFinite(type, held(blocks)), `seed ${seed}, byte ${at}: ${bytes}`).toBe(block);
        }
      }
    }
  });
});
