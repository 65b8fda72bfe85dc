import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { visualCppLibraries } from "../../../engine/gpu/dawn.ts";
import { peImports } from "../../reference/pe_imports.ts";

const dist = fileURLToPath(new URL("../../../node_modules/webgpu/dist", import.meta.url));

/** What every Windows 10 has, and the program that loads the addon. */
const there =
  /^(kernel32|user32|ole32|oleaut32|advapi32|rpcrt4|shell32|version|dxgi|d3d1[12]|ntdll)\.dll$|^api-ms-win-|^node\.exe$/;
const named = visualCppLibraries.map((name) => name.toLowerCase());

describe.each(["win32-x64", "win32-arm64"])("what the binaries of %s import", (platform) => {
  const folder = join(dist, platform);
  const files = readdirSync(folder);
  for (const file of files.filter((name) => /\.(node|dll)$/.test(name)))
    test(`${file}: the package has it, or Windows, or the sentence for the user names it`, () => {
      const imports = peImports(readFileSync(join(folder, file)));
      const beside = files.map((name) => name.toLowerCase());
      const missing = imports.filter(
        (name) =>
          !there.test(name) && !beside.includes(name) && !named.includes(name as (typeof named)[number]),
      );
      expect(missing).toEqual([]);
    });

  test("the sentence names no library that none of them imports", () => {
    const all = new Set(
      files
        .filter((name) => /\.(node|dll)$/.test(name))
        .flatMap((file) => peImports(readFileSync(join(folder, file)))),
    );
    const unused = named.filter((name) => !all.has(name));
    expect(unused).toEqual(platform === "win32-arm64" ? ["vcruntime140_1.dll"] : []);
  });
});
