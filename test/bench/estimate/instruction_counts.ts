/**
 * What AMD's compiler makes of the inner loop of a product of rows (shaders/matmul/matmul.wgsl): counts for one lane, 32 columns
 * and four rows of W, times the kernel's rows of x.
 */
export interface InnerLoop {
  /** Vector instructions, multiply-adds among them. */
  readonly valu: number;
  readonly fma: number;
  /** Loads of 16 bytes, and all loads from buffers. */
  readonly loads16: number;
  readonly loads: number;
  /** Divisions of integers, which take dozens of instructions: they show by the reciprocal that they begin with. */
  readonly divisions: number;
}

const patterns: Readonly<Record<keyof InnerLoop, RegExp>> = {
  valu: /^v_/,
  fma: /^v_(dual_)?(fma|fmac|fma_mix|mad|mac|pk_fma)/,
  loads16: /^(buffer|global)_load_(b128|dwordx4)\b/,
  loads: /^(buffer|global)_load_/,
  divisions: /^v_rcp_iflag/,
};

const keys = Object.keys(patterns) as (keyof InnerLoop)[];

interface Loop {
  readonly from: number;
  readonly to: number;
  readonly counts: InnerLoop;
}

/**
 * The counts of a product's loop over groups, from its code in the text form of RADV (`RADV_ISA` of the stand-in for a GPU).
 * A loop inside it, which the compiler left a loop, counts as often as its multiply-adds are missing.
 * @param rows of x that the kernel multiplies at once: it has 128 · rows multiply-adds for 32 columns and four rows of W, at least
 * @throws Error where the code has no loop with so many
 */
export function innerLoopOf(isa: string, rows: number): InnerLoop {
  const wanted = 128 * rows;
  const loops = loopsOf(isa.split("\n")).sort((a, b) => b.to - b.from - (a.to - a.from)); // outer ones first
  const outer = loops.reduce((best, loop) => (loop.counts.fma > best.counts.fma ? loop : best), noLoop);
  const inner = loops.find(({ from, to }) => from > outer.from && to < outer.to);
  if (!inner) {
    if (outer.counts.fma < wanted) throw new Error(`${outer.counts.fma} multiply-adds of ${wanted}`);
    return outer.counts;
  }
  const once = outer.counts.fma - inner.counts.fma;
  const trips = Math.round((wanted - once) / inner.counts.fma);
  if (![1, 2, 4, 8].includes(trips))
    throw new Error(`a loop of ${inner.counts.fma} in one of ${once} for ${wanted}`);
  return total((key) => outer.counts[key] + (trips - 1) * inner.counts[key]);
}

const total = (count: (key: keyof InnerLoop) => number): InnerLoop =>
  Object.fromEntries(keys.map((key) => [key, count(key)])) as unknown as InnerLoop;

const noLoop: Loop = { from: 0, to: 0, counts: total(() => 0) };

/** From a label to the last branch back to it. */
function loopsOf(lines: readonly string[]): Loop[] {
  const labels = new Map<string, number>();
  const ends = new Map<number, number>();
  for (const [i, line] of lines.entries()) {
    const label = /^(BB\d+):/.exec(line)?.[1];
    if (label) labels.set(label, i);
    const target = labels.get(/s_c?branch\w*\s+(BB\d+)/.exec(line)?.[1] ?? "");
    if (target !== undefined) ends.set(target, i);
  }
  return [...ends].map(([from, to]) => {
    const code = lines.slice(from + 1, to + 1).map((line) => line.trim());
    return { from, to, counts: total((key) => code.filter((line) => patterns[key].test(line)).length) };
  });
}
