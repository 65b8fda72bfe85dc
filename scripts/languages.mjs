// `node scripts/languages.mjs` writes engine/complete/text/languages.json: which files VS Code's built-in extensions
// give which language id, and how they indent it. Read from the editor that the tests have set up.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const editor = new URL(".cache/editor/code-server/lib/vscode/", root);
const table = new URL("engine/complete/text/languages.json", root);

/** @param {URL} file */
const json = (file) => JSON.parse(readFileSync(file, "utf8"));

/** Whether the tests have set up an editor to read from. */
export const hasEditor = () => existsSync(new URL("extensions/", editor));

/** @typedef {{ id: string, names: string[], patterns: string[], extensions: string[], firstLine?: string }} LanguageFiles */

/** The table, from the editor that is here. */
export function builtInLanguages() {
  const { name, version } = json(new URL("package.json", editor));
  const folder = new URL("extensions/", editor);
  const contributions = readdirSync(folder)
    .sort()
    .map((extension) => new URL(`${extension}/package.json`, folder))
    .filter((manifest) => existsSync(manifest))
    .map((manifest) => json(manifest).contributes ?? {});
  return {
    source: `the built-in extensions of ${name} ${version}`,
    languages: filesOf(contributions.flatMap(({ languages = [] }) => languages)),
    indentation: indentationIn(contributions.map(({ configurationDefaults = {} }) => configurationDefaults)),
  };
}

/**
 * A language may be contributed in parts.
 * @param {{ id: string, filenames?: string[], filenamePatterns?: string[], extensions?: string[], firstLine?: string }[]} contributed
 */
function filesOf(contributed) {
  /** @type {Map<string, LanguageFiles>} */
  const languages = new Map();
  for (const { id, filenames = [], filenamePatterns = [], extensions = [], firstLine } of contributed) {
    const one = languages.get(id) ?? { id, names: [], patterns: [], extensions: [] };
    one.names.push(...filenames);
    one.patterns.push(...filenamePatterns);
    one.extensions.push(...extensions);
    if (firstLine) one.firstLine = firstLine;
    languages.set(id, one);
  }
  return [...languages.values()].filter(
    ({ names, patterns, extensions, firstLine }) =>
      [...names, ...patterns, ...extensions].length > 0 || firstLine,
  );
}

/** @param {Record<string, Record<string, unknown>>[]} defaults */
function indentationIn(defaults) {
  const values = defaults
    .flatMap((one) => Object.entries(one))
    .flatMap(([key, value]) => {
      const id = /^\[(.+)\]$/.exec(key)?.[1];
      const { "editor.insertSpaces": insertSpaces, "editor.tabSize": tabSize } = value;
      return id && (insertSpaces ?? tabSize) !== undefined ? [[id, { insertSpaces, tabSize }]] : [];
    });
  return Object.fromEntries(values);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!hasEditor()) throw new Error("There is no editor to read from: run `npm run test:editor` once.");
  writeFileSync(table, `${JSON.stringify(builtInLanguages(), null, 2)}\n`);
  console.log(`${fileURLToPath(table)} is written: let \`npm run format\` format it.`);
}
