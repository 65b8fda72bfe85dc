import { expect, test } from "vitest";
import { testSeed } from "../../reference/seed.ts";
import { badChannelSeries } from "../../torture/bad_channel.ts";

test("over a bad channel, with crashes, no text is lost, mixed or delivered twice, and nothing is left behind", async () => {
  const seed = testSeed();
  const sum = { messages: 0, malformed: 0, crashes: 0, whole: 0, sentences: 0, left: 0 };
  for (let series = 0; series < 150; series++) {
    const tally = await badChannelSeries(seed + series);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += tally[key];
  }
  // The series had something to bear, and most of what was asked came.
  expect(sum.crashes).toBeGreaterThan(50);
  expect(sum.malformed).toBeGreaterThan(500);
  expect(sum.whole).toBeGreaterThan(4 * sum.sentences);
  expect(sum.left).toBeGreaterThan(20);
});
