import { onTestFailed, TestRunner } from "vitest";

/**
 * The seed of a random test: `FORETYPE_SEED` where the environment has one, else `fixed`, else a new one for each run. A
 * test that fails prints its seed, so that FORETYPE_SEED can run the same again.
 * @returns a whole number from 0 to 2³² − 1
 */
export function testSeed(fixed?: number): number {
  const seed = seedFrom(process.env.FORETYPE_SEED) ?? fixed ?? Math.floor(Math.random() * 2 ** 31);
  // While a file is loaded no test runs yet; what it then defines names the seed in its own messages.
  if (TestRunner.getCurrentTest()) {
    onTestFailed(() => console.error(`Seed ${seed}: FORETYPE_SEED=${seed} runs this test again as it was.`));
  }
  return seed;
}

/** @throws Error for a text that is no seed: a test that ignored it would run something else than was asked for */
export function seedFrom(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed;
  throw new Error(`FORETYPE_SEED is "${text}": give a whole number from 0 to 4294967295.`);
}
