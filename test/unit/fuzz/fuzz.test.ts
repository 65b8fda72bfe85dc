import { expect, test } from "vitest";
import { fuzz } from "../../fuzz/fuzz.ts";
import { kinds } from "../../fuzz/kinds/index.ts";
import { testSeed } from "../../reference/seed.ts";

// The same inputs each time. `npm run torture` looks further: test/fuzz/long.mjs, guided by what code the inputs reach.
const tries: Readonly<Record<string, number>> = { "model files": 300, listings: 60, "download records": 100 };

for (const [name, make] of Object.entries(kinds))
  test(`${name}, changed: each is read rightly, or refused with a sentence`, async () => {
    const seed = testSeed(1818);
    const lost: string[] = [];
    const tally = await fuzz(await make(true), {
      seed,
      to: tries[name] ?? 150,
      onLost: (number, { changes, base }, error) => {
        const told = error instanceof Error ? error.stack : error;
        lost.push(`${number}, of ${base}: ${changes.join("; ")}: ${told}`.slice(0, 1000));
      },
    });
    console.log(`${name}, seed ${seed}: ${tally.read} read, ${tally.refused} refused, ${tally.lost} lost`);
    expect(lost).toEqual([]);
    expect(Math.min(tally.read, tally.refused)).toBeGreaterThan(0); // the changes are of both sorts
  });
