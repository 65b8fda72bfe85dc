// The stages from the start of the engine's process to the first text, with a vocabulary of Qwen3.5's size.
//   npm run build && node test/bench/start.mjs [ROUNDS] [DEVICE]
import { runBundled } from "./run_bundled.mjs";

await runBundled("start", "test/bench/start.ts");
