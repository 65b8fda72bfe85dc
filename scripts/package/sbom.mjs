// The software bill of materials in a package (CycloneDX, JSON): what npm knows of the packages in its bundles, and what no
// npm package of this project tells of: Node, Dawn's binary, the grammars, the embedded model.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, ROOT, Stop, stopFor } from "../steps.mjs";

/**
 * @typedef {object} Content
 * @property {readonly string[]} packages In the bundles, as the build says.
 * @property {string} stage The folder of what is packed.
 * @property {readonly string[]} binaries Paths there: Dawn, grammars, the model.
 * @property {{ readonly name: string, readonly integrity: string }} node The registry package that carries Node, with its version.
 */

/** @typedef {{ "bom-ref": string, name: string, version?: string } & Record<string, unknown>} Component */

/**
 * The document, the same for the same content: it has no time and no serial number.
 * @param {Content} content
 * @throws Stop when npm does not know a package that is in the bundles.
 */
export async function billOfMaterials({ packages, stage, binaries, node }) {
  // With --omit=dev npm would leave out all versions of a package if development has one of its own.
  const { status, text } = await npm(["sbom", "--sbom-format=cyclonedx", "--package-lock-only"]);
  if (status !== 0) throw stopFor("npm sbom", text);
  const { $schema, bomFormat, specVersion, version, metadata, components, dependencies } = JSON.parse(
    text.slice(text.indexOf("{")),
  );
  const names = [...packages, "webgpu"];
  const ofNpm = /** @type {Component[]} */ (components).filter(
    ({ name, version }) => names.includes(name) && version === installedVersion(name),
  );
  const unknown = names.filter((name) => !ofNpm.some((component) => component.name === name));
  if (unknown.length > 0) {
    throw new Stop(`npm knows nothing of ${unknown.join(", ")}: is it a dependency in package.json?`);
  }
  const all = [...ofNpm, nodeComponent(node), ...binaries.map((path) => fileComponent(stage, path))];
  const refs = new Set([metadata.component["bom-ref"], ...ofNpm.map((component) => component["bom-ref"])]);
  /** @param {string} ref */
  const isIn = (ref) => refs.has(ref);
  return {
    $schema,
    bomFormat,
    specVersion,
    version,
    metadata: {
      component: { ...metadata.component, name: "foretype", type: "application", description: undefined },
    },
    components: all,
    dependencies: /** @type {{ ref: string, dependsOn: string[] }[]} */ (dependencies)
      .filter(({ ref }) => isIn(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isIn) })),
  };
}

/** @param {string} name */
const installedVersion = (name) =>
  JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")).version;

/** @param {Content["node"]} node @returns {Component} */
function nodeComponent({ name, integrity }) {
  const [, version = ""] = /@([^@]+)$/.exec(name) ?? [];
  const packed = name.slice(0, -version.length - 1);
  return {
    "bom-ref": `node@${version}`,
    type: "platform",
    name: "node",
    version,
    purl: `pkg:npm/${packed}@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    hashes: [
      { alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") },
    ],
    licenses: [{ license: { id: "MIT" } }],
  };
}

/** @param {string} stage @param {string} path @returns {Component} */
function fileComponent(stage, path) {
  const bytes = readFileSync(join(stage, path));
  return {
    "bom-ref": path,
    type: path.endsWith(".gguf") ? "machine-learning-model" : "file",
    name: path,
    hashes: [{ alg: "SHA-256", content: createHash("sha256").update(bytes).digest("hex") }],
  };
}
