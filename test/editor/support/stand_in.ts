// A program of a test's own in the place of one that is installed, for windows that ask for it.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { inject } from "vitest";

const loaders: Readonly<Record<string, (path: string) => string>> = {
  ".js": (path) => `await import(${JSON.stringify(path)})`,
  ".cjs": (path) => `module.exports = require(${JSON.stringify(path)})`,
};

const beside = (name: string, what: string): string => name.replace(/\.\w+$/, `_${what}$&`);

/** Where the programs of the installed extension are. */
function installedOut(): string {
  const extensions = inject("extensions");
  const installed = readdirSync(extensions).find((name) => name.startsWith("foretype."));
  if (!installed) throw new Error(`no Foretype is installed in ${extensions}`);
  return join(extensions, installed, "out");
}

/** The text of an installed program, as it was packaged. */
export function installedProgram(name: string): string {
  const kept = join(installedOut(), beside(name, "installed"));
  return readFileSync(existsSync(kept) ? kept : join(installedOut(), name), "utf8");
}

/**
 * `program` runs instead of an installed one in windows whose environment has `variable`. In all others, those of test files
 * that run at the same time and later, it is the installed program as before.
 * @param name in the extension's folder `out`
 */
export function standIn(name: string, variable: string, program: string): void {
  // Each in one step: another window may start at any time.
  const write = (to: string, text: string) => {
    const path = join(installedOut(), to);
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  };
  const load = loaders[extname(name)]!;
  const either = `if (process.env.${variable}) ${load(`./${beside(name, "of_test")}`)};
else ${load(`./${beside(name, "installed")}`)};
`;
  write(beside(name, "of_test"), program);
  const now = readFileSync(join(installedOut(), name), "utf8");
  if (now === either) return;
  write(beside(name, "installed"), now);
  write(name, either);
}
