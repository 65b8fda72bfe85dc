// Writes the typing traces beside this file: `node test/bench/traces/make.ts`, with a Node that strips types (22.18 and
// later). The same bytes each time.
import { writeFileSync } from "node:fs";
import { makeTraces } from "./edits.ts";

for (const [name, lines] of makeTraces()) {
  writeFileSync(new URL(`${name}.jsonl`, import.meta.url), lines);
  console.log(`${name}.jsonl: ${lines.length} characters`);
}
