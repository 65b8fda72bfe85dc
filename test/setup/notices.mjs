// The notices of third parties in a package: the npm packages that are in its bundles, Dawn, Node and the grammars.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, Stop } from "./steps.mjs";

const RULE = `\n${"=".repeat(78)}\n\n`;

/** @throws Stop when something in a bundle has no licence text. */
export async function thirdPartyNotices(target, nodeFolder) {
  const { getProjectLicenses } = await import("generate-license-file");
  const licenses = await getProjectLicenses(join(ROOT, "package.json"));
  const covered = new Set(
    licenses.flatMap(({ dependencies }) => dependencies.map((name) => name.replace(/@[^@]+$/, ""))),
  );
  const bundled = JSON.parse(readFileSync(join(ROOT, "out", "packages.json"), "utf8"));
  const missing = bundled.filter((name) => !covered.has(name));
  if (missing.length > 0)
    throw new Stop(`No licence was found for ${missing.join(", ")}: add it, or do without.`);

  const parts = licenses.map(
    ({ dependencies, content, notices = [] }) =>
      `${dependencies.filter((name) => !name.startsWith("foretype@")).join("\n")}\n\n${[content, ...notices].join("\n\n").trim()}`,
  );
  const read = (title, path) => {
    if (existsSync(path)) parts.push(`${title}\n\n${readFileSync(path, "utf8").trim()}`);
  };
  read("Node.js", join(nodeFolder, "LICENSE"));
  if (!existsSync(join(nodeFolder, "LICENSE"))) {
    parts.push(
      "Node.js\n\nThe executable is the official one; its licences are printed by `node --license` and stand in the Node.js repository.",
    );
  }
  read(
    "Tree-sitter and its grammars",
    join(ROOT, "node_modules", "@vscode", "tree-sitter-wasm", "cgmanifest.json"),
  );
  const dawn = join(ROOT, "node_modules", "webgpu", "dist", target);
  for (const file of existsSync(dawn) ? readdirSync(dawn) : []) {
    if (/licen[cs]e|notices/i.test(file)) read(file, join(dawn, file));
  }
  read("The embedded model", join(ROOT, "media", "model", "CARD.md"));
  return `Foretype is under the MIT licence. It contains the following, under their own licences.\n${RULE}${parts.join(RULE)}\n`;
}
