import { expect, test } from "vitest";
import { createCursorDrafter, editing } from "../../../engine/draft/cursor.ts";
import { seededRandom } from "../../reference/random.ts";

/** Letters as ids: a text is easier to read than numbers. */
const ids = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const letters = (them: readonly number[]): string => String.fromCharCode(...them);

/** What is proposed after `observed`, up to six letters; "" for nothing. */
function after(text: string, observed: string): string {
  const drafter = createCursorDrafter("copy", ids(text));
  drafter.observe(ids(observed));
  return letters(drafter.propose(6)?.ids ?? []);
}

const cases: readonly (readonly [what: string, text: string, observed: string, proposed: string])[] = [
  ["before anything was observed, the beginning", "abcdefgh", "", "abcdef"],
  ["while all agrees, what follows", "abcdefgh", "abc", "defgh"],
  ["right after a mismatch, nothing", "abcdefgh", "abX", ""],
  ["after an insertion, the text at that place", "abcdefgh", "abcXYZde", "fgh"],
  ["after a deletion, the text past it", "abcdefgh", "abef", "gh"],
  ["after a replacement, the text past it", "abcdefgh", "abXef", "gh"],
  ["after a longer replacement, the same", "abcdefghij", "abXYZWef", "ghij"],
  ["after text moved from further down, the text there", "abcdefghij", "ghiabc", "defghi"],
  ["where two tokens occur twice, equally near, the place ahead", "pqA--pqB", "pqA-pq", "B"],
  ["where lines repeat, the next one and not the first", "f(a);f(b);f(c);", "f(a);Xf(b);", "f(c);"],
  ["after an insertion among equal lines, the nearest", "x=1;x=1;x=1;y", "x=1;z=2;x=1;", "x=1;y"],
  ["three tokens before two, though further away", "abZ-----cabW", "Qcab", "W"],
  ["at the end, nothing", "abc", "abc", ""],
  ["past the end, nothing", "abc", "abcXY", ""],
  ["past the end and back in the text, what follows", "abcdef", "abcdefXbc", "def"],
  ["from an empty text, nothing", "", "abc", ""],
];
for (const [what, text, observed, proposed] of cases) {
  test(`${what}: ${text} after ${observed || "nothing"}`, () => expect(after(text, observed)).toBe(proposed));
}

test("a place that was found by chance does not lead the search away", () => {
  // "xy" also occurs far ahead; the text after it is near the cursor's last correct place.
  const text = "abcdef".concat("123", "-".repeat(20), "xy", "-".repeat(20), "123Z");
  expect(after(text, "abcdefxy12")).toBe("3-----");
});

test("confidence starts high, is lower where a place was just found, and rises with each token that agrees", () => {
  const drafter = createCursorDrafter("copy", ids("abcdefghijklmnopqrstuvwxyz"));
  const claim = () => drafter.propose(1)!.confidence[0]!;
  const fresh = claim();
  drafter.observe(ids("abc"));
  const agreed = claim();
  drafter.observe(ids("Xef"));
  const found = claim();
  drafter.observe(ids("ghijklmnopqrst"));
  expect(fresh).toBeCloseTo(0.8);
  expect(agreed).toBeGreaterThan(fresh);
  expect(found).toBeLessThan(fresh);
  expect(claim()).toBeGreaterThan(0.96);
  expect(claim()).toBeLessThanOrEqual(0.97);
});

test("of an edit, it is some 0.99 after eight tokens that agree, and no more than 0.995", () => {
  const drafter = createCursorDrafter("edit", ids("abcdefghijklmnopqrstuvwxyz"), editing);
  const claim = () => drafter.propose(1)!.confidence[0]!;
  expect(claim()).toBeCloseTo(0.8);
  drafter.observe(ids("abcdefgh"));
  expect(claim()).toBeCloseTo(0.99, 2);
  drafter.observe(ids("ijklmnopqrstuvwxy"));
  expect(claim()).toBeLessThanOrEqual(0.995);
});

test("a match is the run of tokens that agree, those that found the place again included", () => {
  const drafter = createCursorDrafter("ghost", ids("abcdefgh"));
  expect(drafter.propose(2)).toMatchObject({ source: "ghost", match: 0 });
  drafter.observe(ids("ab"));
  expect(drafter.propose(2)?.match).toBe(2);
  drafter.observe(ids("Xde"));
  expect(drafter.propose(2)?.match).toBe(2);
  drafter.observe(ids("f"));
  expect(drafter.propose(2)?.match).toBe(3);
});

test("no more is proposed than was asked for, with a confidence each", () => {
  const drafter = createCursorDrafter("copy", ids("abcdef"));
  expect(drafter.propose(0)).toBeUndefined();
  expect(letters(drafter.propose(2)!.ids)).toBe("ab");
  expect(drafter.propose(9)!.confidence).toHaveLength(6);
});

test("edits at random: most of what is kept is proposed", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const text = Array.from({ length: 600 }, () => Math.floor(random() * 60));
    let kept = 0;
    const truth = text.flatMap((id) => {
      if (random() < 0.04) return [[], [100], [id, 100, 101]][Math.floor(random() * 3)]!;
      kept++;
      return [id];
    });
    const drafter = createCursorDrafter("copy", text);
    let right = 0;
    for (const id of truth) {
      if (drafter.propose(1)?.ids[0] === id) right++;
      drafter.observe([id]);
    }
    // Each of some 24 changes costs the two tokens that find the place again, and at times the one that shows it.
    expect(right / kept, `seed ${seed}`).toBeGreaterThan(0.84);
  }
});
