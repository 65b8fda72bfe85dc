import { type Random, seededRandom } from "../reference/random.ts";
import type { Input, Kind } from "./kind.ts";

/** What became of the inputs of one kind. */
export interface Tally {
  tries: number;
  read: number;
  refused: number;
  lost: number;
}

const noTally = (): Tally => ({ tries: 0, read: 0, refused: 0, lost: 0 });

/** Most inputs that are kept because they reached code that none before them had. */
const MOST_KEPT = 2000;
const MOST_CHANGES = 4; // of one input: what is broken in more places is refused for the first

export interface FuzzOptions {
  readonly seed: number;
  /** Tries from `from` to `to`, the latter not among them; each depends on the seed, its number and what is kept. */
  readonly from?: number;
  readonly to: number;
  /** Places in the code that were reached for the first time since it was asked last; without it nothing is kept. */
  readonly newPlaces?: () => number;
  /** Before each try. */
  readonly onTry?: (number: number, input: Input) => void;
  readonly onLost: (number: number, input: Input, error: unknown) => void;
  /** After each try; throws where the process is no longer as it should be. */
  readonly afterwards?: () => void;
}

/** Changes inputs of a kind, and checks what is made of each. @returns what became of them */
export async function fuzz(kind: Kind, options: FuzzOptions): Promise<Tally> {
  const { seed, from = 0, to, newPlaces, onTry, onLost, afterwards } = options;
  const tally = noTally();
  const kept: Input[] = [];
  for (let number = from; number < to; number++) {
    const random = seededRandom(seed + 7919 * number);
    random(); // neighbouring seeds give neighbouring first numbers
    const input = made(kind, kept, random);
    onTry?.(number, input);
    tally.tries++;
    try {
      tally[await kind.check(input)]++;
      afterwards?.();
    } catch (error) {
      tally.lost++;
      onLost(number, input, error);
    }
    if (newPlaces && newPlaces() > 0 && input.changes.length < MOST_CHANGES) {
      if (kept.length < MOST_KEPT) kept.push(input);
      else kept[Math.floor(random() * MOST_KEPT)] = input;
    }
  }
  return tally;
}

/** A sound input with one or two changes, or one that was kept with one more. */
function made(kind: Kind, kept: readonly Input[], random: Random): Input {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  if (kept.length > 0 && random() < 0.5) return kind.mutate(pick(kept), random);
  const first = kind.mutate(pick(kind.sound), random);
  return random() < 0.15 ? kind.mutate(first, random) : first;
}
