import { blockFormat, type TensorType } from "../gguf/index.ts";

/**
 * Of a word with one float or two: the bits of their exponents, which are all set in NaN and in infinity; the lowest of them; and
 * where a 1 that is added there is carried to if all are set.
 */
const floats: Partial<Record<TensorType, { exponent: number; one: number; carry: number }>> = {
  F32: { exponent: 0x7f80_0000, one: 0x0080_0000, carry: 0x8000_0000 | 0 },
  F16: { exponent: 0x7c00_7c00, one: 0x0400_0400, carry: 0x8000_8000 | 0 },
  BF16: { exponent: 0x7f80_7f80, one: 0x0080_0080, carry: 0x8000_8000 | 0 },
};

const f16Exponent = 0x7c00;

/**
 * The first block with a weight that is NaN or infinite: floats by their own bits, quants by their scales, which are all that
 * can make them so. Undefined where all are finite. Of quants it reads a few bytes a block.
 * @param blocks of `type`, from the start of a buffer on that is whole words
 */
export function firstNotFinite(type: TensorType, blocks: Uint8Array<ArrayBuffer>): number | undefined {
  const { bytes: blockBytes, scales } = blockFormat(type);
  const float = floats[type];
  if (float) return firstFloat(blocks, float);
  if (type === "MXFP4") {
    const at = firstWith(blocks, 0xff, 0, blockBytes);
    return at < 0 ? undefined : at / blockBytes;
  }
  const halves = new Uint16Array(blocks.buffer, 0, blocks.length >> 1);
  const stride = blockBytes >> 1;
  if (type === "IQ1_M") return firstInPieces(halves, stride);
  const found = scales
    .map((offset) => firstWith(halves, f16Exponent, offset >> 1, stride))
    .filter((at) => at >= 0);
  return found.length > 0 ? Math.floor(Math.min(...found) / stride) : undefined;
}

/** Index of the first value with all bits of `mask`, among each `stride`th from `start` on; -1: none. */
function firstWith(values: Uint16Array | Uint8Array, mask: number, start: number, stride: number): number {
  for (let i = start; i < values.length; i += stride) if ((values[i]! & mask) === mask) return i;
  return -1;
}

/** A word at a time, with one or two floats in it, and four a round: reading halves of words takes some times as long. */
function firstFloat(
  bytes: Uint8Array<ArrayBuffer>,
  { exponent, one, carry }: { exponent: number; one: number; carry: number },
): number | undefined {
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  let word = 0;
  // Without a branch for each, and written out: a function for the sum costs three times as long here.
  for (; word + 3 < words.length; word += 4) {
    const sums =
      ((words[word]! & exponent) + one) |
      ((words[word + 1]! & exponent) + one) |
      ((words[word + 2]! & exponent) + one) |
      ((words[word + 3]! & exponent) + one);
    if ((sums & carry) !== 0) break;
  }
  while (word < words.length && (((words[word]! & exponent) + one) & carry) === 0) word++;
  const lower = exponent & 0xffff; // of two floats, the first is in the lower half
  if (lower === 0) return word < words.length ? word : undefined;
  const halves = new Uint16Array(bytes.buffer, 0, bytes.length >> 1);
  const at = firstWith(halves, lower, 2 * word, 1); // in that word, or the half that is left
  return at < 0 ? undefined : at;
}

/** IQ1_M: bits 8 to 15 of the scale, with its exponent, are the upper ones of the last two words of a block. */
function firstInPieces(halves: Uint16Array, stride: number): number | undefined {
  for (let i = stride; i <= halves.length; i += stride) {
    if ((halves[i - 1]! & 0x7000) === 0x7000 && (halves[i - 2]! & 0xc000) === 0xc000) return i / stride - 1;
  }
  return undefined;
}
