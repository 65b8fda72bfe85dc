import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, exclusionOf } from "../../../engine/complete/index.ts";
import { readSettings } from "../../../extension/settings/settings.ts";
import manifest from "../../../package.json" with { type: "json" };

const read = (values: Record<string, unknown> = {}) =>
  readSettings({ get: (name) => values[name], home: "/home/ada" });

test("the manifest's defaults are the pipeline's", () => {
  const { settings, warnings } = read();
  const { snoozedUntilMs: _, ...defaults } = DEFAULT_SETTINGS;
  expect(settings.pipeline).toEqual(defaults);
  expect(settings.engine).toEqual({
    device: "auto",
    memoryLimit: 0,
    snapshotBytes: 512 * 2 ** 20,
    unloadAfterMinutes: 30,
  });
  expect(warnings).toEqual([]);
});

test("every setting of the manifest is read", () => {
  const asked = new Set<string>();
  readSettings({
    get(name) {
      asked.add(`foretype.${name}`);
      return undefined;
    },
    home: "",
  });
  expect([...asked].sort()).toEqual(Object.keys(manifest.contributes.configuration.properties).sort());
});

const wrong: readonly (readonly [name: string, value: unknown, sentence: string])[] = [
  ["enable", "no", 'The setting “foretype.enable” is "no", but must be true or false: true is used.'],
  [
    "maxLines",
    "many",
    'The setting “foretype.maxLines” is "many", but must be a whole number from 1 to 64: 12 is used.',
  ],
  [
    "maxLines",
    65,
    "The setting “foretype.maxLines” is 65, but must be a whole number from 1 to 64: 12 is used.",
  ],
  [
    "maxLines",
    2.5,
    "The setting “foretype.maxLines” is 2.5, but must be a whole number from 1 to 64: 12 is used.",
  ],
  [
    "maxLines",
    null,
    "The setting “foretype.maxLines” is null, but must be a whole number from 1 to 64: 12 is used.",
  ],
  [
    "eagerness",
    "keen",
    'The setting “foretype.eagerness” is "keen", but must be "conservative" or "balanced" or "eager": "balanced" is used.',
  ],
  [
    "delay",
    "slow",
    'The setting “foretype.delay” is "slow", but must be "adaptive" or a number from 0 to 1000: "adaptive" is used.',
  ],
  [
    "languages",
    { typescript: "yes" },
    'The setting “foretype.languages” has the entry {"typescript":"yes"}, which is neither true nor false: it is left out.',
  ],
  [
    "languages",
    false,
    "The setting “foretype.languages” is false, but must be true or false for each language id: it is left out.",
  ],
  [
    "refactor.presets",
    "tidy",
    'The setting “foretype.refactor.presets” is "tidy", but must be a list of texts: [] is used.',
  ],
  [
    "exclude",
    true,
    "The setting “foretype.exclude” is true, but must be a list of texts: only the built-in rules hold.",
  ],
  ["exclude", [""], 'The setting “foretype.exclude” has the entry "", which is empty: it is left out.'],
  [
    "gpu.memoryMB",
    -1,
    "The setting “foretype.gpu.memoryMB” is -1, but must be a whole number from 0 to 1048576: 0 is used.",
  ],
  // A timer takes 2^31 milliseconds: what is longer runs out at once.
  [
    "model.unloadAfterMinutes",
    99_999,
    "The setting “foretype.model.unloadAfterMinutes” is 99999, but must be a whole number from 0 to 10080: 30 is used.",
  ],
];
for (const [name, value, sentence] of wrong)
  test(`${name} = ${JSON.stringify(value)} costs a warning, and nothing else`, () => {
    const { settings, warnings } = read({ [name]: value });
    expect(warnings).toEqual([sentence]);
    expect(settings).toEqual(read().settings);
  });

test("a wrong entry of a list or a table is left out, and the others hold", () => {
  const { settings, warnings } = read({
    exclude: ["**/*.mine", "", 3, "private/"],
    languages: { "*": false, python: "on", go: true },
    "refactor.presets": ["tidy", 3, " "],
  });
  expect(settings.pipeline.exclude).toEqual(["**/*.mine", "private/"]);
  expect(settings.pipeline.languages).toEqual({ ...DEFAULT_SETTINGS.languages, "*": false, go: true });
  expect(settings.refactorPresets).toEqual(["tidy"]);
  expect(warnings.map((warning) => /entry (.*), which/.exec(warning)?.[1])).toEqual([
    '{"python":"on"}',
    '""',
    "3",
    "3",
    '" "',
  ]);
});

for (const value of ["*.mine", { "*.mine": true, "*.other": false }])
  test(`exclude = ${JSON.stringify(value)} excludes what it seems to mean, and costs a warning`, () => {
    const { settings, warnings } = read({ exclude: value });
    expect(settings.pipeline.exclude).toEqual(["*.mine"]);
    expect(warnings[0]).toContain('["*.mine"] is used');
  });

/** Settings of two levels. */
const both = (name: string, user: unknown, workspace: unknown) =>
  readSettings({
    get: () => undefined,
    levels: (asked) => (asked === name ? { user, workspace } : { user: undefined, workspace: undefined }),
    home: "/home/ada",
  }).settings.pipeline;

test("a workspace adds to what the user excludes, and takes back built-in rules, but never the user's entries", () => {
  const { exclude } = both("exclude", ["*.mine", "~/keys/"], ["*.ours", "!*.mine", "!.env.example", "!**"]);
  const excluded = (path: string) =>
    exclusionOf({ uri: `file:///work/${path}`, path }, exclude) !== undefined;
  expect(excluded("a.mine")).toBe(true);
  expect(exclusionOf({ uri: "file:///home/ada/keys/a", path: "/home/ada/keys/a" }, exclude)).toBeDefined();
  expect(excluded(".env.example")).toBe(false);
  expect(both("exclude", ["*.mine"], []).exclude).toEqual(["*.mine"]);
  expect(both("exclude", ["*.mine"], ["*.ours"]).exclude).toEqual(["*.ours", "*.mine"]);
});

test("a wrong entry of the workspace's languages leaves the user's in force", () => {
  const { languages } = both("languages", { python: false, go: false }, { python: "on", go: true });
  expect(languages).toMatchObject({ python: false, go: true });
});

test("no untrusted workspace decides what is read, or where suggestions are on", () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  expect(restrictedConfigurations).toEqual(
    expect.arrayContaining(["foretype.exclude", "foretype.languages", "foretype.refactor.presets"]),
  );
});

test("values of the right type are taken", () => {
  const { settings, warnings } = read({
    delay: 120,
    "gpu.memoryMB": 2048,
    contextTokens: 1024,
    "model.completion": " ~/models/code.gguf ",
  });
  expect(warnings).toEqual([]);
  expect(settings.pipeline.delay).toBe(120);
  expect(settings.engine.memoryLimit).toBe(2 ** 31);
  expect(settings.completionModel).toEqual({ path: "/home/ada/models/code.gguf", context: 1536 });
});

test("one file in both roles is one spec, and so one model in memory", () => {
  const path = "/models/code.gguf";
  for (const chat of ["", path]) {
    const { settings } = read({ "model.completion": path, "model.chat": chat });
    expect(settings.chatModel).toEqual(settings.completionModel);
  }
  const { settings } = read({ "model.completion": path, "model.chat": "/models/chat.gguf" });
  expect(settings.chatModel).toEqual({ path: "/models/chat.gguf" });
});

test("the folder of models may begin with the home folder; empty, it is the system's usual one", () => {
  expect(
    read({ "model.folder": "~/models", "model.hub": " https://models.example " }).settings.library,
  ).toEqual({
    folder: "/home/ada/models",
    hub: "https://models.example",
  });
  expect(read().settings.library).toEqual({ folder: "", hub: "" });
});
