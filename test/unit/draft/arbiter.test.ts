import { describe, expect, test } from "vitest";
import {
  Arbiter,
  type ArbiterOptions,
  Calibration,
  type Costs,
  type Decision,
  type Drafter,
  linearCosts,
  measuredCosts,
} from "../../../engine/draft/index.ts";
import { seededRandom } from "../../reference/random.ts";

/** A GPU that is far from busy with one row. */
const flat: Costs = { verify: (rows) => 1 + rows / 50, link: 0.1, wait: 0.1 };

/** Offers `ids`, always. */
const offering = (ids: readonly number[], confidence = 0.8, source: Drafter["source"] = "copy"): Drafter => ({
  source,
  propose: (most) => ({
    source,
    ids: ids.slice(0, most),
    confidence: ids.slice(0, most).map(() => confidence),
    match: 5,
  }),
  observe: () => {},
});

const arbiter = (options: Partial<ArbiterOptions>) =>
  new Arbiter({
    mode: "auto",
    costs: flat,
    longest: 63,
    mtp: false,
    drafters: [],
    calibration: new Calibration(),
    ...options,
  });

/** Plays rounds in which each draft is accepted with a probability; returns tokens by cost, in units of plain decoding. */
function play(one: Arbiter, costs: Costs, acceptance: number, rounds: number, random: () => number) {
  let tokens = 0;
  let cost = 0;
  const decisions: Decision[] = [];
  for (let i = 0; i < rounds; i++) {
    const decision = one.decide(0, 1000)!;
    decisions.push(decision);
    const drafted = decision.rows - 1;
    let accepted = 0;
    while (accepted < drafted && random() < acceptance) accepted++;
    tokens += 1 + accepted;
    cost += costs.verify(decision.rows) + (decision.chain?.most ?? 0) * costs.link;
    one.observe(decision, {
      tokens: new Array<number>(1 + accepted).fill(1),
      drafted,
      confidence: new Array<number>(drafted).fill(0.7),
      rejected: accepted < drafted,
    });
  }
  return { speed: (tokens / cost) * costs.verify(1), decisions };
}

describe("the arbiter", () => {
  test("drafts nothing when nothing is offered, when it is off, and for the last token", () => {
    expect(arbiter({}).decide(0, 100)).toMatchObject({ source: "none", rows: 1 });
    expect(arbiter({ mode: "off", drafters: [offering([1, 2])] }).decide(0, 100)).toMatchObject({
      source: "none",
    });
    expect(arbiter({ drafters: [offering([1, 2])] }).decide(0, 1)).toMatchObject({ source: "none", rows: 1 });
  });

  test("takes the length that pays: all of it where rows are cheap, some where they are not, none where each costs a pass", () => {
    const drafters = [
      offering(
        Array.from({ length: 40 }, (_, i) => i),
        0.9,
      ),
    ];
    const rowsAt = (perRow: number) =>
      arbiter({ drafters, costs: { verify: (rows) => 1 + perRow * (rows - 1), link: 0, wait: 0 } }).decide(
        0,
        1000,
      )!.rows;
    expect(rowsAt(0.001)).toBe(41);
    expect(rowsAt(0.1)).toBeGreaterThan(3);
    expect(rowsAt(0.1)).toBeLessThan(15);
    expect(rowsAt(1)).toBe(1);
  });

  test("weighs the chain against the other drafts by expected tokens and cost", () => {
    const poor = arbiter({ mtp: true, drafters: [offering([1, 2, 3], 0.2)] }).decide(0, 1000)!;
    expect(poor.source).toBe("mtp");
    const good = arbiter({ mtp: true, drafters: [offering(new Array<number>(30).fill(7), 0.98)] }).decide(
      0,
      1000,
    )!;
    expect(good).toMatchObject({ source: "copy", rows: 31 });
  });

  test("waits for a record only when a draft that pays may follow from it", () => {
    expect(
      arbiter({ mtp: true, drafters: [offering(new Array<number>(30).fill(7), 0.98)] }).decide(1, 1000),
    ).toBeUndefined();
    expect(arbiter({ mtp: true, drafters: [offering([1], 0.1)] }).decide(1, 1000)?.source).toBe("mtp");
    expect(arbiter({ costs: linearCosts, drafters: [offering([1, 2], 0.9)] }).decide(1, 1000)?.source).toBe(
      "none",
    );
  });

  test("appends a draft that is not good enough alone to the chain, as its tail", () => {
    const costs = { ...flat, link: 0.01, wait: 0 };
    const decision = arbiter({ mtp: true, costs, drafters: [offering([1, 2, 3, 4, 5, 6], 0.5)] }).decide(
      0,
      1000,
    )!;
    expect(decision.source).toBe("mtp");
    expect(decision.chain?.tail).toMatchObject({
      ids: [1, 2, 3, 4, 5, 6].slice(0, decision.chain!.tail!.ids.length),
      agree: 2,
    });
    expect(decision.rows).toBeGreaterThanOrEqual(decision.chain!.tail!.ids.length + 1);
  });

  test("forced sources draft at full length", () => {
    expect(arbiter({ mode: "mtp", mtp: true, longest: 5 }).decide(1, 1000)).toMatchObject({
      source: "mtp",
      rows: 6,
      chain: { most: 5 },
    });
    expect(
      arbiter({ mode: "ngram", longest: 3, drafters: [offering([1, 2, 3, 4])] }).decide(0, 1000),
    ).toMatchObject({
      rows: 4,
      given: { ids: [1, 2, 3] },
    });
    expect(arbiter({ mode: "mtp", mtp: true, longest: 5 }).decide(0, 3)).toMatchObject({ rows: 3 });
  });

  for (const [acceptance, least] of [
    [0.95, 2.5],
    [0.7, 1.4],
    [0.3, 0.97],
    [0, 0.93],
  ] as const) {
    test(`over 600 rounds at an acceptance of ${acceptance} it decodes at ${least} times plain decoding's speed or more`, () => {
      const seed = 4400;
      const random = seededRandom(seed);
      const drafters = [offering(Array.from({ length: 20 }, (_, i) => i))];
      const costs = { verify: (rows: number) => 1 + (rows - 1) / 10, link: 0.1, wait: 0 };
      const { speed } = play(arbiter({ drafters, costs }), costs, acceptance, 600, random);
      expect(speed, `seed ${seed}`).toBeGreaterThan(least);
    });
  }

  test("a source that brought less than plain decoding is left alone for a while, and tried again", () => {
    const random = seededRandom(4500);
    const drafters = [
      offering(
        Array.from({ length: 20 }, (_, i) => i),
        0.9,
      ),
    ];
    const costs = { verify: (rows: number) => 1 + (rows - 1) / 10, link: 0, wait: 0 };
    const { decisions } = play(arbiter({ drafters, costs }), costs, 0, 400, random);
    const late = decisions.slice(100).filter(({ source }) => source !== "none").length;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(25);
  });
});

describe("calibration", () => {
  test("begins with what a drafter claims, and ends with what happened", () => {
    const calibration = new Calibration();
    expect(calibration.acceptance("ngram", 0.9, 8)).toBeCloseTo(0.9, 2);
    for (let i = 0; i < 200; i++) calibration.observe("ngram", 0.9, 8, i % 4 === 0);
    expect(calibration.acceptance("ngram", 0.9, 8)).toBeGreaterThan(0.2);
    expect(calibration.acceptance("ngram", 0.9, 8)).toBeLessThan(0.4);
    expect(calibration.acceptance("copy", 0.9, 8), "another source").toBeCloseTo(0.9, 2);
    expect(calibration.acceptance("ngram", 0.9, 40), "another match").toBeCloseTo(0.9, 2);
  });

  test("forgets: a text that begins to repeat itself is soon believed", () => {
    const calibration = new Calibration();
    for (let i = 0; i < 500; i++) calibration.observe("copy", 0.5, 8, false);
    for (let i = 0; i < 100; i++) calibration.observe("copy", 0.5, 8, true);
    expect(calibration.acceptance("copy", 0.5, 8)).toBeGreaterThan(0.8);
  });
});

test("measured costs: a width between two costs what the wider one does", () => {
  const costs = measuredCosts(
    [
      { rows: 1, ms: 2 },
      { rows: 4, ms: 3 },
      { rows: 8, ms: 5 },
    ],
    { link: 0.5, wait: 0.1 },
  );
  expect([1, 2, 4, 5, 16].map((rows) => costs.verify(rows))).toEqual([2, 3, 3, 5, 10]);
});
