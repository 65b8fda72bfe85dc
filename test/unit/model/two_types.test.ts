import { describe, expect, test } from "vitest";
import type { TensorType } from "../../../engine/gguf/index.ts";
import { PlanRecorder, recordingGpu } from "../../../engine/gpu/index.ts";
import { decoders } from "../../../engine/model/layers/decoders.ts";
import { recordMatmul } from "../../../engine/model/layers/matmul.ts";
import { again } from "../../../engine/model/layers/two_types.ts";

/** Names that WGSL declares at its module's scope, and the numbers of its bindings. */
function declaredBy(wgsl: string) {
  const code = wgsl.replace(/\/\/.*/g, "");
  const atTop = code.replace(/\{[^{}]*(\{[^{}]*(\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}/g, "{}");
  return {
    names: Array.from(
      atTop.matchAll(/\b(?:fn|struct|const|override|var(?:<[^>]*>)?)\s+(\w+)/g),
      ([, name]) => name!,
    ),
    numbers: Array.from(code.matchAll(/@binding\((\d+)\)/g), ([, number]) => Number(number)),
  };
}

describe("the WGSL of a second type", () => {
  test("it declares each name once more, uses its own, and keeps what others declare", () => {
    const wgsl = [
      "@group(0) @binding(1) var<storage, read> scales: array<u32>;\nconst T = array<f32, 1>(1.0);",
      "struct Header { at: u32, scale: f32 } // header\nfn header(row: u32) -> Header { return Header(row, f32(scales[row]) * T[0] * shape.k); }",
    ];
    expect(again(wgsl)).toBe(
      "@group(0) @binding(11) var<storage, read> scales_2: array<u32>;\nconst T_2 = array<f32, 1>(1.0);\n" +
        "struct Header_2 { at: u32, scale: f32 } // header_2\nfn header_2(row: u32) -> Header_2 { return Header_2(row, f32(scales_2[row]) * T_2[0] * shape.k); }",
    );
  });

  test.each(Object.entries(decoders))(
    "%s: all that its decoder declares can stand beside any other type's",
    (_, parts) => {
      const first = declaredBy(parts.join("\n"));
      const second = declaredBy(again(parts));
      expect(first.names).toContain("header");
      expect(second.names).toEqual(first.names.map((name) => `${name}_2`));
      for (const number of second.numbers) expect(number).toBeGreaterThan(9);
      expect(new Set(second.numbers).size).toBe(first.numbers.length);
    },
  );
});

describe("a product with two outputs, its norm and rows of several types, on a GPU whose kernels have eight buffers", () => {
  const planes: Partial<Record<TensorType, readonly string[]>> = {
    Q6_K: ["words", "scales"],
    Q8_0: ["words", "scales"],
  };
  test.each<[what: string, types: TensorType[], kernels: string[]]>([
    ["one type", ["Q4_K"], ["matmul Q4_K ×2: out, rest"]],
    ["two types", ["Q6_K", "Q4_K"], ["matmul Q6_K + Q4_K ×2: out, rest"]],
    ["two with more planes", ["Q6_K", "Q8_0"], ["matmul Q6_K ×2: out", "matmul Q8_0 ×2: out"]],
    ["three types", ["Q5_K", "Q4_K", "F32"], ["matmul Q5_K ×2: out", "matmul Q4_K + F32 ×2: out"]],
    [
      "three with more planes",
      ["Q5_K", "Q6_K", "Q8_0"],
      ["matmul Q5_K ×2: out", "matmul Q6_K + Q8_0 ×2: out"],
    ],
  ])(
    "%s: the last two share a dispatch, and what goes to one output binds no other",
    async (_, types, kernels) => {
      const { gpu } = recordingGpu();
      const buffer = (label: string) => gpu.buffer(label, 4096, "activations");
      const slabs = types.map((type, i) => {
        const names = planes[type] ?? ["words"];
        const of = Object.fromEntries(names.map((name) => [name, buffer(name)])) as { words: GPUBuffer };
        // A single slab spans both outputs.
        return { type, row: 64 * i, rows: types.length === 1 ? 128 : 64, planes: of };
      });
      const matrix = { name: "W", columns: 256, rows: 64 * Math.max(2, types.length), slabs };
      const [x, w, out, rest] = ["x", "w", "out", "rest"].map(buffer) as [
        GPUBuffer,
        GPUBuffer,
        GPUBuffer,
        GPUBuffer,
      ];
      const recorder = new PlanRecorder(gpu);
      const pass = { recorder, step: buffer("step"), kind: "rows", width: 2 } as const;
      recordMatmul(pass, matrix, { x, norm: { w, epsilon: 1e-6 }, out, rest: { out: rest, first: 64 } });
      const { dispatches } = await recorder.finish();
      const named = dispatches.map(
        ({ kernel, buffers }) =>
          `${kernel.name}: ${["out", "rest"].filter((name) => name in buffers).join(", ")}`,
      );
      expect(named).toEqual(kernels);
      expect(Math.max(...dispatches.map(({ kernel }) => kernel.bindings.length))).toBeLessThanOrEqual(8);
    },
  );
});
