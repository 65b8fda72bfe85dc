// Bundles and runs repeat.ts, which says how.
import { runBundled } from "../run_bundled.mjs";

await runBundled("repeat", "test/bench/repeat/repeat.ts");
