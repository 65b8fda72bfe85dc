// What a round costs the host: to encode and submit it, and to read its record. No weights are read, so the header of a model is
// enough, and a device that never computes (a driver on its null device) gives the host's part alone.
//   node test/bench/host_time.mjs MODEL.gguf [ROUNDS]
import { runBundled } from "./run_bundled.mjs";

await runBundled("host_time", "test/bench/host_time.ts");
