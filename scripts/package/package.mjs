// `npm run package [-- --target PLATFORM]`: a VSIX for one platform, with its Dawn and its Node, and a table of what is
// inside. Stages a clean folder, so that nothing gets in by chance.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { LOADER } from "../environment.mjs";
import { capture, printError, ROOT, Stop } from "../steps.mjs";
import { fetchNode } from "./node.mjs";
import { thirdPartyNotices } from "./notices.mjs";
import { billOfMaterials } from "./sbom.mjs";
import { isTarget, TARGETS } from "./targets.mjs";
import { readZip } from "./zip.mjs";

const CACHE = join(ROOT, ".cache", "package");
const LIMIT_MB = 90;

/** @typedef {import("../steps.mjs").Note} Note */
/** @typedef {import("./targets.mjs").Target} Target */
/** @typedef {{ readonly kind: string, readonly files: number, readonly bytes: number, readonly packedBytes: number }} Row */
/** @typedef {{ readonly vsix: string, readonly stage: string, readonly megabytes: number, readonly kept: boolean, readonly rows: Row[] }} Package */
/** @typedef {{ readonly version: string }} Manifest What is used of package.json. */

/**
 * The VSIX of a platform, as this version names it.
 * @param {string} target
 * @param {string} version
 */
export const vsixPath = (target, version) => join(CACHE, `foretype-${target}-${version}.vsix`);

export const thisPlatform = `${process.platform}-${process.arch}`;

/**
 * @param {string} platform
 * @returns {Target}
 * @throws Stop where there is no package for it.
 */
export function targetFor(platform) {
  if (isTarget(platform)) return platform;
  throw new Stop(`There is no package for ${platform}: choose one of ${Object.keys(TARGETS).join(", ")}.`);
}

/**
 * Makes the package for `platform` from what the build has left in out/; one with the same content is kept.
 * Answers its path, its folder as it was staged, its size, whether it was kept, and what is inside, by kind.
 * @param {string} platform
 * @param {Note} note
 * @returns {Promise<Package>}
 */
export async function makePackage(platform, note) {
  const target = targetFor(platform);
  if (!existsSync(join(ROOT, "out", "built.json"))) {
    throw new Stop("Nothing is built yet: run `npm run build` first.");
  }
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const stage = await stagePackage(target, manifest, note);
  const vsix = vsixPath(target, manifest.version);
  const content = contentHash(stage);
  const record = `${vsix}.content`; // of which content the VSIX is; written last
  const kept = existsSync(vsix) && existsSync(record) && readFileSync(record, "utf8") === content;
  if (!kept) {
    rmSync(record, { force: true });
    await pack(stage, target, vsix);
    writeFileSync(record, content);
  }
  const rows = groupContents(readZip(readFileSync(vsix)));
  const megabytes = statSync(vsix).size / 1e6;
  checkSize(vsix, megabytes, rows);
  return { vsix, stage, megabytes, kept, rows };
}

/** @param {Target} target @param {Manifest} manifest @param {Note} note */
async function stagePackage(target, manifest, note) {
  const { dawn } = TARGETS[target];
  const node = await fetchNode(target, note);
  const built = JSON.parse(readFileSync(join(ROOT, "out", "built.json"), "utf8"));
  const stage = join(CACHE, target);
  rmSync(stage, { recursive: true, force: true });
  /** @param {string} from @param {{ to?: string, filter?: (path: string) => boolean }} [options] */
  const copy = (from, { to = from, filter = () => true } = {}) => {
    mkdirSync(dirname(join(stage, to)), { recursive: true });
    cpSync(join(ROOT, from), join(stage, to), { recursive: true, dereference: true, filter });
  };
  for (const file of ["package.nls.json", "README.md", "CHANGELOG.md", "LICENSE", ...built.files]) copy(file);
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  writeFileSync(join(stage, ".vscodeignore"), ""); // everything that is staged is meant
  const sources = [join(ROOT, "extension", "webviews", "pages"), join(ROOT, "media", "icon.svg")];
  copy("media", { filter: (path) => !sources.includes(path) });
  // Beside the bundle that imports it: a node_modules folder at the top would be taken for the development's.
  const webgpu = join("node_modules", "webgpu");
  copy(webgpu, {
    to: join("out", webgpu),
    filter: (path) => isOfDawn(relative(join(ROOT, webgpu), path).split(sep), dawn),
  });
  cpSync(node, join(stage, "node"), { recursive: true });
  const notices = await thirdPartyNotices({ ...built, dawn, nodeLicence: join(node, "LICENSE") });
  writeFileSync(join(stage, "THIRD-PARTY-NOTICES.txt"), notices);
  const { node: name, integrity } = TARGETS[target];
  const binaries = filesOf(stage).filter((path) => /\.(node|wasm|gguf|dll|dylib)$/.test(path));
  const bill = await billOfMaterials({ ...built, stage, binaries, node: { name, integrity } });
  writeFileSync(join(stage, "sbom.cdx.json"), `${JSON.stringify(bill, null, 2)}\n`);
  return stage;
}

/**
 * What is not for users stays out: how to develop it, and what is in the bundles already.
 * @param {object} manifest
 */
export function publishedManifest(manifest) {
  const development = ["scripts", "dependencies", "devDependencies", "private"];
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => !development.includes(key)));
}

/**
 * Of the package `webgpu`: its code, and the binaries for one platform without the loader that set-up puts there.
 * @param {readonly string[]} path
 * @param {string} dawn
 */
function isOfDawn([first = "", platform, file], dawn) {
  if (first !== "dist") return ["", "index.js", "package.json", "LICENSE.md"].includes(first);
  return platform === undefined || (platform === dawn && file !== LOADER);
}

/**
 * Paths of the files in a folder, with `/`, in order.
 * @param {string} folder
 */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"))
    .sort();

/** @param {string} stage */
function contentHash(stage) {
  const hash = createHash("sha256");
  for (const path of filesOf(stage)) {
    const bytes = readFileSync(join(stage, path));
    hash.update(`${path}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** @param {string} stage @param {Target} target @param {string} vsix */
async function pack(stage, target, vsix) {
  const { createVSIX } = (await import("@vscode/vsce")).default;
  const part = `${vsix}.part`;
  const log = console.log;
  console.log = () => {}; // its banner and its list of files
  try {
    await createVSIX({
      cwd: stage,
      packagePath: part,
      target,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    console.log = log;
  }
  renameSync(part, vsix);
}

/** Paths in a VSIX begin with `extension/`, but for two files that describe it. */
const KINDS = /** @type {const} */ ([
  [/^extension\/node\//, "Node"],
  [/^extension\/out\/node_modules\//, "Dawn (WebGPU)"],
  [/^extension\/media\/model\//, "embedded model"],
  [/^extension\/out\/grammars\//, "grammars"],
  [/^extension\/out\//, "code and pages"],
  [/^extension\/media\//, "pictures and walkthrough"],
  [/./, "manifest, notices, texts"],
]);

/**
 * By kind: the number of files, and their bytes as they are and as packed.
 * @param {readonly Pick<import("./zip.mjs").ZippedFile, "path" | "bytes" | "packedBytes">[]} files
 * @returns {Row[]}
 */
export function groupContents(files) {
  return KINDS.map(([, kind]) => {
    const ofKind = files.filter(({ path }) => KINDS.find(([pattern]) => pattern.test(path))?.[1] === kind);
    /** @param {"bytes" | "packedBytes"} key */
    const sum = (key) => ofKind.reduce((total, file) => total + file[key], 0);
    return { kind, files: ofKind.length, bytes: sum("bytes"), packedBytes: sum("packedBytes") };
  });
}

/** @param {number} bytes */
const mb = (bytes) => (bytes / 1e6).toFixed(1);

/**
 * @param {string} vsix
 * @param {number} megabytes
 * @param {readonly Row[]} rows
 * @throws Stop above the limit, with what takes most of it.
 */
export function checkSize(vsix, megabytes, rows) {
  if (megabytes <= LIMIT_MB) return;
  const largest = rows
    .toSorted((a, b) => b.packedBytes - a.packedBytes)
    .slice(0, 2)
    .map(({ kind, packedBytes }) => `${kind} (${mb(packedBytes)} MB)`);
  throw new Stop(
    `${vsix} has ${megabytes.toFixed(1)} MB and the limit is ${LIMIT_MB}: make something smaller, such as ${largest.join(" or ")}.`,
  );
}

/** @param {readonly Row[]} rows @param {number} megabytes */
function table(rows, megabytes) {
  /** @param {string} kind @param {readonly (string | number)[]} cells */
  const line = (kind, ...cells) => kind.padEnd(28) + cells.map((cell) => String(cell).padStart(9)).join("");
  /** @param {"files" | "bytes" | "packedBytes"} key */
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  return [
    line("", "files", "MB", "packed"),
    ...rows.map(({ kind, files, bytes, packedBytes }) => line(kind, files, mb(bytes), mb(packedBytes))),
    line("the package", total("files"), mb(total("bytes")), megabytes.toFixed(1)),
  ].join("\n");
}

/** Builds first, so that a package is never stale. */
export async function build() {
  const { status, text } = await capture(process.execPath, ["scripts/build.mjs"]);
  if (status !== 0) throw new Stop(`The build failed:\n${text.trimEnd()}`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { values } = parseArgs({ options: { target: { type: "string", default: thisPlatform } } });
    await build();
    const { vsix, megabytes, rows } = await makePackage(values.target, console.log);
    console.log(`${table(rows, megabytes)}\n\n${vsix}`);
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  }
}
