// Runs quality.ts.
import { runBundled } from "../run_bundled.mjs";

await runBundled("quality", "test/bench/quality/quality.ts");
