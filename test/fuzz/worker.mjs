// Runs worker.ts, which says what it does.
import { runBundled } from "../bench/run_bundled.mjs";

await runBundled("fuzz_worker", "test/fuzz/worker.ts");
