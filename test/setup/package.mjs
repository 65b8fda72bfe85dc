// `npm run package [-- --target PLATFORM]`: a VSIX for one platform, with its Dawn and its Node, and a table of what is
// inside. Stages a clean folder, so that nothing gets in by chance.
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
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { deflateRawSync } from "node:zlib";
import { thirdPartyNotices } from "./notices.mjs";
import { TARGETS } from "./package_targets.mjs";
import { capture, npm, ROOT, Stop, stopFor } from "./steps.mjs";

const CACHE = join(ROOT, ".cache", "package");
const LIMIT_MB = 90;

/** The VSIX of a platform, as this version names it. */
export const vsixPath = (target, version) => join(CACHE, `foretype-${target}-${version}.vsix`);

export const thisPlatform = `${process.platform}-${process.arch}`;

/** Makes the package for `target` from what the build has left in out/; answers its path and what is inside. */
export async function makePackage(target, note) {
  const parts = TARGETS[target];
  if (!parts)
    throw new Stop(`There is no package for ${target}: choose one of ${Object.keys(TARGETS).join(", ")}.`);
  if (!existsSync(join(ROOT, "out", "extension.cjs")))
    throw new Stop("Nothing is built yet: run `npm run build` first.");
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const node = await fetchNode(parts, note);
  const stage = join(CACHE, target);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });

  const { scripts: _, dependencies: __, devDependencies: ___, private: ____, ...published } = manifest;
  published.files = undefined;
  writeFileSync(join(stage, ".vscodeignore"), ""); // everything that is staged is meant
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  const copy = (from, to = from, filter = () => true) =>
    cpSync(join(ROOT, from), join(stage, to), { recursive: true, filter, dereference: true });
  for (const file of ["package.nls.json", "README.md", "CHANGELOG.md", "LICENSE"]) copy(file);
  copy("out", "out", (path) => !/\.map$|packages\.json$/.test(path));
  copy("media", "media", (path) => !relative(ROOT, path).startsWith(join("media", "webviews")));
  // Beside the bundle that imports it: a node_modules folder at the top would be taken for the development's.
  const webgpu = join("node_modules", "webgpu");
  copy(webgpu, join("out", webgpu), (path) => {
    const [first, second] = relative(join(ROOT, webgpu), path).split(sep);
    if (first === "dist") return second === undefined || second === parts.dawn;
    return ["", "index.js", "package.json", "LICENSE", "LICENSE.md"].includes(first);
  });
  rmSync(join(stage, "out", webgpu, "dist", parts.dawn, "libvulkan.so.1"), { force: true }); // set-up's, for this machine
  cpSync(node, join(stage, "node"), { recursive: true });
  writeFileSync(join(stage, "THIRD-PARTY-NOTICES.txt"), await thirdPartyNotices(target, node));

  const vsix = vsixPath(target, manifest.version);
  const { createVSIX } = (await import("@vscode/vsce")).default;
  const quiet = console.log;
  console.log = () => {}; // its banner and its list of files
  try {
    await createVSIX({
      cwd: stage,
      packagePath: vsix,
      target,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    console.log = quiet;
  }
  const megabytes = statSync(vsix).size / 1e6;
  if (megabytes > LIMIT_MB) {
    throw new Stop(
      `${vsix} has ${megabytes.toFixed(1)} MB and the limit is ${LIMIT_MB}: see the table for what is large.`,
    );
  }
  return { vsix, megabytes, stage };
}

/** The official Node of a platform, out of a registry package whose content is pinned; a folder with the binary and its licence. */
async function fetchNode({ node, integrity }, note) {
  const folder = join(CACHE, "node", node);
  if (existsSync(folder)) return folder;
  note(`fetching ${node}, 40 to 60 MB`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const packed = await npm(["pack", node, "--silent", "--pack-destination", part], {
    cwd: part,
    progress: (_, elapsed) => note(`${elapsed} …`),
  });
  if (packed.status !== 0) throw stopFor("npm pack", packed.text);
  const archive = join(
    part,
    readdirSync(part).find((file) => file.endsWith(".tgz")),
  );
  const sum = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (sum !== integrity)
    throw new Stop(`${node} is not what it was when it was chosen: its checksum is ${sum}.`);
  const { status, text } = await capture("tar", ["-xzf", archive, "-C", part]);
  if (status !== 0) throw stopFor("tar", text);
  const from = join(part, "package");
  const kept = join(part, "kept");
  mkdirSync(kept);
  const binary = existsSync(join(from, "bin", "node.exe"))
    ? "bin/node.exe"
    : existsSync(join(from, "node.exe"))
      ? "node.exe"
      : "bin/node";
  const to = binary.endsWith(".exe") ? "node.exe" : "bin/node";
  cpSync(join(from, binary), join(kept, to));
  chmodSync(join(kept, to), 0o755);
  if (existsSync(join(from, "LICENSE"))) cpSync(join(from, "LICENSE"), join(kept, "LICENSE"));
  renameSync(kept, folder);
  rmSync(part, { recursive: true });
  return folder;
}

/** What a package holds, by kind: files, MB as they are and MB packed. */
export function contents(stage) {
  const kinds = [
    [/^node[/\\]/, "Node"],
    [/^out[/\\]node_modules[/\\]/, "Dawn (WebGPU)"],
    [/^media[/\\]model[/\\]/, "embedded model"],
    [/^out[/\\]grammars[/\\]/, "grammars"],
    [/^out[/\\]/, "code"],
    [/^media[/\\]/, "pictures, pages, walkthrough"],
    [/./, "texts"],
  ];
  const rows = new Map(kinds.map(([, kind]) => [kind, { kind, files: 0, bytes: 0, packed: 0 }]));
  for (const entry of readdirSync(stage, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const row = rows.get(kinds.find(([pattern]) => pattern.test(relative(stage, path)))[1]);
    const bytes = readFileSync(path);
    row.files++;
    row.bytes += bytes.length;
    row.packed += deflateRawSync(bytes, { level: 6 }).length;
  }
  return [...rows.values()];
}

function printContents(stage, megabytes) {
  const cell = (text, width) => String(text).padStart(width);
  console.log(`${"".padEnd(30)}${cell("files", 6)}${cell("MB", 8)}${cell("packed", 8)}`);
  for (const { kind, files, bytes, packed } of contents(stage)) {
    console.log(
      `${kind.padEnd(30)}${cell(files, 6)}${cell((bytes / 1e6).toFixed(1), 8)}${cell((packed / 1e6).toFixed(1), 8)}`,
    );
  }
  console.log(`${"the package".padEnd(30)}${cell("", 14)}${cell(megabytes.toFixed(1), 8)}`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { values } = parseArgs({ options: { target: { type: "string", default: thisPlatform } } });
    const build = await capture(process.execPath, ["test/setup/build.mjs"]);
    if (build.status !== 0) throw new Stop(`The build failed:\n${build.text.trimEnd()}`);
    const { vsix, megabytes, stage } = await makePackage(values.target, console.log);
    printContents(stage, megabytes);
    console.log(`\n${vsix}`);
  } catch (error) {
    console.error(
      error instanceof Stop || error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? error.message : error,
    );
    process.exitCode = 1;
  }
}
