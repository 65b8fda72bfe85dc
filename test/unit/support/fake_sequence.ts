import type { Gpu } from "../../../engine/gpu/index.ts";
import type { ParkedState } from "../../../engine/state/sequence.ts";
import type { Snapshot } from "../../../engine/state/snapshot.ts";

// A GPU and a sequence of plain arrays: a row of the caches is the id of its token, a state is the text that it covers.

export interface FakeBuffer {
  readonly label: string;
  readonly size: number;
  readonly rows: number[];
  freed: boolean;
}

export const rowBytes = 4; // of one cache

export function fakeGpu() {
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

export const stateBytes = 400;

export function fakeSequence(
  buffer: (label: string, bytes: number) => FakeBuffer,
  { context = 512, tape = 20 } = {},
) {
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
      return Math.max(0, state.length - tape);
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
    parkedBytes: 5 * stateBytes,
    park() {
      const kept = [...state];
      const parked = { position: kept.length, bytes: 5 * stateBytes, freed: false, kept, free: () => {} };
      parked.free = () => (parked.freed = true);
      return parked as unknown as ParkedState;
    },
    unpark: (parked: ParkedState) => sequence.restoreSnapshot(parked as unknown as Snapshot),
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
