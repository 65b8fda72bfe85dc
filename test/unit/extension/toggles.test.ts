// Turning suggestions off and on by keys that come at once, in an editor whose settings take their time.
import { beforeEach, expect, test, vi } from "vitest";
import type { Settings } from "../../../extension/settings/index.ts";
import { toggle, toggleLanguage } from "../../../extension/suggest/toggles.ts";

const stored = vi.hoisted(() => ({
  values: new Map<string, unknown>(),
  fails: false,
  document: { languageId: "python" },
}));
vi.mock("vscode", () => ({
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  window: { activeTextEditor: { document: stored.document } },
  workspace: {
    getConfiguration: () => ({
      inspect: (name: string) => ({ globalValue: stored.values.get(name) }),
      update: async (name: string, value: unknown) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (stored.fails) throw new Error("the settings file cannot be written");
        stored.values.set(name, value);
      },
    }),
  },
}));

const settings = {
  get current(): Settings {
    const enabled = stored.values.get("enable") ?? true;
    const languages = stored.values.get("languages") ?? { "*": true };
    return { pipeline: { enabled, languages } } as unknown as Settings;
  },
};
beforeEach(() => {
  stored.values.clear();
  stored.fails = false;
  stored.document.languageId = "python";
});

test("an even number of keys leaves suggestions as they were, however soon they come", async () => {
  await Promise.all([toggle(settings), toggle(settings)]);
  expect(stored.values.get("enable")).toBe(true);
  await Promise.all([toggle(settings), toggle(settings), toggle(settings)]);
  expect(stored.values.get("enable")).toBe(false);
  await Promise.all([toggleLanguage(settings), toggleLanguage(settings)]);
  expect(stored.values.get("languages")).toEqual({ python: true });
});

test("settings that cannot be written are told, and the next key tries again", async () => {
  stored.fails = true;
  const failing = toggle(settings);
  await expect(failing).rejects.toThrow("cannot be written");
  stored.fails = false;
  await toggle(settings);
  expect(stored.values.get("enable")).toBe(false);
});

test.each(["constructor", "scminput"])(
  "what %s is without a word of its own is what the key turns over",
  async (languageId) => {
    stored.document.languageId = languageId;
    stored.values.set("languages", { "*": languageId !== "constructor" }); // off in either
    await toggleLanguage(settings);
    expect(stored.values.get("languages")).toMatchObject({ [languageId]: true });
  },
);
