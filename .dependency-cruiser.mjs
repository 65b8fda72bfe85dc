// Which file may import which, as ARCHITECTURE.md says: `npm run structure` checks it, and so does `npm test`.
import { readdirSync } from "node:fs";

/** From the top. A file imports from its own row's folder or from lower rows; folders of one row do not know each other. */
const floors = [
  ["extension"],
  ["engine/cli", "engine/server"],
  ["engine/client"],
  ["engine/complete", "engine/generate", "engine/library", "engine/model_file"],
  ["engine/draft", "engine/state"],
  ["engine/model"],
  ["engine/gpu", "engine/text"],
  ["engine/gguf"],
  ["engine/contract"],
  ["engine/system"],
  ["engine/errors"],
  ["engine/settings"],
  ["shaders"],
];

const below = (folders) => folders.map((folder) => `^${folder}/`);
const imports = (name) => `(^|/)${name}(/|$)`;

const floorRules = floors.map((floor, index) => ({
  name: `floor-${floor.map((folder) => folder.split("/").at(-1)).join("-")}`,
  comment: "A file imports from its own folder or from a lower floor.",
  severity: "error",
  from: { path: `^(${floor.join("|")})/` },
  to: {
    path: "^(engine|extension|scripts|shaders|test)/",
    pathNot: ["^$1/", ...below(floors.slice(index + 1).flat())],
  },
}));

/** A room is a folder with an index.ts. Its tests may look inside. */
const roomRules = (rooms) =>
  rooms.map((room) => ({
    name: `room-${room}`,
    comment: `Others import ${room} through its index.ts.`,
    severity: "error",
    from: { pathNot: [`^${room}/`, "^test/"] },
    to: { path: `^${room}/`, pathNot: `^${room}/index\\.ts$` },
  }));

const rules = [
  {
    name: "on-a-floor",
    comment: "Every folder is on a floor: add a new one to the list above.",
    severity: "error",
    from: { path: "^(engine|extension|shaders)/" },
    to: { path: "^engine/", pathNot: below(floors.flat()) },
  },
  {
    name: "no-circles",
    comment: "No module depends on itself by way of others, not even for a type.",
    severity: "error",
    from: { path: "^(engine|extension)/" },
    to: { circular: true },
  },
  {
    name: "resolvable",
    comment: "What is imported exists. Only an editor has the module vscode.",
    severity: "error",
    from: {},
    to: { couldNotResolve: true, pathNot: "^vscode$" },
  },
  {
    name: "vscode-in-extension",
    comment: "Only the extension knows the editor.",
    severity: "error",
    from: { pathNot: "^extension/" },
    to: { path: imports("vscode") },
  },
  {
    name: "webgpu-in-gpu",
    comment: "Only engine/gpu/ starts a GPU.",
    severity: "error",
    from: { pathNot: "^engine/gpu/" },
    to: { path: imports("webgpu") },
  },
  {
    name: "network-in-library",
    comment:
      "Only engine/library/ goes to the network (I8). The benchmark's peer is a process on this machine.",
    severity: "error",
    from: { pathNot: ["^engine/library/", "^engine/cli/bench/peer_llama\\.ts$"] },
    to: { path: [imports("@huggingface/hub"), imports("undici"), "^(node:)?(dgram|https?|http2|net|tls)$"] },
  },
  {
    name: "no-network-in-engine-process",
    comment: "The engine's process takes nothing of the library, by whatever way (I8).",
    severity: "error",
    from: { path: "^engine/server/" },
    to: { path: "^engine/library/", reachable: true },
  },
  {
    name: "no-files-in-pure-folders",
    comment: "complete, text and generate know no files and no processes.",
    severity: "error",
    from: { path: "^engine/(complete|text|generate)/" },
    to: { path: "^(node:)?(fs|fs/promises|child_process)$" },
  },
];

/** The folders below `root` that have an index.ts, with forward slashes. */
const roomsOf = (root) =>
  ["engine", "extension"].flatMap((top) =>
    readdirSync(new URL(`${top}/`, root), { recursive: true, encoding: "utf8" })
      .map((name) => `${top}/${name.replaceAll("\\", "/")}`)
      .filter((path) => path.endsWith("/index.ts"))
      .map((path) => path.slice(0, -"/index.ts".length)),
  );

/** The rules for the tree in the folder `root`, a file URL that ends in a slash. */
export const forbidden = (root) => [...rules, ...floorRules, ...roomRules(roomsOf(root))];

export const options = {
  doNotFollow: { path: "node_modules" },
  tsPreCompilationDeps: true, // a type is a dependency too
  extraExtensionsToScan: [".wgsl", ".json"],
  enhancedResolveOptions: { extensions: [".ts", ".mjs", ".js"] },
};

export default { forbidden: forbidden(new URL("./", import.meta.url)), options };
