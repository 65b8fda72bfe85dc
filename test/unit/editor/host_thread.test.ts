// That the clock of test/editor/support/host_thread/ sees each entry into a bundle, and what a call costs, whichever way it is entered.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { measuredCalls } from "../../editor/support/host_thread/measured_calls.ts";

const BUNDLE = `"use strict";
const own = () => 1;
exports.call = (other) => { own(); other(); return own() + 1; };
exports.short = (a) => ({ a });
exports.fails = function () { "use strict"; throw new Error("as it was"); };
exports.later = async (first, second) => {
  own();
  const a = await first;
  try { return a + await second; } catch (error) { return error.message; }
};
exports.pieces = async function* (given) { for await (const one of given) yield own() + one; };
exports.Class = class { #a = 2; constructor(b) { this.b = b; } get sum() { return this.#a + this.b; } static of() { return new this(1); } };
exports.steps = function* () { yield own(); yield own(); };
`;
// Counts entries, and what runs meanwhile.
const CLOCK = `const seen = { begun: 0, ended: 0, inside: false, names: [] };
module.exports = { seen, begin(number) { seen.begun++; seen.inside = true; seen.last = number; }, end() { seen.ended++; seen.inside = false; },
  name(all) { seen.names = all; } };`;

interface Bundle {
  readonly call: (other: () => void) => number;
  readonly short: (a: number) => object;
  readonly fails: () => never;
  readonly later: (first: Promise<number>, second: Promise<number>) => Promise<unknown>;
  readonly pieces: (given: AsyncIterable<number>) => AsyncIterable<number>;
  readonly Class: { of(): { readonly sum: number } };
  readonly steps: () => Iterable<number>;
}
interface Seen {
  begun: number;
  readonly ended: number;
  readonly inside: boolean;
  readonly names: readonly string[];
  readonly last: number;
}

let folder: string;
let bundle: Bundle;
let seen: Seen;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "foretype-calls-"));
  const clock = join(folder, "clock.cjs");
  const path = join(folder, "bundle.cjs");
  writeFileSync(clock, CLOCK);
  writeFileSync(path, await measuredCalls(BUNDLE, clock));
  const require = createRequire(import.meta.url);
  seen = (require(clock) as { seen: Seen }).seen;
  bundle = require(path) as Bundle;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** How often the bundle was entered, and left as often. */
async function entries(action: () => unknown): Promise<number> {
  const before = seen.begun;
  await action();
  expect(seen.ended).toBe(seen.begun);
  return seen.begun - before;
}

test("a call is one entry, with the calls inside it and those that it makes of others", async () => {
  let inside = false;
  const look = () => {
    inside = seen.inside;
  };
  expect(await entries(() => expect(bundle.call(look)).toBe(2))).toBe(1);
  expect(inside).toBe(true);
  expect(await entries(() => expect(bundle.short(3)).toEqual({ a: 3 }))).toBe(1);
  expect(await entries(() => expect(bundle.Class.of().sum).toBe(3))).toBe(2);
});

test("a call that throws is left, and its name is told", async () => {
  expect(await entries(() => expect(bundle.fails).toThrow("as it was"))).toBe(1);
  expect(seen.names[seen.last]).toMatch(/fails/);
});

test("an await leaves the bundle, and what follows enters it again", async () => {
  let inside = true;
  const first = new Promise<number>((resolve) => {
    setTimeout(() => {
      inside = seen.inside;
      resolve(1);
    }, 5);
  });
  expect(await entries(async () => expect(await bundle.later(first, Promise.resolve(2))).toBe(3))).toBe(3);
  expect(inside).toBe(false);
  expect(seen.names[seen.last]).toMatch(/later/);
  const failing = () => bundle.later(Promise.resolve(1), Promise.reject(new Error("no")));
  expect(await entries(async () => expect(await failing()).toBe("no"))).toBe(3);
});

test("each step of a generator is seen where it runs code of the bundle", async () => {
  expect(await entries(() => expect([...bundle.steps()]).toEqual([1, 1]))).toBe(2);
  const given = async function* () {
    yield 1;
    yield 2;
  };
  const all: number[] = [];
  const read = async () => {
    for await (const one of bundle.pieces(given())) all.push(one);
  };
  expect(await entries(read)).toBeGreaterThanOrEqual(2);
  expect(all).toEqual([2, 3]);
});
