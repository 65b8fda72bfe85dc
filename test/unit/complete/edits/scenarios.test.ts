import { describe, expect, test } from "vitest";
import { play, scenariosIn } from "./scenario.ts";

describe("something appears", () => {
  const scenarios = scenariosIn("shown");
  test.each(scenarios)("$name: $claim", async (scenario) => {
    expect(scenario.steps.some((step) => /^screen (?:\S+ )?\d/.test(step))).toBe(true);
    await play(scenario);
  });
  test("there are 25", () => expect(scenarios.length).toBeGreaterThanOrEqual(25));
});

describe("nothing appears", () => {
  const scenarios = scenariosIn("silent");
  test.each(scenarios)("$name: $claim", async (scenario) => {
    expect(scenario.steps.some((step) => /^nothing /.test(step))).toBe(true);
    await play(scenario);
  });
  test("there are 25", () => expect(scenarios.length).toBeGreaterThanOrEqual(25));
});

describe("ghost text reads what was edited in other files", () => {
  const scenarios = scenariosIn("read");
  test.each(scenarios)("$name: $claim", async (scenario) => {
    expect(scenario.steps.some((step) => /^reads /.test(step))).toBe(true);
    await play(scenario);
  });
});
