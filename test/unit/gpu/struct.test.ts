import { describe, expect, test } from "vitest";
import { constantOf, structOf } from "../../../engine/gpu/index.ts";

const parts = [
  "const ROWS = 3u; // of a pass",
  `// struct Settings { wrong: u32 }
  struct Draw { token: u32, confidence: f32 }
  struct Settings {
    most: u32,              // at most, comma and all
    share: f32,
    cut: array<f32, ROWS>,
    ids: array<u32, 2>,
    draws: array<Draw, ROWS>,
    last: u32,
  }`,
];

const settings = structOf(parts, "Settings");
const flat = structOf(
  ["struct Flat { count: u32, share: f32, ids: array<u32, 3>, rates: array<f32, 2> }"],
  "Flat",
);

describe("a struct's layout is read off the WGSL", () => {
  test("each field begins after those before it, arrays of constants and of structs among them", () => {
    const fields = ["most", "share", "cut", "ids", "draws", "last"];
    expect(fields.map((field) => settings.at(field))).toEqual([0, 1, 2, 5, 7, 13]);
    expect(fields.map((field) => settings.lengthOf(field))).toEqual([1, 1, 3, 2, 3, 1]);
    expect([settings.words, settings.bytes]).toEqual([14, 56]);
    expect(structOf(parts, "Draw").words).toBe(2);
    expect(constantOf(parts, "ROWS")).toBe(3);
  });

  test("what is not declared, or needs another alignment, is an error", () => {
    expect(() => structOf(parts, "Other")).toThrow("no struct Other is declared");
    expect(() => constantOf(parts, "COLUMNS")).toThrow("no constant COLUMNS is declared");
    expect(() => structOf(["struct A { b: array<u32, N> }"], "A")).toThrow("no constant N is declared");
    expect(() => structOf(["struct A { b: vec3f }"], "A")).toThrow(
      "a field of type vec3f has no layout here",
    );
    expect(() => structOf(["struct A { b: array<vec2u, 4> }"], "A")).toThrow("type vec2u");
    expect(() => structOf(["struct A { b: B }"], "A")).toThrow("no struct B is declared");
  });
});

describe("a struct is written by the names of its fields", () => {
  const values = { count: 7, share: 0.5, ids: [1, 2], rates: Float32Array.of(0.25, 1) };

  test("numbers become words of their field's type, and the rest of an array 0", () => {
    const words = flat.write({ ...values, ids: [1, 2] });
    expect([...words.subarray(0, 1), ...words.subarray(2, 5)]).toEqual([7, 1, 2, 0]);
    expect([...new Float32Array(words.buffer)].filter((_, i) => i === 1 || i > 4)).toEqual([0.5, 0.25, 1]);
  });

  test("a field that is missing is an error that names the struct and its fields", () => {
    const { share: _, ...without } = values;
    expect(() => flat.write(without)).toThrow(
      "struct Flat is written without share: it has count, share, ids, rates",
    );
  });

  test("so are one that is unknown and an array that is too long", () => {
    expect(() => flat.write({ ...values, shares: 1 })).toThrow(
      "struct Flat has no field shares: it has count, share, ids, rates",
    );
    expect(() => flat.at("shares")).toThrow("struct Flat has no field shares");
    expect(() => flat.write({ ...values, ids: [1, 2, 3, 4] })).toThrow("Flat.ids holds 3 values, got 4");
  });
});
