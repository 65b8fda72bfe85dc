import { expect, test } from "vitest";
import { PromptState } from "../../../engine/state/prompt_state.ts";
import type { Sequence } from "../../../engine/state/sequence.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { fakeGpu, fakeSequence, rowBytes, stateBytes } from "../support/fake_sequence.ts";

/** Runs the rest of a text: the prompt in pieces that end on the grid, then rows. */
async function runTo(
  prompts: PromptState,
  run: (ids: readonly number[]) => void,
  { ids, base }: { readonly ids: readonly number[]; readonly base: number },
  position: number,
  random: () => number,
): Promise<void> {
  for (let at = position; at < ids.length; ) {
    const rows = 1 + Math.floor(40 * random());
    const end = at < base ? Math.min(base, (Math.floor(at / 64) + 1) * 64) : Math.min(ids.length, at + rows);
    const piece = ids.slice(at, end);
    run(piece);
    prompts.ran(piece);
    if (at < base || random() < 0.5) await prompts.keep();
    at = end;
  }
}

/** Rows over what is there, as measurements run them. */
function spoil({ reset, run }: ReturnType<typeof fakeSequence>["sequence"], random: () => number): void {
  reset();
  run(Array.from({ length: 1 + Math.floor(64 * random()) }, () => 9));
}

test("whatever the budget, the text that is entered has its own state, keys and values (random)", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  for (let run = 0; run < 60; run++) {
    const { gpu, buffer } = fakeGpu();
    const { sequence, state, rows } = fakeSequence(buffer);
    const budget = below(8) * stateBytes + below(4) * 64 * 2 * rowBytes;
    const prompts = new PromptState(gpu, sequence as unknown as Sequence, budget);
    const texts = Array.from({ length: 3 }, () => Array.from({ length: 400 }, () => below(3)));
    for (let step = 0; step < 25; step++) {
      const where = `seed ${seed}, run ${run}, step ${step}`;
      const text = [...texts[below(3)]!];
      if (random() < 0.5) text.splice(below(300), 400, ...texts[0]!);
      const ids = text.slice(0, 130 + below(220));
      const base = [64, 100, 128][below(3)]!;
      const position = await prompts.enter({ ids, base });
      expect(position, where).toBe(state().length);
      await runTo(prompts, sequence.run, { ids, base }, position, random);
      expect(state(), where).toEqual(ids);
      for (const cache of rows()) expect(cache, where).toEqual(ids);
      expect(prompts.bytes, where).toBeLessThanOrEqual(Math.max(budget, 2 * stateBytes));
    }
  }
});

test("guests, and passes over no text, between a host's prompts change nothing of what the host computes (random)", async () => {
  const seed = testSeed();
  for (let run = 0; run < 24; run++) {
    const budget = (run % 8) * 8 * stateBytes;
    /** Where each of the host's prompts continued from, with guests between them or without. */
    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a random walk of two owners that share one sequence
    const positionsOf = async (guests: boolean) => {
      const random = seededRandom(seed + run);
      const guestRandom = seededRandom(seed - run);
      const below = (n: number) => Math.floor(random() * n);
      const { gpu, buffer, alive } = fakeGpu();
      const { sequence, state, rows } = fakeSequence(buffer);
      const prompts = new PromptState(gpu, sequence as unknown as Sequence, budget);
      const texts = Array.from({ length: 3 }, () => Array.from({ length: 400 }, () => below(3)));
      const positions: number[] = [];
      let continued = 0; // guests that did not begin anew
      for (let step = 0; step < 25; step++) {
        const where = `seed ${seed}, run ${run}, step ${step}, ${guests ? "with guests" : "without"}`;
        const text = [...texts[below(3)]!];
        if (random() < 0.3) text.splice(below(300), 400, ...texts[0]!);
        const target = { ids: text.slice(0, 130 + below(220)), base: [64, 100, 128][below(3)]! };
        const position = await prompts.enter(target);
        positions.push(position);
        await runTo(prompts, sequence.run, target, position, random);
        expect(state(), where).toEqual(target.ids);
        for (const cache of rows()) expect(cache, where).toEqual(target.ids);
        if (random() < 0.1) prompts.lose(); // aborted within a piece
        for (let more = 0; guests && more < guestRandom() * 3; more++) {
          // Some of the host's own prompts among them: its states are not theirs.
          const own = texts[Math.floor(guestRandom() * 3)]!.map((id) => (guestRandom() < 0.01 ? 9 : id));
          const base = [64, 100, 128][Math.floor(guestRandom() * 3)]!;
          const guest = { ids: own.slice(0, 130 + Math.floor(guestRandom() * 100)), base, guest: true };
          const from = await prompts.enter(guest);
          if (from > 0) continued++;
          await runTo(prompts, sequence.run, guest, from, guestRandom);
          expect(state(), where).toEqual(guest.ids);
          for (const cache of rows()) expect(cache, where).toEqual(guest.ids);
          if (guestRandom() < 0.1) prompts.lose();
          if (guestRandom() < 0.5) await prompts.without(async () => spoil(sequence, guestRandom));
        }
        if (guests && guestRandom() < 0.5) await prompts.without(async () => spoil(sequence, guestRandom));
        // The host's own, a quarter of it for guests, and the parked host while one of them is live.
        const parked = 5 * stateBytes + 400 * 2 * rowBytes;
        expect(prompts.bytes, where).toBeLessThanOrEqual(1.25 * budget + 2 * parked);
      }
      prompts.clear();
      expect(alive.size, "buffers beside the two caches").toBe(2);
      return { positions, continued };
    };
    const alone = await positionsOf(false);
    const between = await positionsOf(true);
    expect(between.positions, `seed ${seed}, run ${run}`).toEqual(alone.positions);
    if (run % 8 > 4) expect(between.continued, `seed ${seed}, run ${run}`).toBeGreaterThan(0);
  }
});

test("where there is no room to put the text aside, passes over no text have it forgotten", async () => {
  const { gpu, buffer } = fakeGpu();
  const { sequence, state } = fakeSequence(buffer);
  const prompts = new PromptState(gpu, sequence as unknown as Sequence, 60 * stateBytes);
  const host = { ids: Array.from({ length: 200 }, (_, i) => i), base: 128 };
  await runTo(prompts, sequence.run, host, await prompts.enter(host), () => 0.5);
  Object.assign(gpu, { freeBytes: 0 });
  await prompts.without(async () => sequence.run([9]));
  expect(await prompts.enter(host)).toBe(0);
  expect(state()).toEqual([]);
});

test("a guest that finds no room beside the host's text is refused, and the host goes on", async () => {
  const { gpu, buffer } = fakeGpu();
  const { sequence, state } = fakeSequence(buffer);
  const prompts = new PromptState(gpu, sequence as unknown as Sequence, 60 * stateBytes);
  const host = { ids: Array.from({ length: 200 }, (_, i) => i), base: 128 };
  await runTo(prompts, sequence.run, host, await prompts.enter(host), () => 0.5);
  Object.assign(gpu, { freeBytes: 5 * stateBytes + 200 * 2 * rowBytes - 1 });
  const guest = prompts.enter({ ids: [7, 7, 7], base: 1, guest: true });
  await expect(guest).rejects.toThrow(/An edit needs 1 MiB .*: choose a smaller model/);
  expect(await prompts.enter({ ...host, ids: [...host.ids, 200] })).toBe(200);
  expect(state()).toEqual(host.ids);
});
