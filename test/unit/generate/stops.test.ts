import { expect, test } from "vitest";
import { createStops } from "../../../engine/generate/stops.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/** What is let through of a text that comes in these pieces. */
function through(stops: readonly string[], pieces: readonly string[]): { text: string; stopped: boolean } {
  const one = createStops(stops);
  let text = "";
  for (const piece of pieces) {
    const found = one.push(piece);
    text += found.text;
    if (found.stopped) return { text, stopped: true };
  }
  return { text: text + one.flush(), stopped: false };
}

test("text is let through up to the stop that begins first, in whatever pieces it comes (random)", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const letters = (count: number) => Array.from({ length: count }, () => "ab\n"[below(3)]).join("");
  for (let run = 0; run < 500; run++) {
    const stops = Array.from({ length: below(3) }, () => letters(1 + below(4)));
    const text = letters(below(30));
    const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const length = 1 + below(4);
      pieces.push(text.slice(at, at + length));
      at += length;
    }
    const got = through(stops, pieces);
    // Of two stops that overlap, the one that is whole first ends the text: what the other began is still before it or gone.
    const first = found.length > 0 ? Math.min(...found) : text.length;
    expect(got.stopped, `seed ${seed}, run ${run}`).toBe(found.length > 0);
    if (stops.length < 2) expect(got.text, `seed ${seed}, run ${run}`).toBe(text.slice(0, first));
    for (const stop of stops) expect(got.text.includes(stop), `seed ${seed}, run ${run}`).toBe(false);
    expect(text.startsWith(got.text), `seed ${seed}, run ${run}`).toBe(true);
  }
});

test("only what may begin a stop is held back", () => {
  const one = createStops(["<|end|>"]);
  expect(one.push("const a")).toEqual({ text: "const a", stopped: false });
  expect(one.push(" < b")).toEqual({ text: " < b", stopped: false });
  expect(one.push(" <|e")).toEqual({ text: " ", stopped: false });
  expect(one.push("lse")).toEqual({ text: "<|else", stopped: false });
  expect(one.push("<|en")).toEqual({ text: "", stopped: false });
  expect(one.flush()).toBe("<|en");
});
