import { accessSync, chmodSync, constants, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import type { EngineCommand } from "./child.ts";

export interface Host {
  readonly extensionPath: string;
  /** `process.versions.electron`. */
  readonly electron: string | undefined;
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * What runs the engine here. Desktop VS Code is Electron, whose V8 refuses the buffers that Dawn maps and may abort:
 * there the extension brings a Node of its own. Everywhere else the host's own executable is plain Node.
 * Decided by what the host says of itself; Dawn is never probed.
 * @throws UserError when the package has no Node.
 */
export function hostCommand({ extensionPath, electron, execPath, platform, env }: Host): EngineCommand {
  const script = join(extensionPath, "out", "process.js");
  const { ELECTRON_RUN_AS_NODE: _, ...rest } = env;
  const inherited = { ...rest };
  // Mesa complains for each device that it looks at where this is unset.
  if (platform === "linux" && !inherited.XDG_RUNTIME_DIR) inherited.XDG_RUNTIME_DIR = tmpdir();
  if (electron === undefined) return { execPath, script, env: inherited };

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
  return { execPath: node, script, env: inherited };
}

/** Unpacking an extension may lose the mode. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}
