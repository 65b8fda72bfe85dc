import { expect, test } from "vitest";
import { cutRuns, interleaved, type Part } from "../../../engine/model/runs.ts";

const part = (name: string, offset: number, rows: number): Part => ({
  name,
  type: "F32",
  columns: 2,
  rows,
  bytes: rows * 8,
  runs: [{ offset, bytes: rows * 8 }],
});

test("experts of two tensors have their rows of the first, then of the second", () => {
  const both = interleaved([part("gate", 1000, 6), part("up", 5000, 6)], 3);
  expect(both).toMatchObject({ name: "gate + up", rows: 12, bytes: 96 });
  expect(both.runs).toEqual([
    { offset: 1000, bytes: 16 },
    { offset: 5000, bytes: 16 },
    { offset: 1016, bytes: 16 },
    { offset: 5016, bytes: 16 },
    { offset: 1032, bytes: 16 },
    { offset: 5032, bytes: 16 },
  ]);
  // A piece that starts in the middle of the first expert's rows of `up`.
  expect(cutRuns(both.runs, 24, 16)).toEqual([
    { offset: 5008, bytes: 8 },
    { offset: 1016, bytes: 8 },
  ]);
});

test("one tensor stays as it is", () => {
  const one = part("gate_up", 64, 12);
  expect(interleaved([one], 3)).toBe(one);
});
