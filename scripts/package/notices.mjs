// The notices of third parties in a package: the npm packages in its bundles, Dawn, Node, the grammars and the model.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, Stop } from "../steps.mjs";
import { D3D_COMPILER, DAWN_PARTS, GRAMMAR_NOTICES, MIT, TREE_SITTER } from "./notices_native.mjs";

const RULE = `\n${"=".repeat(100)}\n\n`;
/** @param {string[]} path */
const text = (...path) =>
  readFileSync(join(ROOT, ...path), "utf8")
    .replaceAll("\r\n", "\n")
    .trim();

/**
 * @typedef {object} Content
 * @property {string} dawn The platform of Dawn's binaries.
 * @property {string} nodeLicence A path.
 * @property {readonly string[]} packages In the bundles, as the build says.
 * @property {readonly string[]} grammars
 */

/**
 * The notices of a package.
 * @param {Content} content
 * @throws Stop when something that is in the package has no licence text.
 */
export async function thirdPartyNotices({ dawn, nodeLicence, packages, grammars }) {
  return [
    "Foretype is under the MIT licence. It contains the following, under their own licences.",
    ...(await npmNotices([...packages, "webgpu"])),
    ...dawnNotices(dawn),
    `Node.js\n\n${readFileSync(nodeLicence, "utf8").trim()}`,
    grammarNotices(grammars),
    `The embedded model\n\n${text("media", "model", "CARD.md")}`,
  ]
    .join(RULE)
    .concat("\n");
}

/**
 * One notice for each licence text, with the packages it is for.
 * @param {readonly string[]} names
 */
export async function npmNotices(names) {
  const { getProjectLicenses } = await import("generate-license-file");
  /** @param {string} dependency */
  const nameOf = (dependency) => dependency.replace(/@[^@]+$/, "");
  const licences = (await getProjectLicenses(join(ROOT, "package.json")))
    .map((licence) => ({
      ...licence,
      dependencies: licence.dependencies.filter((dependency) => names.includes(nameOf(dependency))),
    }))
    .filter(({ dependencies, content }) => dependencies.length > 0 && content.trim());
  const covered = licences.flatMap(({ dependencies }) => dependencies.map(nameOf));
  const missing = names.filter((name) => !covered.includes(name));
  if (missing.length > 0) {
    throw new Stop(`No licence text was found for ${missing.join(", ")}: add it, or do without.`);
  }
  // By name: the licences come in the order in which their files were read.
  return licences
    .map(
      ({ dependencies, content, notices = [] }) =>
        `${dependencies.join("\n")}\n\n${[content, ...notices].map((part) => part.trim()).join("\n\n")}`,
    )
    .sort((a, b) => (a < b ? -1 : 1));
}

/** @param {import("./notices_native.mjs").Project} project */
const named = ({ title, copyright }) => [title, ...copyright].join("\n");

/** @param {string} dawn */
function dawnNotices(dawn) {
  const folder = ["node_modules", "webgpu", "dist", dawn];
  const files = readdirSync(join(ROOT, ...folder));
  return [
    ["In Dawn's binary", ...DAWN_PARTS.mit.map(named), MIT].join("\n\n"),
    // TypeScript's package is here anyway, and its licence is this one, unchanged.
    [
      "In Dawn's binary",
      ...DAWN_PARTS.apache.map(named),
      text("node_modules", "typescript", "LICENSE.txt"),
    ].join("\n\n"),
    ...files
      .filter((file) => /licen[cs]e|notices/i.test(file))
      .map((file) => `${file}\n\n${text(...folder, file)}`),
    ...(files.includes("d3dcompiler_47.dll") ? [D3D_COMPILER] : []),
  ];
}

/**
 * @param {readonly string[]} grammars
 * @throws Stop when the licence of one is not known.
 */
export function grammarNotices(grammars) {
  const unknown = grammars.filter((name) => !GRAMMAR_NOTICES[name]);
  if (unknown.length > 0) {
    throw new Stop(
      `No licence is known for the grammar ${unknown.join(", ")}: add its project to notices_native.mjs.`,
    );
  }
  const projects = new Set(grammars.flatMap((name) => GRAMMAR_NOTICES[name] ?? []));
  return [TREE_SITTER, ...projects].map(named).concat(MIT).join("\n\n");
}
