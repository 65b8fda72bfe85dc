// What next edits know of the active editor, and when the editor is asked for it.
import { beforeEach, expect, test, vi } from "vitest";
import { watchSurroundings } from "../../../extension/next_edit/surroundings.ts";

type Listener = (event: { affectsConfiguration(section: string): boolean }) => void;

const editor = vi.hoisted(() => {
  class TabInputText {
    readonly uri: string;
    constructor(uri: string) {
      this.uri = uri;
    }
  }
  return {
    TabInputText,
    listeners: new Map<string, Listener>(),
    asked: [] as string[],
    settings: new Map<string, unknown>(),
    document: "a.ts",
    tab: new TabInputText("a.ts") as unknown,
    isCopilotActive: false,
  };
});
vi.mock("vscode", () => {
  const on = (name: string) => (listener: Listener) => {
    editor.listeners.set(name, listener);
    return { dispose() {} };
  };
  return {
    TabInputText: editor.TabInputText,
    Disposable: { from: () => ({ dispose() {} }) },
    extensions: {
      onDidChange: on("extensions"),
      getExtension: () => ({ isActive: editor.isCopilotActive }),
    },
    window: {
      get activeTextEditor() {
        return { document: { uri: editor.document } };
      },
      onDidChangeActiveTextEditor: on("active"),
      tabGroups: {
        onDidChangeTabs: on("tabs"),
        onDidChangeTabGroups: on("groups"),
        get activeTabGroup() {
          return { activeTab: { input: editor.tab } };
        },
      },
    },
    workspace: {
      onDidChangeConfiguration: on("settings"),
      getConfiguration(section: string) {
        editor.asked.push(section);
        return { get: (name: string, usual: unknown) => editor.settings.get(`${section}.${name}`) ?? usual };
      },
    },
  };
});

const tell = (name: string, section = "") =>
  editor.listeners.get(name)!({ affectsConfiguration: (one) => one === section });

beforeEach(() => {
  editor.asked.length = 0;
  editor.settings.clear();
  editor.document = "a.ts";
  editor.tab = new editor.TabInputText("a.ts");
  editor.isCopilotActive = false;
});

test("a tab says whether it is plain, and nobody asks for settings that it does not change", () => {
  const changes: boolean[] = [];
  const surroundings = watchSurroundings(() => changes.push(surroundings.current.isPlain));
  editor.asked.length = 0;
  editor.tab = {}; // of a diff
  tell("tabs");
  tell("groups");
  editor.tab = new editor.TabInputText("a.ts");
  tell("tabs");
  expect(changes).toEqual([false, false, true]);
  expect(editor.asked).toEqual([]);
});

test("settings are those of the active document, and what they are changed to", () => {
  const surroundings = watchSurroundings(() => {});
  expect(surroundings.current).toMatchObject({ hasWordWrap: false, showsGhosts: true });
  editor.settings.set("editor.wordWrap", "on");
  tell("settings", "files");
  expect(surroundings.current.hasWordWrap).toBe(false);
  tell("settings", "editor");
  expect(surroundings.current.hasWordWrap).toBe(true);
  editor.settings.set("editor.inlineSuggest.enabled", false);
  tell("active");
  expect(surroundings.current).toMatchObject({ hasWordWrap: true, showsGhosts: false, isPlain: true });
});

test("another extension that puts next edits under Tab is seen once it is active", () => {
  const surroundings = watchSurroundings(() => {});
  editor.settings.set("github.copilot.nextEditSuggestions.enabled", true);
  tell("tabs");
  expect(surroundings.current.isCopilotOn).toBe(false);
  editor.isCopilotActive = true;
  tell("tabs");
  expect(surroundings.current.isCopilotOn).toBe(true);
  editor.settings.set("github.copilot.nextEditSuggestions.enabled", false);
  tell("settings", "github.copilot");
  expect(surroundings.current.isCopilotOn).toBe(false);
});
