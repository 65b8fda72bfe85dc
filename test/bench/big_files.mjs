// Runs big_files.ts with a stand-in for the editor's API.
import { join } from "node:path";
import { ROOT } from "../../scripts/steps.mjs";
import { runBundled } from "./run_bundled.mjs";

await runBundled("big_files", "test/bench/big_files.ts", {
  vscode: join(ROOT, "test", "unit", "support", "editor.ts"),
});
