// An estimate of the share of its memory's bandwidth that a product of rows reaches on GPUs that have not run it.
//   node test/bench/estimate.mjs             by the counts in estimate/counts.json
//   node test/bench/estimate.mjs FOLDER      by code of AMD's compiler (NNNN.isa of RADV, names.txt: number, tab, kernel), which
//                                            it counts and keeps
import { runBundled } from "./run_bundled.mjs";

await runBundled("estimate", "test/bench/estimate/estimate.ts");
