// Writes the embedded model with another context length, for counts: what it writes beyond 512 positions means nothing.
//   node test/bench/long_context.mjs OUT.gguf [POSITIONS]
import { readFileSync, writeFileSync } from "node:fs";

const [out, positions = "32768"] = process.argv.slice(2);
if (!out) {
  console.error("Say where to write it: node test/bench/long_context.mjs OUT.gguf [POSITIONS]");
  process.exit(2);
}
const file = readFileSync(new URL("../../media/model/foretype-mini.gguf", import.meta.url));
const key = "qwen35.context_length";
const type = file.indexOf(key) + key.length; // a GGUF value follows its key: its type, then itself
const UINT32 = 4;
if (file.readUInt32LE(type) !== UINT32) throw new Error(`${key} is no 32-bit number in this file`);
file.writeUInt32LE(Number(positions), type + 4);
writeFileSync(out, file);
