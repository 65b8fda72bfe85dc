import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BLOCK_FORMATS, blockFormat, rowBytes } from "../../../engine/gguf/block_formats.ts";
import { dequantize, halfToNumber } from "../../reference/dequantize.ts";
import { normal, seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";

interface Vector {
  readonly type: string;
  readonly id: number;
  readonly block: number;
  readonly block_bytes: number;
  readonly rows: number;
  readonly cols: number;
}

const folder = new URL("../../fixtures/op_quant/", import.meta.url);
const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL("index.json", folder), "utf8"));

test("the fixtures cover every format but F32, with the ids and sizes of the table", () => {
  const table = BLOCK_FORMATS.filter(({ type }) => type !== "F32").map(({ scales: _, ...format }) => format);
  const listed = vectors.map(({ type, id, block, block_bytes }) => ({
    type: type.toUpperCase(),
    id,
    elements: block,
    bytes: block_bytes,
  }));
  const ordered = (formats: readonly { id: number }[]) => [...formats].sort((a, b) => a.id - b.id);
  expect(ordered(listed)).toEqual(ordered(table));
});

describe("dequantize, rounded to f32, equals ggml bit for bit", () => {
  test.each(vectors)("$type", ({ type, rows, cols }) => {
    const format = blockFormat(type.toUpperCase())!;
    const bytes = readFileSync(new URL(`${type}.bin`, folder));
    const expected = readFileSync(new URL(`${type}.deq.f32`, folder));
    expect(bytes.length).toBe(rows * rowBytes(format.type, cols));
    const weights = Float32Array.from(dequantize(format.type, bytes));
    expect(firstDifference(weights, asFloats(expected))).toBe("none");
  });
});

test("F32 weights are the file's own bits", () => {
  const floats = Float32Array.of(0, -0, 1.5, -3e-41, 3.4e38);
  const weights = Float32Array.from(dequantize("F32", new Uint8Array(floats.buffer)));
  expect(firstDifference(weights, floats)).toBe("none");
});

test("halfToNumber knows subnormals, the largest half, infinities and NaN", () => {
  const cases: [bits: number, value: number][] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ];
  for (const [bits, value] of cases) expect(halfToNumber(bits), bits.toString(16)).toBe(value);
});

test("a part of a block is refused", () => {
  expect(() => dequantize("Q8_0", new Uint8Array(33))).toThrow(
    "33 bytes are no whole number of Q8_0 blocks of 34",
  );
});

test.each(BLOCK_FORMATS)(
  "random $type blocks hold finite weights below 8, not all alike",
  ({ type, bytes, elements }) => {
    const seed = 71;
    const blocks = randomBlocks(type, 300, seededRandom(seed));
    expect(blocks.length).toBe(300 * bytes);
    const weights = dequantize(type, blocks);
    expect(weights.length).toBe(300 * elements);
    const worst = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    expect(worst, `seed ${seed}`).toBeLessThan(8);
    expect(worst, `seed ${seed}`).toBeGreaterThan(0.5);
    expect(blocks).toEqual(randomBlocks(type, 300, seededRandom(seed)));
    expect(blocks).not.toEqual(randomBlocks(type, 300, seededRandom(seed + 1)));
  },
);

test("random numbers are uniform and normal to the third digit", () => {
  const random = seededRandom(5);
  const count = 200_000;
  const uniform = Float64Array.from({ length: count }, random);
  const gaussian = Float64Array.from({ length: count }, () => normal(random));
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / count;
  expect(mean(uniform)).toBeCloseTo(0.5, 2);
  expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(mean(gaussian)).toBeCloseTo(0, 1);
  expect(mean(gaussian.map((value) => value ** 2))).toBeCloseTo(1, 1);
});

function asFloats(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Compares bits, so that -0 differs from 0. */
function firstDifference(actual: Float32Array, expected: Float32Array): string {
  const actualBits = new Uint32Array(actual.buffer);
  const expectedBits = new Uint32Array(expected.buffer);
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  const index = expectedBits.findIndex((bits, at) => bits !== actualBits[at]);
  return index < 0 ? "none" : `element ${index}: ${actual[index]}, expected ${expected[index]}`;
}
