// The embedded model with a chat template, for explain and refactor: it answers nonsense, at length, and that will do.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./window.ts";

const KEY = "tokenizer.chat_template";
// Jinja drops the white space at the end, which fills up the pair.
const TEMPLATE =
  "{% for message in messages %}// {{ message.role }}\n{{ message.content }}\n{% endfor %}// answer\n";

const HEADER = 24; // magic, version, number of tensors, number of pairs (NETWORK.md 1.1)
const STRING = 8; // the type of a value
const ALIGNMENT = 32;

export function writeChatModel(path: string): void {
  const model = readFileSync(join(ROOT, "media/model/foretype-mini.gguf"));
  // As long as a multiple of the alignment, the new pair leaves the tensors where they belong.
  const bare = 8 + KEY.length + 4 + 8 + TEMPLATE.length;
  const template = TEMPLATE.padEnd(TEMPLATE.length + ((ALIGNMENT - (bare % ALIGNMENT)) % ALIGNMENT));
  const pair = Buffer.concat([
    u64(KEY.length),
    Buffer.from(KEY),
    u32(STRING),
    u64(template.length),
    Buffer.from(template),
  ]);
  const header = Buffer.from(model.subarray(0, HEADER));
  header.writeBigUInt64LE(header.readBigUInt64LE(16) + 1n, 16);
  writeFileSync(path, Buffer.concat([header, pair, model.subarray(HEADER)]));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
