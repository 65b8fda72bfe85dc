// Runs drafts_of_model.ts, which says what it does.
import { runBundled } from "../bench/run_bundled.mjs";

await runBundled("drafts_of_model", "test/reference/drafts_of_model.ts");
