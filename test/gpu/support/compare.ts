import { expect } from "vitest";
import { poison } from "./test_bed.ts";

type Numbers = ArrayLike<number>;

/** ‖actual − expected‖₂ / ‖expected‖₂; NaN if anything is NaN. */
export function relativeL2(actual: Numbers, expected: Numbers): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  let error = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return error === 0 ? 0 : Math.sqrt(error / size);
}

/** The measure of ggml's operator tests: the square of the relative error. */
export const nmse = (actual: Numbers, expected: Numbers): number => relativeL2(actual, expected) ** 2;

export function expectClose(actual: Numbers, expected: Numbers, tolerance: number, what: string): void {
  const error = relativeL2(actual, expected);
  if (error <= tolerance) return;
  let worst = 0;
  for (let i = 1; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= Math.abs(actual[worst]! - expected[worst]!))) worst = i;
  }
  expect.fail(
    `${what}: relative error ${error}, allowed ${tolerance}; element ${worst} is ${actual[worst]}, expected ${expected[worst]}`,
  );
}

const hex = (word: number | undefined): string => `0x${(word ?? 0).toString(16).padStart(8, "0")}`;

/** The bits of both are the same. */
export function expectSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  const a = wordsOf(actual);
  const b = wordsOf(expected);
  expect(a.length, what).toBe(b.length);
  const at = a.findIndex((word, i) => word !== b[i]);
  if (at >= 0) expect.fail(`${what}: element ${at} is ${hex(a[at])}, expected ${hex(b[at])}`);
}

/** Exactly the elements of which `isWritten` holds were written, and none of them with a NaN. */
export function expectWritten(
  actual: Float32Array,
  isWritten: (index: number) => boolean,
  what: string,
): void {
  const words = wordsOf(actual);
  for (let i = 0; i < actual.length; i++) {
    if (isWritten(i)) {
      if (Number.isNaN(actual[i]))
        expect.fail(`${what}: element ${i} is ${hex(words[i])}, expected a number`);
    } else if (words[i] !== poison) {
      expect.fail(`${what}: element ${i} was written: ${hex(words[i])}`);
    }
  }
}

const wordsOf = (floats: Float32Array): Uint32Array =>
  new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
