import { distance } from "fastest-levenshtein";

/** Whether two lines are the same, or differ by a typo's worth: an edit distance of at most 5 %, at least 1 if they are long. */
export function nearlyEqual(line: string, other: string): boolean {
  if (line === other) return true;
  const a = line.trim();
  const b = other.trim();
  const length = Math.max(a.length, b.length);
  // Short lines differ by one character and mean something else: `}` and `]`, `i++` and `j++`.
  if (length < 12 || Math.abs(a.length - b.length) > allowance(length)) return false;
  return distance(a, b) <= allowance(length) && !countsOn(a, b);
}

/** Whether lines differ in a number or a short name: `row1` and `row2`, `push(a)` and `push(b)` are no typos. */
function countsOn(line: string, other: string): boolean {
  const words = (of: string) => of.match(/\w+/g) ?? [];
  const others = words(other);
  const bare = (word: string) => word.replace(/\d+/g, "");
  return words(line).some((word, index) => {
    const twin = others[index];
    if (twin === undefined || word === twin) return false;
    return Math.max(word.length, twin.length) <= 2 || bare(word) === bare(twin);
  });
}

const allowance = (length: number): number => Math.max(1, Math.floor(length * 0.05));
