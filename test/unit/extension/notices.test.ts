import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { showError, showInformation, showProgress, showWarning } from "../../../extension/editor/notices.ts";
import { ROOT } from "../../../scripts/steps.mjs";

const said = vi.hoisted(() => [] as unknown[][]);
vi.mock("vscode", () => {
  const show = async (...args: unknown[]) => void said.push(args);
  return {
    window: {
      showInformationMessage: show,
      showWarningMessage: show,
      showErrorMessage: show,
      withProgress: (
        { title }: { title?: string },
        task: (progress: { report(step: object): void }) => unknown,
      ) => {
        said.push([title]);
        return task({ report: (step) => void said.push([step]) });
      },
    },
  };
});
beforeEach(() => {
  said.length = 0;
});

/** What VS Code makes a link of in a notification. */
const LINK = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+[^)]*\)/i;
const hostile =
  "it says [Apply anyway](command:workbench.action.terminal.sendSequence?%7B%7D) and [x](https://a.b)";

test("a notification has no link, whoever wrote the text that it quotes", async () => {
  expect(hostile).toMatch(LINK);
  for (const show of [showInformation, showWarning, showError]) await show(hostile, "OK");
  await showWarning(hostile, { modal: true }, "OK");
  await showProgress({ location: 15, title: hostile }, async (progress) =>
    progress.report({ message: hostile, increment: 1 }),
  );
  await showProgress({ location: 15 }, async (progress) => progress.report({ increment: 2 }));
  const text =
    "it says [Apply anyway] (command:workbench.action.terminal.sendSequence?%7B%7D) and [x] (https://a.b)";
  expect(said).toEqual([
    [text, "OK"],
    [text, "OK"],
    [text, "OK"],
    [text, { modal: true }, "OK"],
    [text],
    [{ message: text, increment: 1 }],
    [undefined],
    [{ increment: 2 }],
  ]);
  expect(JSON.stringify(said)).not.toMatch(LINK);
});

test("all notifications are shown there", () => {
  const files = readdirSync(join(ROOT, "extension"), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith("notices.ts"),
  );
  expect(files.length).toBeGreaterThan(50);
  const raw = /window\s*\.\s*(?:show(?:Information|Warning|Error)Message|withProgress)/;
  expect(files.filter((name) => raw.test(readFileSync(join(ROOT, "extension", name), "utf8")))).toEqual([]);
});
