// Plain code for NETWORK.md 6.2, to test kernels against. Every step is in f64, where all these products and sums are
// exact, so that Math.fround of an element is the correctly rounded weight.

import { blockFormat, type TensorType } from "../../engine/gguf/block_formats.ts";
import { type CodebookType, codebookEntries } from "../../engine/gguf/codebooks.ts";

/** Writes the elements of the block that begins at byte `at` of `blocks` to `out`, a view of that many elements. */
type DequantizeBlock = (blocks: DataView, at: number, out: Float64Array) => void;

/** The weights that `bytes`, whole blocks of one type, encode, in element order. */
export function dequantize(type: TensorType, bytes: Uint8Array): Float64Array {
  const format = blockFormat(type);
  if (bytes.length % format.bytes !== 0) {
    throw new Error(`${bytes.length} bytes are no whole number of ${type} blocks of ${format.bytes}`);
  }
  const blocks = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array((bytes.length / format.bytes) * format.elements);
  for (let at = 0, first = 0; at < bytes.length; at += format.bytes, first += format.elements) {
    BLOCKS[type](blocks, at, out.subarray(first, first + format.elements));
  }
  return out;
}

/** The value of an IEEE half with these 16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

const BLOCKS: Readonly<Record<TensorType, DequantizeBlock>> = {
  F32(blocks, at, out) {
    out[0] = blocks.getFloat32(at, true);
  },

  F16(blocks, at, out) {
    out[0] = half(blocks, at);
  },

  BF16(blocks, at, out) {
    const widened = new DataView(new ArrayBuffer(4));
    widened.setUint32(0, blocks.getUint16(at, true) << 16);
    out[0] = widened.getFloat32(0);
  },

  Q8_0(blocks, at, out) {
    const d = half(blocks, at);
    for (let j = 0; j < 32; j++) out[j] = d * blocks.getInt8(at + 2 + j);
  },

  Q4_0(blocks, at, out) {
    const d = half(blocks, at);
    nibbles32(blocks, at + 2, (j, q) => {
      out[j] = d * (q - 8);
    });
  },

  Q4_1(blocks, at, out) {
    const d = half(blocks, at);
    const m = half(blocks, at + 2);
    nibbles32(blocks, at + 4, (j, q) => {
      out[j] = d * q + m;
    });
  },

  Q5_0(blocks, at, out) {
    const d = half(blocks, at);
    const qh = blocks.getUint32(at + 2, true);
    nibbles32(blocks, at + 6, (j, q) => {
      out[j] = d * ((q | (((qh >>> j) & 1) << 4)) - 16);
    });
  },

  Q5_1(blocks, at, out) {
    const d = half(blocks, at);
    const m = half(blocks, at + 2);
    const qh = blocks.getUint32(at + 4, true);
    nibbles32(blocks, at + 8, (j, q) => {
      out[j] = d * (q | (((qh >>> j) & 1) << 4)) + m;
    });
  },

  Q2_K(blocks, at, out) {
    const d = half(blocks, at + 80);
    const dmin = half(blocks, at + 82);
    pairs256(blocks, at + 16, ({ e, is, q2 }) => {
      const scale = blocks.getUint8(at + is);
      out[e] = d * (scale & 15) * q2 - dmin * (scale >> 4);
    });
  },

  Q3_K(blocks, at, out) {
    const d = half(blocks, at + 108);
    const scales = (index: number) => blocks.getUint8(at + 96 + index);
    pairs256(blocks, at + 32, ({ e, is, q2, plane, l }) => {
      const low = is < 8 ? scales(is) & 15 : scales(is - 8) >> 4;
      const high = (scales(8 + (is % 4)) >> (2 * (is >> 2))) & 3;
      const sc = (low | (high << 4)) - 32;
      const set = (blocks.getUint8(at + l) >> plane) & 1;
      out[e] = d * sc * (q2 - (set ? 0 : 4));
    });
  },

  Q4_K(blocks, at, out) {
    const scaleAndMin = scalesAndMins(blocks, at);
    nibbles256(blocks, at + 16, (j, l, q) => {
      const { scale, min } = scaleAndMin[j]!;
      out[32 * j + l] = scale * q - min;
    });
  },

  Q5_K(blocks, at, out) {
    const scaleAndMin = scalesAndMins(blocks, at);
    nibbles256(blocks, at + 48, (j, l, q) => {
      const { scale, min } = scaleAndMin[j]!;
      const fifth = (blocks.getUint8(at + 16 + l) >> j) & 1;
      out[32 * j + l] = scale * (q + 16 * fifth) - min;
    });
  },

  Q6_K(blocks, at, out) {
    const d = half(blocks, at + 208);
    for (let e = 0; e < 256; e++) {
      const n = e >> 7; // half of the block
      const part = (e >> 5) & 3; // 32 elements each
      const l = e & 31;
      const ql = blocks.getUint8(at + 64 * n + 32 * (part & 1) + l);
      const qh = blocks.getUint8(at + 128 + 32 * n + l);
      const q = ((ql >> (4 * (part >> 1))) & 15) | (((qh >> (2 * part)) & 3) << 4);
      out[e] = d * blocks.getInt8(at + 192 + (e >> 4)) * (q - 32);
    }
  },

  IQ4_NL(blocks, at, out) {
    const d = half(blocks, at);
    nibbles32(blocks, at + 2, (j, q) => {
      out[j] = d * IQ4_VALUES[q]!;
    });
  },

  IQ4_XS(blocks, at, out) {
    const d = half(blocks, at);
    const high = blocks.getUint16(at + 2, true);
    for (let ib = 0; ib < 8; ib++) {
      const low = (blocks.getUint8(at + 4 + (ib >> 1)) >> (4 * (ib & 1))) & 15;
      const dl = d * ((low | (((high >> (2 * ib)) & 3) << 4)) - 32);
      nibbles32(blocks, at + 8 + 16 * ib, (j, q) => {
        out[32 * ib + j] = dl * IQ4_VALUES[q]!;
      });
    }
  },

  IQ3_S(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const j = e >> 5; // group of 32
      const four = e >> 2;
      const high = (blocks.getUint8(at + 66 + j) >> (four & 7)) & 1;
      const q = pick("IQ3_S", blocks.getUint8(at + 2 + four) | (high << 8), 4, e & 3);
      const minus = (blocks.getUint8(at + 74 + (e >> 3)) >> (e & 7)) & 1;
      const s = (blocks.getUint8(at + 106 + (j >> 1)) >> (4 * (j & 1))) & 15;
      out[e] = d * (1 + 2 * s) * (minus ? -1 : 1) * (1 + 2 * q);
    }
  },

  IQ3_XXS(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const q = pick("IQ3_XXS", blocks.getUint8(at + 2 + (e >> 2)), 4, e & 3);
      const more = blocks.getUint32(at + 66 + 4 * (e >> 5), true);
      const value = [4, 12, 20, 28, 36, 44, 52, 62][q]!;
      out[e] = ((d * ((more >>> 28) + 0.5)) / 2) * sevenSigns(more >>> (7 * ((e >> 3) & 3)), e & 7) * value;
    }
  },

  IQ2_S(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const eight = e >> 3;
      const high = (blocks.getUint8(at + 66 + (e >> 5)) >> (2 * (eight & 3))) & 3;
      const q = pick("IQ2_S", blocks.getUint8(at + 2 + eight) | (high << 8), 2, e & 7);
      const minus = (blocks.getUint8(at + 34 + eight) >> (e & 7)) & 1;
      const s = (blocks.getUint8(at + 74 + (e >> 5)) >> (4 * ((e >> 4) & 1))) & 15;
      out[e] = ((d * (s + 0.5)) / 4) * (minus ? -1 : 1) * IQ2_VALUES[q]!;
    }
  },

  IQ2_XS(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const packed = blocks.getUint16(at + 2 + 2 * (e >> 3), true);
      const q = pick("IQ2_XS", packed & 511, 2, e & 7);
      const s = (blocks.getUint8(at + 66 + (e >> 5)) >> (4 * ((e >> 4) & 1))) & 15;
      out[e] = ((d * (s + 0.5)) / 4) * sevenSigns(packed >> 9, e & 7) * IQ2_VALUES[q]!;
    }
  },

  IQ2_XXS(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const group = at + 2 + 8 * (e >> 5);
      const eight = (e >> 3) & 3;
      const q = pick("IQ2_XXS", blocks.getUint8(group + eight), 2, e & 7);
      const more = blocks.getUint32(group + 4, true);
      out[e] = ((d * ((more >>> 28) + 0.5)) / 4) * sevenSigns(more >>> (7 * eight), e & 7) * IQ2_VALUES[q]!;
    }
  },

  IQ1_M(blocks, at, out) {
    const scales = (index: number) => blocks.getUint16(at + 48 + 2 * index, true);
    const d = halfToNumber([0, 1, 2, 3].reduce((bits, i) => bits | ((scales(i) >> 12) << (4 * i)), 0));
    for (let e = 0; e < 256; e++) {
      const eight = e >> 3;
      const sixteen = e >> 4;
      const high = (blocks.getUint8(at + 32 + (eight >> 1)) >> (4 * (eight & 1))) & 15;
      const v = pick("IQ1_S", blocks.getUint8(at + eight) | ((high & 7) << 8), 2, e & 7) - 1;
      const s = (scales(sixteen >> 2) >> (3 * (sixteen & 3))) & 7;
      out[e] = d * (2 * s + 1) * (v + (high & 8 ? -0.125 : 0.125));
    }
  },

  IQ1_S(blocks, at, out) {
    const d = half(blocks, at);
    for (let e = 0; e < 256; e++) {
      const eight = e >> 3;
      const high = blocks.getUint16(at + 34 + 2 * (e >> 5), true);
      const index = blocks.getUint8(at + 2 + eight) | (((high >> (3 * (eight & 3))) & 7) << 8);
      const v = pick("IQ1_S", index, 2, e & 7) - 1;
      out[e] = d * (2 * ((high >> 12) & 7) + 1) * (v + (high & 0x8000 ? -0.125 : 0.125));
    }
  },

  TQ1_0(blocks, at, out) {
    const d = half(blocks, at + 52);
    for (let e = 0; e < 256; e++) {
      const [byte, digit] =
        e < 160
          ? [e % 32, Math.floor(e / 32)]
          : e < 240
            ? [32 + ((e - 160) % 16), Math.floor((e - 160) / 16)]
            : [48 + ((e - 240) % 4), Math.floor((e - 240) / 4)];
      const shifted = (blocks.getUint8(at + byte!) * 3 ** digit!) % 256;
      out[e] = d * (Math.floor((shifted * 3) / 256) - 1);
    }
  },

  TQ2_0(blocks, at, out) {
    const d = half(blocks, at + 64);
    pairs256(blocks, at, ({ e, q2 }) => {
      out[e] = d * (q2 - 1);
    });
  },

  MXFP4(blocks, at, out) {
    const d = 2 ** (blocks.getUint8(at) - 128);
    nibbles32(blocks, at + 1, (j, q) => {
      out[j] = d * MXFP4_VALUES[q]!;
    });
  },
};

const MXFP4_VALUES = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];
const IQ2_VALUES = [8, 25, 43];

const codebooks = new Map<CodebookType, Uint16Array>();

/** Number `at` of an entry of a codebook, `bits` wide. */
function pick(type: CodebookType, index: number, bits: 2 | 4, at: number): number {
  const entries = codebooks.get(type) ?? codebookEntries(type);
  codebooks.set(type, entries);
  return (entries[index]! >> (bits * at)) & (2 ** bits - 1);
}

/** The sign at place 0 to 7 of seven bits, whose eighth makes the number of minuses even. */
function sevenSigns(bits: number, at: number): 1 | -1 {
  const seven = bits & 127;
  const ones = [...seven.toString(2)].filter((digit) => digit === "1").length;
  const minus = at === 7 ? ones % 2 === 1 : ((seven >> at) & 1) === 1;
  return minus ? -1 : 1;
}

function half(blocks: DataView, at: number): number {
  return halfToNumber(blocks.getUint16(at, true));
}

/** 16 bytes hold elements 0..15 in their low halves and 16..31 in their high ones. */
function nibbles32(blocks: DataView, at: number, visit: (j: number, q: number) => void): void {
  for (let j = 0; j < 16; j++) {
    const byte = blocks.getUint8(at + j);
    visit(j, byte & 15);
    visit(j + 16, byte >> 4);
  }
}

/** 128 bytes: each run of 32 holds sub-block 2i in its low halves and 2i + 1 in its high ones; l is the place in it. */
function nibbles256(blocks: DataView, at: number, visit: (j: number, l: number, q: number) => void): void {
  for (let i = 0; i < 4; i++) {
    for (let l = 0; l < 32; l++) {
      const byte = blocks.getUint8(at + 32 * i + l);
      visit(2 * i, l, byte & 15);
      visit(2 * i + 1, l, byte >> 4);
    }
  }
}

interface Pair {
  readonly e: number; // element
  readonly is: number; // its sub-block of 16
  readonly q2: number; // its two bits
  readonly plane: number; // 32 elements each; the bit of hmask that belongs to the element
  readonly l: number; // place in the plane
}

/** 64 bytes of two-bit values as Q2_K and Q3_K order them. */
function pairs256(blocks: DataView, at: number, visit: (pair: Pair) => void): void {
  for (let e = 0; e < 256; e++) {
    const plane = e >> 5;
    const l = e & 31;
    const q2 = (blocks.getUint8(at + 32 * (plane >> 2) + l) >> (2 * (plane & 3))) & 3;
    visit({ e, is: e >> 4, q2, plane, l });
  }
}

/** d·sc and dmin·m of the eight sub-blocks of Q4_K and Q5_K. */
function scalesAndMins(blocks: DataView, at: number): { scale: number; min: number }[] {
  const d = half(blocks, at);
  const dmin = half(blocks, at + 2);
  const s = (index: number) => blocks.getUint8(at + 4 + index);
  return [0, 1, 2, 3, 4, 5, 6, 7].map((j) => {
    if (j < 4) return { scale: d * (s(j) & 63), min: dmin * (s(j + 4) & 63) };
    const sc = (s(j + 4) & 15) | ((s(j - 4) >> 6) << 4);
    const m = (s(j + 4) >> 4) | ((s(j) >> 6) << 4);
    return { scale: d * sc, min: dmin * m };
  });
}
