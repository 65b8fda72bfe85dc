import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "../../../scripts/environment.mjs";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Files that git tracks or would track, from the root and with forward slashes; without git (an unpacked archive), all but
 * those of .gitignore's folders.
 */
export function listFiles(): string[] {
  if (!existsSync(join(root, ".git"))) {
    const all = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = all.map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
    return paths.filter((path) => !/^(.*\/)?(node_modules|out|\.cache)\/|^node\//.test(path));
  }
  // A checkout that another user owns, as in a container, is readable all the same.
  const args = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8", env: childEnvironment() }).split(
    "\0",
  );
  return listed.filter((path) => path && existsSync(join(root, path)));
}
