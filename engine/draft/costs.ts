/** Cost of a round's parts on a device, in milliseconds or any other unit: only ratios matter. */
export interface Costs {
  /** A pass over `rows` rows with its sampling. */
  verify(rows: number): number;
  /** One link of the MTP chain. */
  readonly link: number;
  /** What a round loses when the next one is not submitted before its record is read. */
  readonly wait: number;
}

/** A CPU in a GPU's clothes: its arithmetic is never idle, so each row costs as much as the first. */
export const linearCosts: Costs = { verify: (rows) => rows, link: 0.25, wait: 0 };

/**
 * Costs from passes that were timed: between two widths a pass costs what the wider one does, since kernels are made for
 * some widths only; past the last, in proportion.
 * @param passes times by rows, ascending
 */
export function measuredCosts(
  passes: readonly { rows: number; ms: number }[],
  { link, wait }: { link: number; wait: number },
): Costs {
  const last = passes.at(-1)!;
  return {
    verify: (rows) => passes.find((it) => it.rows >= rows)?.ms ?? (last.ms * rows) / last.rows,
    link,
    wait,
  };
}
