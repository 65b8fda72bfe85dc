import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { seedFrom, testSeed } from "../../reference/seed.ts";

afterEach(() => vi.unstubAllEnvs());

test("FORETYPE_SEED comes before a fixed seed, and a fixed seed before a random one", () => {
  vi.stubEnv("FORETYPE_SEED", "8123");
  expect([testSeed(), testSeed(5)]).toEqual([8123, 8123]);
  vi.stubEnv("FORETYPE_SEED", "");
  expect(testSeed(5)).toBe(5);
  expect(new Set([testSeed(), testSeed(), testSeed()]).size).toBeGreaterThan(1);
});

test("a text that is no seed is refused", () => {
  for (const text of ["x", "-1", "1.5", "4294967296", "1e3"]) {
    expect(() => seedFrom(text)).toThrow(
      `FORETYPE_SEED is "${text}": give a whole number from 0 to 4294967295.`,
    );
  }
});

test("no test has a random seed of its own", () => {
  const folder = fileURLToPath(new URL("../../", import.meta.url));
  const own = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && name !== "reference/seed.ts")
    .filter((name) => /Math\s*\.random\(|Date\.now\(\) %/.test(readFileSync(folder + name, "utf8")));
  expect(own).toEqual([]);
});
