import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchStart } from "../../engine/cli/bench/process_start.ts";
import { median } from "../../engine/cli/commands/terminal.ts";
import { LARGE_VOCABULARY, writeModel } from "../reference/write_model.ts";

const [rounds = "7", device = "lavapipe"] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "start-"));
try {
  const path = join(folder, "model.gguf");
  const shape = { ...LARGE_VOCABULARY, vocabulary: 248_320, merges: 247_587 };
  await writeModel(path, shape, () => "Q8_0", 1);
  for (const [stage, times] of Object.entries(await benchStart(path, device, Number(rounds)))) {
    console.log(`${stage.padEnd(32)} ${median(times).toFixed(0).padStart(6)} ms`);
  }
} finally {
  await rm(folder, { recursive: true });
}
