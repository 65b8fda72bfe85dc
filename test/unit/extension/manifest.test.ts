import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = readdirSync(`${root}extension`, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(`${root}extension/${name}`, "utf8"))
  .join("\n");
const texts = JSON.parse(readFileSync(`${root}package.nls.json`, "utf8")) as Record<string, string>;

test("every command of the manifest is registered", () => {
  const missing = manifest.contributes.commands
    .map(({ command }) => command)
    .filter((command) => !sources.includes(`"${command}"`));
  expect(missing).toEqual([]);
});

test("every command that the extension names is one of the manifest's, or internal", () => {
  const known = new Set(manifest.contributes.commands.map(({ command }) => command));
  const named = [...sources.matchAll(/(?:registerCommand|executeCommand)\(\s*"(foretype\.[\w.]+)"/g)].map(
    ([, name]) => name!,
  );
  expect(named.filter((name) => !known.has(name) && !name.startsWith("foretype.internal."))).toEqual([]);
});

test("no API proposal is enabled, and the API that is compiled against is the one that is asked for", () => {
  expect(manifest).not.toHaveProperty("enabledApiProposals");
  expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies["@types/vscode"]}`);
});

test("at most 30 settings, two keys of our own, Escape where the editor hides a suggestion too, Tab and Escape for next edits", () => {
  expect(Object.keys(manifest.contributes.configuration.properties).length).toBeLessThanOrEqual(30);
  const [own, hiding, ...more] = manifest.contributes.keybindings;
  expect(own!.key).toBe("alt+\\");
  expect(hiding).toMatchObject({ key: "escape", when: expect.stringContaining("inlineSuggestionVisible") });
  expect(hiding!.args!.commands[0]).toBe("editor.action.inlineSuggest.hide");
  expect(more.map(({ key }) => key)).toEqual(["tab", "ctrl+alt+enter", "escape"]);
  const [tab, , refuse] = more;
  // Whatever else wants the key has it.
  const others =
    "editorHasSelection editorHasMultipleSelections suggestWidgetVisible inlineSuggestionVisible inlineEditIsVisible inSnippetMode renameInputVisible";
  for (const context of others.split(" "))
    for (const { when } of [tab!, refuse!]) expect(when.split(" && ")).toContain(`!${context}`);
  for (const part of ["editorTextFocus", "foretype.nextEditTab", "!editorReadonly", "!editorTabMovesFocus"])
    expect(tab!.when.split(" && ")).toContain(part);
  for (const part of ["foretype.nextEdit", "!findWidgetVisible", "!parameterHintsVisible", "!vim.active"])
    expect(refuse!.when.split(" && ")).toContain(part);
});

test("every number has bounds, and a time fits a timer", () => {
  const numbers = Object.entries(manifest.contributes.configuration.properties).filter(([, { type }]) =>
    [type].flat().some((one) => one === "number" || one === "integer"),
  );
  expect(numbers.length).toBeGreaterThan(5);
  for (const [name, schema] of numbers)
    expect(schema, name).toMatchObject({ minimum: expect.any(Number), maximum: expect.any(Number) });
  const { maximum } = manifest.contributes.configuration.properties["foretype.model.unloadAfterMinutes"];
  expect(maximum * 60_000).toBeLessThan(2 ** 31);
});

test("no setting's name goes on from another's: VS Code would read the longer one as a part of the shorter one's value", () => {
  const names = Object.keys(manifest.contributes.configuration.properties);
  expect(names.filter((name) => names.some((other) => name.startsWith(`${other}.`)))).toEqual([]);
});

test("every text of the manifest is there, and none is left over", () => {
  const used = [...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map(([, name]) => name!);
  expect([...new Set(used)].sort()).toEqual(Object.keys(texts).sort());
});

test("a workspace sets only what neither chooses a program, a model, a place on the network, nor uncovers a file", () => {
  const { restrictedConfigurations: restricted } = manifest.capabilities.untrustedWorkspaces;
  const properties = Object.entries(manifest.contributes.configuration.properties);
  const free = properties
    .filter(([name, { scope }]) => scope !== "machine" && !restricted.includes(name))
    .map(([name]) => name.replace("foretype.", ""));
  // Each of these says when and how much is suggested or shown, from files that may be read anyway.
  expect(free.sort()).toEqual([
    "context.definitions",
    "context.openFiles",
    "context.recentEdits",
    "contextTokens",
    "delay",
    "eagerness",
    "enable",
    "inComments",
    "maxLines",
    "multiline",
    "nextEdit",
    "profile",
    "speculate",
    "statistics",
    "statusBar",
    "timeLimitMs",
    "trigger",
  ]);
  expect(restricted.filter((name) => !(name in manifest.contributes.configuration.properties))).toEqual([]);
});
