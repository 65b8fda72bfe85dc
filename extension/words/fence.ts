/** A fence longer than any in the code, so that code with fences in it stays whole. */
export function fenceFor(code: string): string {
  const longest = Math.max(2, ...(code.match(/`{3,}/g) ?? []).map((run) => run.length));
  return "`".repeat(longest + 1);
}
