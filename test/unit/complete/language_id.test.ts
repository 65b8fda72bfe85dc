import { expect, test } from "vitest";
import { indentationOf, languageIdOf } from "../../../engine/complete/index.ts";
import table from "../../../engine/complete/text/languages.json" with { type: "json" };
import { builtInLanguages, hasEditor } from "../../../scripts/languages.mjs";

const ids: readonly (readonly [path: string, id: string, text?: string])[] = [
  ["src/a.ts", "typescript"],
  ["src/a.d.ts", "typescript"],
  ["src/A.TSX", "typescriptreact"],
  ["a.mjs", "javascript"],
  ["a.h", "cpp"],
  ["a.h.in", "cpp"],
  ["Makefile", "makefile"],
  ["rules.mk", "makefile"],
  ["GNUmakefile", "makefile"],
  ["Dockerfile", "dockerfile"],
  ["deploy/Dockerfile.dev", "dockerfile"],
  ["compose.yaml", "dockercompose"],
  ["my-docker-compose.test.yml", "dockercompose"],
  ["values.yaml", "yaml"],
  [".env", "dotenv"],
  [".env.local", "dotenv"],
  ["prod.env", "dotenv"],
  [".git/COMMIT_EDITMSG", "git-commit"],
  [".git/MERGE_MSG", "git-commit"],
  [".git/rebase-merge/git-rebase-todo", "git-rebase"],
  [".gitignore", "ignore"],
  [".vscodeignore", "ignore"],
  ["package.json", "json"],
  ["tsconfig.json", "jsonc"],
  ["tsconfig.build.json", "jsonc"],
  [".vscode/settings.json", "jsonc"],
  ["my.code-workspace", "jsonc"],
  ["Jenkinsfile", "groovy"],
  ["Gemfile", "ruby"],
  [".bashrc", "shellscript"],
  ["a.ps1", "powershell"],
  ["README.md", "markdown"],
  ["notes.txt", "plaintext"],
  ["CMakeLists.txt", "cmake"],
  ["a.vue", "vue"],
  ["a.kt", "kotlin"],
  ["Cargo.toml", "toml"],
  ["main.tf", "terraform"],
  ["a.zig", "zig"],
  ["a.cu", "cuda-cpp"],
  ["C:\\work\\a.rs", "rust"],
  ["run", "shellscript", "#!/usr/bin/env bash\nls"],
  ["run", "python", "\uFEFF#!/usr/bin/python3\r\nprint()"],
  ["run", "javascript", "#!/usr/bin/env node\n"],
  ["run", "plaintext", "ls # not #!/bin/sh"],
  ["unknown.xyz", "plaintext"],
];

for (const [path, id, text = ""] of ids)
  test(`VS Code calls ${path} ${id}${text && ` where it begins with ${JSON.stringify(text)}`}`, () => {
    expect(languageIdOf(path, text)).toBe(id);
  });

test.runIf(hasEditor())("the table is that of the editor that the tests use", () => {
  expect(table).toEqual(JSON.parse(JSON.stringify(builtInLanguages())));
});

const indented: readonly (readonly [
  what: string,
  text: string,
  id: string,
  tabSize: number,
  spaces: boolean,
])[] = [
  ["two spaces", "a {\n  b {\n    c\n  }\n}\n", "typescript", 2, true],
  ["four spaces", "def f():\n    if a:\n        b\n    c\n", "python", 4, true],
  ["tabs", "func f() {\n\tif a {\n\t\tb\n\t}\n}\n", "go", 4, false],
  ["comments are no indentation", "/**\n * a\n * b\n */\nf() {\n    g();\n}\n", "java", 4, true],
  [
    "aligned arguments are no indentation",
    "if a,\n   b\nif a,\n   b\nif a,\n   b\nif (c) {\n    d;\n}\nif (e) {\n    g;\n}\n",
    "c",
    4,
    true,
  ],
  ["levels that end together", "a {\n  b {\n    c;\n}}\nd {\n  e {\n    f;\n}}\n", "css", 2, true],
  ["nothing is indented: the default", "a\nb\n", "typescript", 4, true],
  ["nothing is indented in a Makefile", "all: a\n", "makefile", 4, false],
  ["nothing is indented in YAML", "a: 1\n", "yaml", 2, true],
];

for (const [what, text, id, tabSize, insertSpaces] of indented)
  test(`indentation: ${what}`, () => {
    expect(indentationOf(text, id)).toEqual({ tabSize, insertSpaces });
  });
