import { describe, expect, test } from "vitest";
import { decoders } from "../../../engine/model/layers/decoders.ts";
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
