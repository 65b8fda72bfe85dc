/** Work in pieces of a fraction of a millisecond: after each one the thread may serve others, and the work may be left. */
export type Pieces<T> = Generator<void, T, void>;

/** Where the time comes from, and how the thread serves others. */
export interface Pace {
  /** Milliseconds. */
  now(): number;
  pause(): Promise<void>;
}

const systemPace: Pace = {
  now: () => performance.now(),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
};

/** For an editor's own thread: after a timer all else that waited has had its turn, keys first of all. */
export const editorPace: Pace = {
  now: systemPace.now,
  pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
};

const SLICE_MS = 2; // of the 5 ms that the thread may be held (I7): a parse of 3 may begin at its end

/**
 * Does work in slices of 2 ms; its result does not depend on where they end.
 * @returns undefined where it was aborted: then the work is left, and frees what it holds
 */
export async function inSlices<T>(
  work: Pieces<T>,
  signal?: AbortSignal,
  pace: Pace = systemPace,
): Promise<T | undefined> {
  let endMs = pace.now() + SLICE_MS;
  while (!signal?.aborted) {
    const piece = work.next();
    if (piece.done) return piece.value;
    if (pace.now() < endMs) continue;
    await pace.pause();
    endMs = pace.now() + SLICE_MS;
  }
  work.return(undefined as never); // the value goes nowhere
  return undefined;
}

/** Does all of it at once. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}
