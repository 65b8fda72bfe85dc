// The same window as a desktop VS Code shows it: Electron, which playwright drives as well.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveCliArgsFromVSCodeExecutablePath } from "@vscode/test-electron";
import { _electron } from "playwright-core";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { QUIET } from "../../../scripts/setup/editor.mjs";

export interface DesktopOptions {
  /** The program of VS Code. */
  readonly code: string;
  readonly extensions: string;
  readonly extensionId: string;
  /** A script that the page runs first. */
  readonly inPage: string;
  readonly folder: string;
  readonly profile: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Installs a VSIX into the folder `extensions`, as `code --install-extension` does. */
export function installInDesktop(code: string, vsix: string, extensions: string): void {
  const [cli, ...args] = resolveCliArgsFromVSCodeExecutablePath(code);
  const folder = ["--extensions-dir", extensions, "--user-data-dir", `${extensions}-profile`];
  const { status, stderr } = spawnSync(cli!, [...args, ...folder, "--install-extension", vsix, "--force"], {
    encoding: "utf8",
    env: childEnvironment(),
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`${vsix} could not be installed in ${code}: ${stderr}`);
}

export async function openDesktop(options: DesktopOptions) {
  const { code, extensions, extensionId, folder, profile, settings, env } = options;
  const user = join(profile, "User");
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, "settings.json"), JSON.stringify({ ...QUIET, ...settings }));
  const inherited = Object.entries(childEnvironment(env)).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_RUN_AS_NODE)/.test(name),
  );
  const app = await _electron.launch({
    executablePath: code,
    args: [
      folder,
      `--user-data-dir=${profile}`,
      `--extensions-dir=${extensions}`,
      `--log=${extensionId}:trace`,
      "--disable-workspace-trust",
      "--disable-updates",
      "--disable-telemetry",
      "--skip-welcome",
      "--skip-release-notes",
      "--no-sandbox",
    ],
    env: Object.fromEntries(inherited),
  });
  const page = await app.firstWindow();
  // The window may be on its way already.
  await page.evaluate(readFileSync(options.inPage, "utf8"));
  return {
    page,
    logs: join(profile, "logs"),
    pid: app.process().pid!,
    close: () => app.close(),
  };
}
