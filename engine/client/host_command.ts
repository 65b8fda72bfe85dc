import { accessSync, chmodSync, constants, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, win32 } from "node:path";
import { UserError } from "../errors/index.ts";
import { dataFolder } from "../system/index.ts";
import type { EngineCommand } from "./child.ts";

export interface Host {
  readonly extensionPath: string;
  /** `process.versions.electron`. */
  readonly electron: string | undefined;
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Options that `execPath` knows, if it is a Node. */
  readonly allowedNodeEnvironmentFlags: ReadonlySet<string>;
}

/** Its Electron, and options of its Node, which open an inspector, load modules, or are unknown to the engine's Node, which then does not start. */
const OF_THE_HOST = ["ELECTRON_RUN_AS_NODE", "NODE_OPTIONS", "VSCODE_INSPECTOR_OPTIONS"];

/**
 * What runs the engine here. Desktop VS Code is Electron, whose V8 refuses the buffers that Dawn maps and may abort:
 * there the extension brings a Node of its own. Everywhere else the host's own executable is plain Node.
 * Decided by what the host says of itself; Dawn is never probed.
 * @throws UserError when the package has no Node.
 */
export function hostCommand({
  extensionPath,
  electron,
  execPath,
  platform,
  env,
  allowedNodeEnvironmentFlags,
}: Host): EngineCommand {
  const script = join(extensionPath, "out", "process.js");
  const inherited = { ...env };
  for (const name of OF_THE_HOST) delete inherited[name];
  // Mesa complains for each device that it looks at where this is unset.
  if (platform === "linux" && !inherited.XDG_RUNTIME_DIR) inherited.XDG_RUNTIME_DIR = tmpdir();
  const flags = permissionFlags(env, platform);
  if (electron === undefined) {
    const knows = allowedNodeEnvironmentFlags.has("--permission"); // from 22.13 on, and not in all of 23
    return { execPath, script, env: inherited, flags: knows ? flags : [] };
  }

  const own = platform === "win32" ? "node.exe" : join("bin", "node");
  const node = join(extensionPath, "node", own);
  if (!existsSync(node)) {
    throw new UserError({
      code: "runtime",
      problem: `This package has no Node for ${platform} (${node} is missing)`,
      advice: "install the Foretype package that is made for this system",
    });
  }
  if (platform !== "win32") makeExecutable(node);
  return { execPath: node, script, env: inherited, flags };
}

/**
 * Node's permission model: the engine's JavaScript reads files, loads Dawn, asks programs of the system for the GPU's memory
 * (engine/gpu/memory.ts), and writes to its own data folder alone. It starts no inspector, and from Node 25 on it opens no
 * connection. What native code does is outside of it: Dawn, drivers, and programs that are started.
 */
const permissionFlags = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] => [
  "--permission",
  "--allow-addons",
  "--allow-child-process",
  "--allow-worker", // the thread that ends it with its host
  "--allow-fs-read=*",
  `--allow-fs-write=${(platform === "win32" ? win32 : posix).join(dataFolder(env, platform), "*")}`,
  "--disable-warning=SecurityWarning", // that addons and programs are allowed
];

/** Unpacking an extension may lose the mode. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}
