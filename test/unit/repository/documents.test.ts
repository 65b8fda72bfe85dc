import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { listFiles, root } from "../support/repository.ts";

const files = listFiles();
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

/** Every file and every folder, folders without a slash at their end. */
const paths = new Set(
  files.flatMap((path) => path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"))),
);
const tops = [...new Set(files.map((path) => path.split("/")[0]!))].filter((top) => !files.includes(top));

/** What a document names that is not there: paths from the root, file names in code spans, links, npm scripts. */
function missing(text: string): string[] {
  // `<name>` is a placeholder: only the folder before it must exist.
  const fromRoot = new RegExp(
    `(?<![\\w./-])(?:${tops.map((top) => top.replaceAll(".", "\\.")).join("|")})/[\\w./-]*`,
    "g",
  );
  const named = [...text.matchAll(fromRoot)].map(([path]) => path.replace(/[./]+$/, ""));
  const inCode = [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[\s:]+/));
  // Upper case is a placeholder, such as FILE.gguf; documents are in upper case too.
  const fileNames = inCode.filter((word) =>
    /^(?![A-Z_]+\.(?!md$))[\w./-]+\.(ts|mjs|wgsl|md|json|ya?ml|jsonl)$/.test(word),
  );
  const generated = /^(out|\.cache)\//;
  const scripts = [...text.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)].map(
    ([, run, short]) => run ?? short!,
  );
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => to!);
  return [
    ...named.filter((path) => !paths.has(path)),
    ...fileNames.filter(
      (name) => !generated.test(name) && !files.some((path) => path === name || path.endsWith(`/${name}`)),
    ),
    ...links.filter((to) => !/^https?:/.test(to) && !existsSync(join(root, to))),
    ...scripts.filter((name) => !(name in manifest.scripts)).map((name) => `npm run ${name}`),
  ];
}

/** Names that a document finds in a file, as "`name` of `file.ts`" or "`file.ts` (`name`)", and that are not in it. */
function unknown(text: string): string[] {
  const file = "`([\\w./-]+\\.(?:ts|mjs|wgsl))`";
  const name = "`#?(?:\\w+\\.)?(\\w+)`";
  const flat = text.replace(/\s+/g, " ");
  return [
    ...[...flat.matchAll(new RegExp(`${name} (?:of|in) ${file}`, "g"))].map(([, of, path]) => [of!, path!]),
    ...[...flat.matchAll(new RegExp(`${file} \\(${name}`, "g"))].map(([, path, of]) => [of!, path!]),
  ]
    .filter(([of, path]) => {
      const meant = files.filter((it) => it === path || it.endsWith(`/${path}`));
      return !meant.some((it) => new RegExp(`\\b${of}\\b`).test(textOf(it)));
    })
    .map(([of, path]) => `${of} of ${path}`);
}

describe("documents", () => {
  test.each(documents)("the paths, links and npm scripts that %s names exist", (path) => {
    expect(missing(textOf(path))).toEqual([]);
  });

  test("a path, a file, a link and a script that do not exist are found, and placeholders are not", () => {
    const text = `See \`engine/gpu/none.ts\`, engine/nothing/, \`none.wgsl\`, [this](none.md) and \`npm run none\`;
      \`engine/model/families/<name>.ts\`, \`MODEL.json\`, \`gpu.ts:12:3\`, engine/gpu/, [that](README.md#try) and npm test.`;
    expect(missing(text)).toEqual([
      "engine/gpu/none.ts",
      "engine/nothing",
      "engine/gpu/none.ts",
      "none.wgsl",
      "none.md",
      "npm run none",
    ]);
  });

  test.each([...documents, "engine/model/NETWORK.md"])("what %s says is in a file is in it", (path) => {
    expect(unknown(textOf(path))).toEqual([]);
    const text = "`gone` of\n`engine/gpu/gpu.ts`, `gpu.ts` (`Gpu`), `Gpu.gone` in `gpu.ts`";
    expect(unknown(text)).toEqual(["gone of engine/gpu/gpu.ts", "gone of gpu.ts"]);
  });

  test("CONTRIBUTING.md names every environment variable of ours, and no other", () => {
    const variables = (text: string) => text.match(/\bFORETYPE_[A-Z_]+\b/g) ?? [];
    const read = files
      .filter((path) => /\.(ts|mjs|cjs|js)$/.test(path))
      .flatMap((path) => variables(textOf(path)));
    const unique = (names: readonly string[]) => [...new Set(names)].sort();
    expect(unique(variables(textOf("CONTRIBUTING.md")))).toEqual(unique(read));
  });
});

describe("what editors and the CI read", () => {
  const json = files.filter((path) => /^\.vscode\/.*\.json$/.test(path));

  test.each(json)("%s is JSON", (path) => {
    expect(JSON.parse(textOf(path))).toBeTypeOf("object");
  });

  test("tasks and launch configurations name scripts, files and tasks that exist", () => {
    const { tasks } = JSON.parse(textOf(".vscode/tasks.json")) as {
      tasks: { label: string; script?: string; command?: string }[];
    };
    const { configurations } = JSON.parse(textOf(".vscode/launch.json")) as {
      configurations: { preLaunchTask?: string }[];
    };
    const labels = tasks.map(({ label }) => label);
    expect(tasks.flatMap(({ script }) => script ?? []).filter((name) => !(name in manifest.scripts))).toEqual(
      [],
    );
    expect(
      configurations.flatMap(({ preLaunchTask }) => preLaunchTask ?? []).filter((it) => !labels.includes(it)),
    ).toEqual([]);
    const programs = tasks.flatMap(({ command }) => /^node (\S+)/.exec(command ?? "")?.[1] ?? []);
    expect(programs.filter((path) => !paths.has(path))).toEqual([]);
  });

  test("the workflow runs scripts that exist, with actions that are pinned by commit", () => {
    const workflow = textOf(".github/workflows/test.yml");
    const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
    expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    expect(actions.length).toBeGreaterThan(0);
    expect(missing(workflow)).toEqual([]);
  });
});
