import { blockFormat, type TensorType } from "../../engine/gguf/block_formats.ts";
import { normal, type Random } from "./random.ts";

/** One f16 of a block: at byte `at`, of a size near 2^exponent. */
interface HalfField {
  readonly at: number;
  readonly exponent: number;
}

// The exponents put the largest weights of a block near 1.
const HALF_FIELDS: Readonly<
  Record<Exclude<TensorType, "F32" | "F16" | "BF16" | "IQ1_M" | "MXFP4">, readonly HalfField[]>
> = {
  Q8_0: [{ at: 0, exponent: -7 }],
  Q4_0: [{ at: 0, exponent: -3 }],
  Q4_1: [
    { at: 0, exponent: -4 },
    { at: 2, exponent: -1 },
  ],
  Q5_0: [{ at: 0, exponent: -4 }],
  Q5_1: [
    { at: 0, exponent: -5 },
    { at: 2, exponent: -1 },
  ],
  Q2_K: [
    { at: 80, exponent: -6 },
    { at: 82, exponent: -5 },
  ],
  Q3_K: [{ at: 108, exponent: -7 }],
  Q4_K: [
    { at: 0, exponent: -10 },
    { at: 2, exponent: -7 },
  ],
  Q5_K: [
    { at: 0, exponent: -11 },
    { at: 2, exponent: -7 },
  ],
  Q6_K: [{ at: 208, exponent: -12 }],
  IQ4_NL: [{ at: 0, exponent: -7 }],
  IQ4_XS: [{ at: 0, exponent: -12 }],
  IQ3_S: [{ at: 0, exponent: -9 }],
  IQ3_XXS: [{ at: 0, exponent: -9 }],
  IQ2_S: [{ at: 0, exponent: -8 }],
  IQ2_XS: [{ at: 0, exponent: -8 }],
  IQ2_XXS: [{ at: 0, exponent: -8 }],
  IQ1_S: [{ at: 0, exponent: -4 }],
  TQ1_0: [{ at: 52, exponent: -1 }],
  TQ2_0: [{ at: 64, exponent: -1 }],
};

/**
 * `count` blocks in which every bit of the packed fields is random and every weight is finite and below 8.
 * Scales have either sign; one in 32 is zero and one in 8 is a subnormal half, as in real files, whose small weights
 * put the scales of Q6_K and IQ4_XS below 2^-14.
 */
export function randomBlocks(type: TensorType, count: number, random: Random): Uint8Array {
  const { bytes } = blockFormat(type);
  const out = Uint8Array.from({ length: count * bytes }, () => Math.floor(random() * 256));
  const view = new DataView(out.buffer);
  for (let at = 0; at < out.length; at += bytes) {
    if (type === "F32") {
      view.setFloat32(at, normal(random), true);
    } else if (type === "BF16") {
      view.setUint16(at, bf16Bits(normal(random)), true);
    } else if (type === "F16") {
      view.setUint16(at, randomHalf(-Math.floor(12 * random()), random), true);
    } else if (type === "MXFP4") {
      view.setUint8(at, 112 + Math.floor(16 * random())); // 2^(e − 128)·12 is at most 6
    } else if (type === "IQ1_M") {
      // Its half lies in the upper nibbles of four u16.
      const half = randomHalf(-4, random);
      for (let i = 0; i < 4; i++) {
        const low = view.getUint16(at + 48 + 2 * i, true) & 0x0fff;
        view.setUint16(at + 48 + 2 * i, low | (((half >> (4 * i)) & 15) << 12), true);
      }
    } else {
      for (const field of HALF_FIELDS[type]) {
        view.setUint16(at + field.at, randomHalf(field.exponent, random), true);
      }
    }
  }
  return out;
}

/** The upper half of the f32: rounds toward zero. */
function bf16Bits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
}

/** The bits of a half of either sign with a size in [2^exponent, 2^(exponent + 1)), or small as told above. */
function randomHalf(exponent: number, random: Random): number {
  const sign = random() < 0.5 ? 0x8000 : 0;
  const fraction = Math.floor(random() * 1024);
  const kind = random();
  if (kind < 1 / 32) return sign;
  if (kind < 1 / 32 + 1 / 8) return sign | fraction;
  return sign | ((exponent + 15) << 10) | fraction;
}
