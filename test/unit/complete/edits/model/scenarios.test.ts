import { describe, expect, test } from "vitest";
import { play, scenariosIn } from "../scenario.ts";

describe("a model's edit appears", () => {
  const scenarios = scenariosIn("model/shown");
  test.each(scenarios)("$name: $claim", async (scenario) => {
    expect(scenario.steps.some((step) => /^screen \d/.test(step))).toBe(true);
    expect(scenario.answers.length).toBeGreaterThan(0);
    await play(scenario);
  });
  test("there are 25", () => expect(scenarios.length).toBeGreaterThanOrEqual(25));
});

describe("nothing of a model's answer appears", () => {
  const scenarios = scenariosIn("model/silent");
  test.each(scenarios)("$name: $claim", async (scenario) => {
    expect(scenario.steps.some((step) => /^nothing /.test(step))).toBe(true);
    expect(scenario.answers.length).toBeGreaterThan(0);
    await play(scenario);
  });
  test("there are 25", () => expect(scenarios.length).toBeGreaterThanOrEqual(25));
});
