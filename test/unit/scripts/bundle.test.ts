import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { capture, ROOT } from "../../../scripts/steps.mjs";

test("the extension's bundle copies the editor's names once, and its source map has the lines", async () => {
  const { status, text } = await capture(process.execPath, [join(ROOT, "scripts", "build.mjs")]);
  expect(status, text).toBe(0);
  const bundle = readFileSync(join(ROOT, "out", "extension.cjs"), "utf8");
  expect(bundle.match(/require\("vscode"\)/g)).toHaveLength(1);
  const map = JSON.parse(readFileSync(join(ROOT, "out", "extension.cjs.map"), "utf8")) as {
    sources: string[];
  };
  expect(map.sources).toContain("../extension/extension.ts");
});
