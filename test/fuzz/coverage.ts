import { type Profiler, Session } from "node:inspector";

/**
 * Counts places in the code that are reached for the first time, by V8's own coverage of blocks. A place counts again when
 * it is run twice as often as ever before, as loops are that go round more often.
 * @param isOurs whether a script's address is that of code whose coverage guides
 * @returns a function that counts what is new since it was called last
 */
export function watchCoverage(isOurs: (url: string) => boolean): () => number {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const seen = new Set<string>();
  return () => {
    let scripts: Profiler.ScriptCoverage[] = [];
    // A session in the same thread answers before `post` returns.
    session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error) throw error;
      scripts = result;
    });
    let found = 0;
    for (const place of scripts.filter(({ url }) => isOurs(url)).flatMap(placesOf)) {
      if (seen.has(place)) continue;
      seen.add(place);
      found++;
    }
    return found;
  };
}

/** The blocks of a script that were run, each with the power of two of how often. */
const placesOf = ({ scriptId, functions }: Profiler.ScriptCoverage): string[] =>
  functions
    .flatMap(({ ranges }) => ranges)
    .filter(({ count }) => count > 0)
    .map(({ startOffset, endOffset, count }) =>
      [scriptId, startOffset, endOffset, Math.floor(Math.log2(count))].join(" "),
    );
