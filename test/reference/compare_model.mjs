// Runs compare_model.ts, which says what it does.
import { runBundled } from "../bench/run_bundled.mjs";

await runBundled("compare_model", "test/reference/compare_model.ts");
