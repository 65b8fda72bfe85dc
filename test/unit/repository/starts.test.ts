// Every call that starts a process passes its environment. On a system without a Vulkan loader, an engine that is not told
// where set-up has unpacked one finds no device at all; where a loader is installed, nothing shows that it was forgotten.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { ROOT } from "../../../scripts/environment.mjs";

/** Folder → what must be in the `env` of every process that is started there. */
const SOURCES: readonly (readonly [folder: string, source: RegExp])[] = [
  ["scripts/", /\bchildEnvironment\(/],
  ["test/", /\bchildEnvironment\(/],
  ["engine/cli/report/about.ts", /^$/], // git, which says of which commit a checkout is
  ["engine/cli/", /\bwithVulkanLoader\(/],
  ["engine/client/", /^env$/], // the command's: the extension or a test has given it
  ["engine/gpu/memory.ts", /^$/], // the drivers' own tools, which say how much memory there is
];

const STARTS_PROCESSES = /^(node:)?child_process$/;

/** Starts of processes in a file whose environment is not from where it should be, as `path:line: call`. */
function forgottenStarts(path: string, text: string): string[] {
  if (!/child_process|_electron|process\.env\b(?!\.)/.test(text)) return []; // parsing takes its time
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const source = SOURCES.find(([folder]) => path.startsWith(folder))?.[1];
  const starters = new Set<string>();
  const values = new Map<string, string>(); // variable or function → the text that it is made of
  const forgotten: string[] = [];
  const found = (node: ts.Node, why: string) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    forgotten.push(`${path}:${line + 1}: ${why}`);
  };

  const note = (node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) &&
      STARTS_PROCESSES.test((node.moduleSpecifier as ts.StringLiteral).text)
    ) {
      const names = node.importClause?.namedBindings;
      if (!names || !ts.isNamedImports(names))
        found(node, "import the functions by name, so that their calls are seen");
      else for (const { name } of names.elements) starters.add(name.text);
    } else if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      const made = node.initializer.getText();
      values.set(node.name.text, `${values.get(node.name.text) ?? ""}${made}`);
      // promisify(execFile) starts processes as execFile does.
      const wrapped = /^promisify\((\w+)\)$/.exec(made)?.[1];
      if (wrapped && starters.has(wrapped)) starters.add(node.name.text);
    }
    if (ts.isFunctionDeclaration(node) && node.name) values.set(node.name.text, node.getText());
    ts.forEachChild(node, note);
  };

  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText();
      const wrapped = /^promisify\((\w+)\)$/.exec(callee)?.[1];
      if (starters.has(wrapped ?? callee) || callee === "_electron.launch") {
        const env = environmentOf(node, values) ?? "";
        if (!source?.test(env)) found(node, callee);
      }
    }
    const spreads =
      ts.isSpreadAssignment(node) || (ts.isPropertyAssignment(node) && node.name.getText() === "env");
    const spread = spreads && (ts.isSpreadAssignment(node) ? node.expression : node.initializer).getText();
    if (spread === "process.env" && /^(scripts|test)\//.test(path)) found(node, "process.env");
    ts.forEachChild(node, look);
  };

  note(file);
  look(file);
  return forgotten;
}

/** The text of what a call's option `env` is made of. */
function environmentOf(call: ts.CallExpression, values: ReadonlyMap<string, string>): string | undefined {
  const options = call.arguments.find(ts.isObjectLiteralExpression);
  for (const property of options?.properties ?? []) {
    if (property.name?.getText() !== "env") continue;
    const text = ts.isPropertyAssignment(property) ? property.initializer.getText() : "env";
    const names = text.match(/\b[a-zA-Z]\w*\b/g) ?? [];
    // One step back: `const env = childEnvironment(…)`, entries of it that are filtered, a function that adds to it.
    const made = names.flatMap((name) => values.get(name) ?? []);
    return made.length > 0 ? [text, ...made].join("\n") : text;
  }
  return undefined;
}

const sourceFiles = ["scripts", "test", "engine", "extension"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => /\.(ts|mjs|cjs|js)$/.test(path)),
);

test("every process that is started takes its environment from the one place for it", () => {
  const own = /^(scripts\/environment\.mjs|test\/unit\/(scripts\/environment|repository\/starts)\.test\.ts)$/;
  const files = sourceFiles.filter((path) => !own.test(path));
  expect(files).toEqual(expect.arrayContaining(["scripts/steps.mjs", "engine/cli/bench/peer_llama.ts"]));
  expect(files.flatMap((path) => forgottenStarts(path, readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
});

const SPAWN = 'import { spawn, fork, execFile } from "node:child_process";\n';
const cases: readonly (readonly [path: string, text: string, forgotten: number])[] = [
  ["test/a.test.ts", `${SPAWN}spawn("node", ["a.js"]);`, 1],
  ["test/a.test.ts", `${SPAWN}spawn("node", ["a.js"], { cwd });`, 1],
  ["test/a.test.ts", `${SPAWN}spawn("node", ["a.js"], { env: { ...process.env, A: "1" } });`, 2],
  ["test/a.test.ts", `${SPAWN}spawn("node", ["a.js"], { env: process.env });`, 2],
  ["test/a.test.ts", `${SPAWN}await promisify(execFile)("node", ["a.js"]);`, 1],
  ["test/a.test.ts", `${SPAWN}const run = promisify(execFile);\nawait run("node", ["a.js"], { cwd });`, 1],
  ["test/a.test.ts", 'import * as child from "child_process";\nchild.spawn("node");', 1],
  ["test/a.test.ts", "await _electron.launch({ executablePath, env: {} });", 1],
  ["test/a.test.ts", "createEngineClient({ command: () => ({ script, env: { ...process.env } }) });", 1],
  ["test/a.test.ts", `${SPAWN}spawn("node", ["a.js"], { env: childEnvironment({ A: "1" }) });`, 0],
  ["test/a.test.ts", `${SPAWN}const env = childEnvironment();\nfork("a.js", [], { env });`, 0],
  [
    "scripts/a.mjs",
    `${SPAWN}spawn("code", [], { env: made() });\nfunction made() { return childEnvironment(); }`,
    0,
  ],
  ["scripts/a.mjs", `${SPAWN}spawn("code", [], { env: made() });\nfunction made() { return {}; }`, 1],
  ["scripts/a.mjs", `${SPAWN}spawn("code", [], { env: { PATH: "" } });`, 1],
  ["engine/cli/bench/a.ts", `${SPAWN}fork("a.js", [], { env: { ...process.env } });`, 1],
  ["engine/cli/bench/a.ts", `${SPAWN}const env = withVulkanLoader({});\nfork("a.js", [], { env });`, 0],
  ["engine/generate/a.ts", `${SPAWN}fork("a.js", [], { env });`, 1],
  ["extension/a.ts", `${SPAWN}fork("a.js", [], { env: {} });`, 1],
];
for (const [path, text, forgotten] of cases) {
  test(`the checker finds ${forgotten || "nothing"} in ${path}: ${text.replace(SPAWN, "")}`, () => {
    expect(forgottenStarts(path, text)).toHaveLength(forgotten);
  });
}
