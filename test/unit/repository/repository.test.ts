import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { listFiles, root } from "../support/repository.ts";

const files = listFiles();

/** The file's text, or undefined where a NUL byte says that it has none. */
function textOf(path: string): string | undefined {
  const bytes = readFileSync(join(root, path));
  return bytes.includes(0) ? undefined : bytes.toString("utf8");
}

const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));

/** Lines of `text` that match `pattern`, as `path:line: match`. */
const matches = (path: string, text: string, pattern: RegExp) =>
  text.split("\n").flatMap((line, index) => {
    const match = pattern.exec(line);
    return match ? [`${path}:${index + 1}: ${match[0]}`] : [];
  });

const packageAddress =
  /\b(registry\.(npmjs|yarnpkg)\.\w+|registry\.npmmirror\.\w+|(deb|snapshot|security|ftp\.\w+)\.debian\.org|(archive|ports|security)\.ubuntu\.com|pypi\.org|pythonhosted\.org)\b|\bhttps?:\/\/[\w.-]*(registry|mirror|artifactory|artifact|verdaccio|nexus|pkg\.dev)[\w.-]*[/:"']/i;

// A path that begins a word: not part of an address, of a relative path or of a template.
const machinePath =
  /(?<![\w.~:/\\})*$-])\/(home|Users|root|tmp|var\/folders|mnt|workspace|work|opt)\/[\w.-]+|\b[A-Z]:\\+Users\\+[\w.-]+/;

/** Made-up paths, for tests of code that handles paths. */
const madeUp =
  /(\/home|\/Users|\\Users\\*)[/\\]*(me|you|user|someone|ada)\b|\/(tmp|work|workspace)\/(example|project)\b/;

test("no file names a package registry or mirror", () => {
  expect(files.flatMap((path) => matches(path, textOf(path) ?? "", packageAddress))).toEqual([]);
});

test("no file names a path of a developer's machine", () => {
  const found = files.flatMap((path) => matches(path, textOf(path) ?? "", machinePath));
  expect(found.filter((line) => !madeUp.test(line))).toEqual([]);
});

test("the patterns match what they are for, and no more", () => {
  const address = (host: string) => packageAddress.test(`"https://${host}/some/path"`);
  const hosts = [
    ["registry", "npmjs", "org"],
    ["deb", "debian", "org"],
    ["npm", "mirror", "corp"],
    ["pypi", "org"],
  ];
  expect(hosts.map((parts) => address(parts.join(".")))).toEqual([true, true, true, true]);
  expect(["github.com", "www.debian.org", "huggingface.co", "nodejs.org"].map(address)).toEqual(
    Array(4).fill(false),
  );
  const path = (...parts: string[]) => machinePath.test(`open("${parts.join("/")}")`);
  expect([path("", "home", "kim"), path("", "tmp", "gpu"), path("", "root", ".cache")]).toEqual([
    true,
    true,
    true,
  ]);
  expect(machinePath.test(["C:", "Users", "kim"].join("\\"))).toBe(true);
  expect([path("..", "tmp", "gpu"), path("", "usr", "lib"), path("https:", "", "x.io", "home", "a")]).toEqual(
    Array(3).fill(false),
  );
});

/** Each page is a bundle of its own, so no index could serve them. */
const pages = ["extension/webviews/pages", "engine/cli/report/page"];
const folders = new Set(
  files
    .filter((path) => /^(engine|extension)\/.+\/.+\.ts$/.test(path))
    .map((path) => dirname(path))
    .filter((folder) => !pages.includes(folder)),
);

test("every folder of the engine and the extension opens with an index of at most six comment lines", () => {
  const wrong = [...folders].filter((folder) => {
    const index = join(root, folder, folder === "engine/cli" ? "main.ts" : "index.ts");
    if (!existsSync(index)) return true;
    const lines = readFileSync(index, "utf8").split("\n");
    const comment = lines
      .filter((line) => !line.startsWith("#!"))
      .findIndex((line) => !line.startsWith("//"));
    return comment < 1 || comment > 6;
  });
  expect(wrong).toEqual([]);
});

test("no source file is longer than 600 lines", () => {
  const long = files
    .filter((path) => /^(engine|shaders|extension)\/.*\.(ts|wgsl|mjs|js|css|html)$/.test(path))
    .map((path) => ({ path, lines: textOf(path)?.trimEnd().split("\n").length ?? 0 }));
  expect(long.filter(({ lines }) => lines > 600)).toEqual([]);
});

test("package.json, its lock and the types of Node speak of the same versions", () => {
  const manifest = readJson("package.json");
  const lock = readJson("package-lock.json");
  const { name, version, engines, dependencies, devDependencies } = lock.packages[""];
  expect({ name, version, engines, dependencies, devDependencies }).toEqual({
    name: manifest.name,
    version: manifest.version,
    engines: manifest.engines,
    dependencies: manifest.dependencies,
    devDependencies: manifest.devDependencies,
  });
  // Types of a newer Node would let through calls that the oldest supported one lacks.
  const oldest = /^>=(\d+)\.\d+$/.exec(manifest.engines.node)?.[1];
  expect(lock.packages["node_modules/@types/node"].version.split(".")[0]).toBe(oldest);
});

test("every script of package.json that names a file names one that exists", () => {
  const scripts: Record<string, string> = readJson("package.json").scripts;
  const named = Object.values(scripts).flatMap((script) => script.match(/\S+\.(mjs|js|ts|sh)\b/g) ?? []);
  expect(named.filter((path) => !existsSync(join(root, path)) && basename(dirname(path)) !== "out")).toEqual(
    [],
  );
});
