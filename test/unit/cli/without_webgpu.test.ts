import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childEnvironment } from "../../../scripts/environment.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string;

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line, beside a WebGPU package that fails to load with these words. */
const foretype = (said: string, ...args: string[]): Promise<Run> => {
  const stub = `throw Object.assign(new Error(${JSON.stringify(said)}), { code: "ERR_DLOPEN_FAILED" });\n`;
  writeFileSync(join(folder, "node_modules", "webgpu", "index.js"), stub);
  return new Promise((resolve) => {
    const command = [join(folder, "out", "cli.js"), ...args];
    execFile(process.execPath, command, { env: childEnvironment() }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
};

beforeAll(() => {
  if (!existsSync(join(root, "out", "cli.js")))
    throw new Error("out/cli.js is missing: run `npm run build` first");
  folder = mkdtempSync(join(tmpdir(), "foretype-without-webgpu-"));
  mkdirSync(join(folder, "out"));
  mkdirSync(join(folder, "node_modules", "webgpu"), { recursive: true });
  cpSync(join(root, "out", "cli.js"), join(folder, "out", "cli.js"));
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "media"), join(folder, "media"), "junction");
  writeFileSync(
    join(folder, "node_modules", "webgpu", "package.json"),
    JSON.stringify({ name: "webgpu", type: "module", exports: "./index.js" }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const oldLibrary =
  "/lib/libc.so.6: version `GLIBC_2.34' not found (required by /x/webgpu/dist/linux-x64/dawn.node)";

describe("where WebGPU cannot be loaded", () => {
  for (const args of [
    ["--help"],
    ["tokenize", "mini", "--text", "a"],
    ["inspect", "mini"],
    ["models", "list"],
  ])
    test(`foretype ${args.join(" ")} works`, async () => {
      const { status, stdout } = await foretype(oldLibrary, ...args);
      expect(status).toBe(0);
      expect(stdout).not.toBe("");
    });

  for (const args of [["devices"], ["generate", "mini", "--prompt", "a"]])
    test(`foretype ${args.join(" ")} says in one sentence what is missing`, async () => {
      const { status, stdout, stderr } = await foretype(oldLibrary, ...args);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr.trim().split("\n")).toHaveLength(1);
      if (process.platform === "linux") expect(stderr).toMatch(/^The glibc of this system is too old: /);
      else expect(stderr).toMatch(/^The WebGPU library cannot be loaded /);
    });
});
