// Before all tests: installs the VSIX into a folder of its own, which every window shares, and says which VS Code to open.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { installExtension } from "../../../scripts/setup/editor.mjs";
import { installInDesktop } from "./desktop.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the extension is installed. */
    extensions: string;
    /** The program of a desktop VS Code; empty: the one of set-up, in a browser. */
    desktop: string;
  }
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export default async function install(project: TestProject): Promise<() => void> {
  const tests = join(ROOT, ".cache", "editor", "tests");
  mkdirSync(tests, { recursive: true });
  const extensions = mkdtempSync(join(tests, "extensions-"));
  const desktop = process.env.FORETYPE_DESKTOP ?? "";
  if (desktop) installInDesktop(desktop, packaged(), extensions);
  else await installExtension(packaged(), extensions);
  project.provide("extensions", extensions);
  project.provide("desktop", desktop);
  return () => rmSync(extensions, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function packaged(): string {
  const folder = join(ROOT, ".cache", "package");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const vsix =
    process.env.FORETYPE_VSIX ?? join(folder, `foretype-${process.platform}-${process.arch}-${version}.vsix`);
  if (!existsSync(vsix)) throw new Error(`${vsix} is missing: run \`npm run package\` first.`);
  return vsix;
}
