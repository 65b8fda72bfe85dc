// Writes what the second builder of edit prompts answers to 1,000 random histories, as digests:
//   node test/reference/make_edit_digests.ts
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment } from "../../scripts/environment.mjs";
import { editHistoryCase } from "./random_edits.ts";

const HISTORIES = 1000;
const cases = Array.from({ length: HISTORIES }, (_, seed) => JSON.stringify(editHistoryCase(seed)));
const { stdout, stderr } = spawnSync("python3", [join(import.meta.dirname, "edit_prompts.py")], {
  input: `${cases.join("\n")}\n`,
  env: childEnvironment(),
  encoding: "utf8",
  maxBuffer: 1 << 30,
});
if (stderr !== "") throw new Error(stderr);
const digests = stdout
  .trim()
  .split("\n")
  .map((line) =>
    createHash("sha256")
      .update(JSON.stringify(JSON.parse(line)))
      .digest("hex")
      .slice(0, 8),
  );
writeFileSync(join(import.meta.dirname, "../fixtures/edit_prompt_digests.txt"), `${digests.join("\n")}\n`);
