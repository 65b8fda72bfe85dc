import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createSyntax } from "../../complete/index.ts";
import { projectRoot } from "../../model_file/index.ts";

/** Parsers from the bundle's own grammars, else from the package that they come from. */
export function syntaxFromFiles(onError: (message: string) => void): ReturnType<typeof createSyntax> {
  const bundled = join(projectRoot(), "out", "grammars");
  const folder = existsSync(bundled)
    ? bundled
    : dirname(createRequire(join(projectRoot(), "package.json")).resolve("@vscode/tree-sitter-wasm"));
  return createSyntax({ read: (file) => readFile(join(folder, file)), onError });
}
