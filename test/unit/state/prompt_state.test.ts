import { expect, test } from "vitest";
import type { Gpu } from "../../../engine/gpu/index.ts";
import { PromptState } from "../../../engine/state/prompt_state.ts";
import type { Sequence } from "../../../engine/state/sequence.ts";
import type { Snapshot } from "../../../engine/state/snapshot.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

// On a GPU and a sequence of plain arrays: a row of the caches is the id of its token, a state is the text that it covers.

interface FakeBuffer {
  readonly label: string;
  readonly size: number;
  readonly rows: number[];
  freed: boolean;
}

const context = 512;
const rowBytes = 4; // of one cache

function fakeGpu() {
  const alive = new Set<FakeBuffer>();
  const buffer = (label: string, bytes: number): FakeBuffer => {
    const made = { label, size: bytes, rows: new Array<number>(bytes / rowBytes).fill(-1), freed: false };
    alive.add(made);
    return made;
  };
  const gpu = {
    freeBytes: Number.POSITIVE_INFINITY,
    buffer,
    free(freed: FakeBuffer): void {
      freed.freed = true;
      alive.delete(freed);
    },
    device: {
      createCommandEncoder() {
        const copies: (() => void)[] = [];
        return {
          copyBufferToBuffer(
            source: FakeBuffer,
            from: number,
            target: FakeBuffer,
            to: number,
            bytes: number,
          ) {
            copies.push(() => {
              if (source.freed || target.freed)
                throw new Error(`a copy from ${source.label} to ${target.label}, one of which is freed`);
              for (let row = 0; row < bytes / rowBytes; row++)
                target.rows[to / rowBytes + row] = source.rows[from / rowBytes + row]!;
            });
          },
          finish: () => copies,
        };
      },
    },
    submit(copies: readonly (() => void)[]): void {
      for (const copy of copies) copy();
    },
  };
  return { gpu: gpu as unknown as Gpu, buffer, alive };
}

const stateBytes = 400;

function fakeSequence(buffer: (label: string, bytes: number) => FakeBuffer) {
  const keys = buffer("keys", context * rowBytes);
  const values = buffer("values", context * rowBytes);
  let state: number[] = [];
  const sequence = {
    memory: { context, kv: [{ keys, values }] },
    snapshotBytes: stateBytes,
    get position() {
      return state.length;
    },
    /** The tape's first position. */
    get reach() {
      return Math.max(0, state.length - 20);
    },
    restore(position: number) {
      if (position > state.length || position < sequence.reach) return Promise.resolve(false);
      state = state.slice(0, position);
      return Promise.resolve(true);
    },
    snapshot() {
      const kept = [...state];
      const snapshot = { position: kept.length, bytes: stateBytes, freed: false, kept, free: () => {} };
      snapshot.free = () => (snapshot.freed = true);
      return Promise.resolve(snapshot as unknown as Snapshot);
    },
    restoreSnapshot(snapshot: Snapshot) {
      const { freed, kept } = snapshot as unknown as { freed: boolean; kept: number[] };
      if (freed) throw new Error("a freed snapshot is restored");
      state = [...kept];
    },
    reset: () => (state = []),
    run(ids: readonly number[]) {
      for (const id of ids) {
        keys.rows[state.length] = id;
        values.rows[state.length] = id;
        state.push(id);
      }
    },
  };
  const rows = () => [keys, values].map((cache) => cache.rows.slice(0, state.length));
  return { sequence, state: () => state, rows };
}

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
