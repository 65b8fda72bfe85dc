import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../../shaders/", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".wgsl"),
);

/** Lines that declare a function's variable without an initial value. */
const uninitialised = (wgsl: string): string[] => wgsl.match(/^\s+var \w+(\s*:[^=;]*)?;/gm) ?? [];

test("the check finds a variable without a value", () => {
  expect(uninitialised("fn f() {\n  var a: array<f32, 4>;\n  var b = 1.0;\n}")).toHaveLength(1);
});

// Tint clears a variable without a value once per loop, not per iteration: the second iteration starts from the first's sums.
test.each(files)("%s gives each variable of a function a value", (name) => {
  expect(uninitialised(readFileSync(folder + name, "utf8"))).toEqual([]);
});

test.each(files)("%s opens with a comment that says what it computes", (name) => {
  expect(readFileSync(folder + name, "utf8")).toMatch(/^\/\/ \S/);
});

/** The text between the bracket at `open` and its partner. */
function bracketed(text: string, open: number): string {
  const [left, right] = text[open] === "(" ? ["(", ")"] : ["{", "}"];
  for (let at = open, depth = 0; at < text.length; at++) {
    if (text[at] === left) depth++;
    if (text[at] === right && --depth === 0) return text.slice(open + 1, at);
  }
  return text.slice(open + 1);
}

interface Loop {
  readonly head: string;
  readonly body: string;
}

function loopsIn(text: string): Loop[] {
  return [...text.matchAll(/\b(?:for|while)\s*\(|\bloop\s*\{/g)].map(({ index, 0: word }) => {
    const open = index + word.length - 1;
    const head = word.endsWith("(") ? bracketed(text, open) : "";
    const brace = word.endsWith("(") ? text.indexOf("{", open + head.length + 1) : open;
    return { head, body: bracketed(text, brace) };
  });
}

/**
 * Heads of loops that go round differently often by invocation, inside a loop with a barrier: the compiler of Direct3D before
 * shader model 6 (FXC) takes the barrier for divergent then, and refuses the kernel (X3663).
 */
function divergentLoops(wgsl: string): string[] {
  const text = wgsl.replace(/\/\/.*$/gm, "");
  const barriers = [...text.matchAll(/\bfn (\w+)[^{]*\{/g)]
    .filter(({ index, 0: head }) => /\w+Barrier\(\)/.test(bracketed(text, index + head.length - 1)))
    .map(([, name]) => name);
  const hasBarrier = new RegExp(`\\w+Barrier\\(\\)${barriers.map((name) => `|\\b${name}\\(`).join("")}`);
  const differs = /^[^=;]*=[^;]*\b(local|lane)\b/; // what kernels call the number of an invocation
  return loopsIn(text)
    .filter(({ body }) => hasBarrier.test(body))
    .flatMap(({ body }) => loopsIn(body).filter(({ head }) => differs.test(head)))
    .map(({ head }) => head.trim());
}

test("the check finds a loop by invocation inside a loop with a barrier, also one in a function", () => {
  const inner = "for (var i = local; i < V; i += 256u) { x += 1.0; }";
  expect(
    divergentLoops(`fn f(local: u32) { for (var d = 0u; d < 4u; d++) { ${inner} workgroupBarrier(); } }`),
  ).toEqual(["var i = local; i < V; i += 256u"]);
  expect(
    divergentLoops(
      `fn g() { workgroupBarrier(); } fn f(local: u32) { for (var d = 0u; d < 4u; d++) { ${inner} g(); } }`,
    ),
  ).toHaveLength(1);
  expect(divergentLoops(`fn f(local: u32) { ${inner} workgroupBarrier(); }`)).toEqual([]);
});

test.each(files)("%s has no such loop", (name) => {
  expect(divergentLoops(readFileSync(folder + name, "utf8"))).toEqual([]);
});
