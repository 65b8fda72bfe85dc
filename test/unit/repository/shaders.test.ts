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

// Tint clears such a variable of a loop once and not each time round: the second round starts from the first's sums.
test.each(files)("%s gives each variable of a function a value", (name) => {
  expect(uninitialised(readFileSync(folder + name, "utf8"))).toEqual([]);
});

test.each(files)("%s opens with a comment that says what it computes", (name) => {
  expect(readFileSync(folder + name, "utf8")).toMatch(/^\/\/ \S/);
});
