import { expect, test } from "vitest";
import { perSecond, requireRounds, requireStart } from "../../../engine/cli/bench/start.ts";

test("a cold prompt of which a state was kept is an error, with both numbers", () => {
  expect(() => requireStart("cold prompt", { promptTokens: 448, computedTokens: 1 })).toThrow(
    /computes 448 of 448 prompt tokens, and 1 were computed/,
  );
  expect(() => requireStart("cold prompt", { promptTokens: 448, computedTokens: 448 })).not.toThrow();
});

test("a kept state of which more than the last token was computed is an error", () => {
  expect(() => requireStart("kept state", { promptTokens: 64, computedTokens: 64 })).toThrow(
    /computes 1 of 64 prompt tokens, and 64 were computed: choose/,
  );
  expect(() => requireStart("kept state", { promptTokens: 64, computedTokens: 1 })).not.toThrow();
});

test("more tokens than rounds without drafts are an error; rounds that ran ahead are not", () => {
  expect(() => requireRounds({ tokens: 65, steps: 64 })).toThrow(/65 tokens were sampled in 64 rounds/);
  expect(() => requireRounds({ tokens: 64, steps: 65 })).not.toThrow();
});

test("a rate is of a time that passes", () => {
  expect(perSecond(448, 1000)).toBe(448);
  for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => perSecond(448, ms)).toThrow(/took/);
});
