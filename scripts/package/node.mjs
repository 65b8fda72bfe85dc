// The official, unmodified Node of a platform, out of a registry package whose content is pinned.
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { capture, npm, ROOT, Stop, stopFor } from "../steps.mjs";
import { TARGETS } from "./targets.mjs";

const CACHE = join(ROOT, ".cache", "package", "node");

/**
 * Answers a folder that holds the binary, as `bin/node` or `node.exe`, and its LICENSE, and nothing else.
 * @param {import("./targets.mjs").Target} target
 * @param {import("../steps.mjs").Note} note
 * @returns {Promise<string>}
 */
export async function fetchNode(target, note) {
  const { node, integrity, licenceFrom } = TARGETS[target];
  const folder = join(CACHE, node);
  if (existsSync(folder)) return folder;
  const licence = licenceFrom && join(await fetchNode(licenceFrom, note), "LICENSE");
  note(`fetching ${node}, 30 to 50 MB`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const packed = await npm(["pack", node, "--silent", "--pack-destination", part], {
    cwd: part,
    progress: (_, elapsed) => note(`${elapsed} …`),
  });
  if (packed.status !== 0) throw stopFor("npm pack", packed.text);
  const name = readdirSync(part).find((file) => file.endsWith(".tgz")) ?? "";
  checkIntegrity(node, readFileSync(join(part, name)), integrity);
  // A relative name: some tars take "C:" for a host.
  const { status, text } = await capture("tar", ["-xzf", name], { cwd: part });
  if (status !== 0) throw stopFor("tar", text);

  const kept = join(part, "kept");
  const windows = target.startsWith("win32");
  const from = windows ? "bin/node.exe" : "bin/node";
  const to = windows ? "node.exe" : "bin/node";
  cpSync(join(part, "package", from), join(kept, to));
  chmodSync(join(kept, to), 0o755);
  cpSync(licence ?? join(part, "package", "LICENSE"), join(kept, "LICENSE"));
  renameSync(kept, folder);
  rmSync(part, { recursive: true });
  return folder;
}

/**
 * @param {string} name
 * @param {import("node:crypto").BinaryLike} bytes
 * @param {string} integrity
 * @throws Stop when `bytes` are not those that were pinned.
 */
export function checkIntegrity(name, bytes, integrity) {
  const sum = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (sum === integrity) return;
  throw new Stop(
    `${name} is not what it was when it was chosen (${sum}, expected ${integrity}): do not use it, and ask its registry why.`,
  );
}
