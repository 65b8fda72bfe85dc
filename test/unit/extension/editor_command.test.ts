import { beforeEach, expect, test, vi } from "vitest";
import { editorCommand } from "../../../extension/editor/editor_command.ts";

interface Editor {
  readonly document: { isClosed: boolean };
}
const window = vi.hoisted(() => ({ activeTextEditor: undefined as Editor | undefined }));
const run = vi.hoisted(() => ({ command: async (..._: unknown[]): Promise<void> => {} }));
vi.mock("vscode", () => ({
  window,
  commands: { executeCommand: (...args: unknown[]) => run.command(...args) },
}));

const editor = (): Editor => ({ document: { isClosed: false } });
const failure = new Error("Cannot read properties of null");
beforeEach(() => {
  window.activeTextEditor = editor();
});

/** Runs a command during which something happens, and that fails then. */
function failing(error: Error, meanwhile = () => {}) {
  run.command = async () => {
    meanwhile();
    throw error;
  };
  return editorCommand("tab");
}

test("a command runs with its arguments", async () => {
  const got: unknown[] = [];
  run.command = async (...args) => void got.push(...args);
  await editorCommand("editor.unfold", { levels: 1 });
  expect(got).toEqual(["editor.unfold", { levels: 1 }]);
});

test("an editor that closes meanwhile, or gets another document, makes no fault of what then fails", async () => {
  await failing(failure, () => {
    window.activeTextEditor!.document.isClosed = true;
  });
  for (const next of [editor(), undefined])
    await failing(failure, () => {
      window.activeTextEditor = next;
    });
  await failing(new Error("Model is disposed!")); // before an extension is told
});

test("what fails in an editor that is still there is thrown", async () => {
  await expect(failing(failure)).rejects.toBe(failure);
  window.activeTextEditor = undefined;
  await expect(failing(failure)).rejects.toBe(failure);
});
