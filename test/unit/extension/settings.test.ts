import { expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../engine/complete/index.ts";
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
    'The setting “foretype.maxLines” is "many", but must be a number from 1 to 64: 12 is used.',
  ],
  ["maxLines", 65, "The setting “foretype.maxLines” is 65, but must be a number from 1 to 64: 12 is used."],
  ["maxLines", 2.5, "The setting “foretype.maxLines” is 2.5, but must be a number from 1 to 64: 12 is used."],
  [
    "maxLines",
    null,
    "The setting “foretype.maxLines” is null, but must be a number from 1 to 64: 12 is used.",
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
    'The setting “foretype.languages” is {"typescript":"yes"}, but must be true or false for each language id: {"*":true,"plaintext":false,"markdown":false,"scminput":false} is used.',
  ],
  [
    "refactor.presets",
    ["tidy", 3],
    'The setting “foretype.refactor.presets” is ["tidy",3], but must be a list of texts: [] is used.',
  ],
  [
    "gpu.memoryMB",
    -1,
    "The setting “foretype.gpu.memoryMB” is -1, but must be a number of at least 0: 0 is used.",
  ],
];
for (const [name, value, sentence] of wrong)
  test(`${name} = ${JSON.stringify(value)} costs a warning, and nothing else`, () => {
    const { settings, warnings } = read({ [name]: value });
    expect(warnings).toEqual([sentence]);
    expect(settings).toEqual(read().settings);
  });

test("a wrong list of secret files leaves the default list in force", () => {
  const { settings } = read({ exclude: ["**/*.mine", ""] });
  expect(settings.pipeline.exclude).toEqual(DEFAULT_SETTINGS.exclude);
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
