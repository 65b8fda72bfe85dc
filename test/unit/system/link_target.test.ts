import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkTarget } from "../../../engine/system/index.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "foretype-links-")));
  mkdirSync(join(folder, "keys"));
  writeFileSync(join(folder, "keys", "prod.env"), "");
  symlinkSync(join(folder, "keys"), join(folder, "settings"), "junction"); // Windows lets any user make one
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a path behind a link leads to where the file is", () => {
  const target = join(folder, "keys", "prod.env").replaceAll("\\", "/");
  expect(linkTarget(join(folder, "settings", "prod.env"))).toBe(target);
});

test("a path without a link leads nowhere else, and neither does one that is not there", () => {
  expect(linkTarget(join(folder, "keys", "prod.env"))).toBeUndefined();
  expect(linkTarget(join(folder, "settings", "none"))).toBeUndefined();
});
