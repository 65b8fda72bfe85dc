import { distance } from "fastest-levenshtein";

/** Whether two lines are the same, or differ by a typo's worth: an edit distance of at most 5 %, at least 1 if they are long. */
export function nearlyEqual(line: string, other: string): boolean {
  if (line === other) return true;
  const a = line.trim();
  const b = other.trim();
  const length = Math.max(a.length, b.length);
  // Short lines differ by one character and mean something else: `}` and `]`, `i++` and `j++`.
  if (length < 12 || Math.abs(a.length - b.length) > allowance(length)) return false;
  return distance(a, b) <= allowance(length);
}

const allowance = (length: number): number => Math.max(1, Math.floor(length * 0.05));
