import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { childEnvironment } from "../../../scripts/environment.mjs";
import { capture } from "../../../scripts/steps.mjs";
import { root } from "../support/repository.ts";

// What every command does, by the built command line; none of these asks for a device.

const cli = join(root, "out", "cli.js");
beforeAll(() => {
  if (!existsSync(cli)) throw new Error("out/cli.js is missing: run `npm run build` first");
});

const foretype = (...args: string[]) => capture(process.execPath, [cli, ...args]);

test("--version is that of the manifest", async () => {
  expect(await foretype("--version")).toEqual({
    status: 0,
    stdout: `${manifest.version}\n`,
    text: `${manifest.version}\n`,
  });
});

test("bad usage names the help of the command that it was of", async () => {
  expect((await foretype("models")).text).toBe("No command is given: see `foretype models --help`.\n");
  expect((await foretype("models", "pull")).text).toMatch(/: see `foretype models pull --help`\.\n$/);
  expect((await foretype("generate", "mini")).text).toMatch(/: see `foretype generate --help`\.\n$/);
});

test("an argument steers no terminal when it is named as wrong", async () => {
  const { status, text } = await foretype("models", "\x1b]0;title\x07x");
  expect({ status, text }).toEqual({
    status: 2,
    text: "Unknown command ' ]0;title x': see `foretype models --help`.\n",
  });
});

test.runIf(existsSync("/dev/full"))("a full disk below the output is one sentence, and no crash", () => {
  const full = openSync("/dev/full", "w");
  for (const [stdio, status, said] of [
    [
      ["ignore", full, "pipe"],
      1,
      "The output cannot be written (ENOSPC): free space there, or write elsewhere.\n",
    ],
    [["ignore", "pipe", full], 0, null],
  ] as const) {
    const run = spawnSync(process.execPath, [cli, "tokenize", "mini", "--text", "hi"], {
      stdio: [...stdio],
      encoding: "utf8",
      env: childEnvironment(),
    });
    expect(run).toMatchObject({ status, stderr: said });
  }
  closeSync(full);
});
