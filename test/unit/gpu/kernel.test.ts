import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { assemble, bindingsOf, inBindingOrder } from "../../../engine/gpu/kernel.ts";

const wgsl = `
  @group(0) @binding(5) var<uniform> shape: Shape;
  @group(0) @binding(0) var<storage, read> x: array<vec4f>;
  @group(0) @binding(2)
  var<storage, read_write> out: array<f32, 64>;
  @group(0) @binding(1) var < storage > implied: array<u32>;
  var<workgroup> partial: array<f32, 64>;
`;

describe("the bindings of a kernel", () => {
  test("are read off its text, by number, with names and access", () => {
    expect(bindingsOf(wgsl)).toEqual([
      { name: "x", binding: 0, type: "read-only-storage" },
      { name: "implied", binding: 1, type: "read-only-storage" },
      { name: "out", binding: 2, type: "storage" },
      { name: "shape", binding: 5, type: "uniform" },
    ]);
  });

  const folder = fileURLToPath(new URL("../../../shaders/", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  test.each(files.filter((name) => name.endsWith(".wgsl")))("of %s are all found", (name) => {
    const text = readFileSync(folder + name, "utf8");
    expect(bindingsOf(text)).toHaveLength(text.match(/@binding\(/g)?.length ?? 0);
  });
});

describe("buffers are given by the names of a kernel's variables", () => {
  const kernel = { name: "product", bindings: bindingsOf(wgsl) };

  test("and are bound in the order of its bindings, however they are listed", () => {
    expect(inBindingOrder(kernel, { shape: 4, out: 3, x: 1, implied: 2 })).toEqual([1, 2, 3, 4]);
  });

  test("a missing name is an error that names the kernel and what it has", () => {
    expect(() => inBindingOrder(kernel, { x: 1, implied: 2, shape: 4 })).toThrow(
      "kernel product is bound without out: it has x, implied, out, shape",
    );
  });

  test("so is one that the kernel does not have", () => {
    expect(() => inBindingOrder(kernel, { x: 1, implied: 2, out: 3, shape: 4, step: 5 })).toThrow(
      "kernel product has no binding step: it has x, implied, out, shape",
    );
  });
});

test("a kernel's text is its constants, those of every kernel among them, then its parts", () => {
  const source = { name: "small", parts: ["// one", "// two"], constants: { V: "3u" } };
  expect(assemble(source, { rolled: true })).toBe(
    "const V = 3u;\nconst WORKGROUP = 64u;\nconst ROLLED = true;\n// one\n// two",
  );
});
