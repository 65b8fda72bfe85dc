import { expect, test } from "vitest";
import { command, openAt, openTab, press, type, waitForNotification, whyRows } from "./support/actions.ts";
import { type Trace, traces } from "./support/diagnostics.ts";
import { explainFailure } from "./support/failure.ts";
import { ghost, waitForGhost } from "./support/ghost.ts";
import { findEngine } from "./support/processes.ts";
import { STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";
import { openWindow, writeFiles } from "./support/window.ts";

/** What makes a folder a repository. */
const REPOSITORY = {
  ".git/HEAD": "ref: refs/heads/main\n",
  ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
  ".git/objects/info/empty": "",
  ".git/refs/heads/empty": "",
};

const window = useWindow(() => ({
  settings: {
    "foretype.exclude": ["", "private/", "!**/.env.example"],
    // What is context in the last test is the notebook's.
    "foretype.context.recentEdits": false,
    "foretype.context.definitions": false,
    "foretype.context.openFiles": false,
  },
}));

const silent = async (): Promise<void> => {
  expect(await ghost(window)).toBe("");
  expect(findEngine(window.pid)).toBeUndefined();
};

for (const path of ["prod.env", ".aws/credentials", "secrets.yml", ".env.local", "private/notes.ts"])
  test(`${path} gets no suggestion, no explanation and no refactoring, and the reason names the rule`, async () => {
    await openAt(window, path, "USER=me\nPASSWORD=‸\n");
    await type(window, "x");
    await press(window, "Alt+Backslash");
    const [now] = await whyRows(window);
    expect(now).toMatch(/This file is never read, because its path matches “.*foretype\.exclude/s);
    await press(window, "Control+A");
    for (const title of ["Foretype: Explain Selection", "Foretype: Refactor Selection"]) {
      await command(window, title);
      await waitForNotification(window, /This file is never read, because its path matches “/);
      await command(window, "Notifications: Clear All Notifications");
      await window.page.locator(".notification-toast").waitFor({ state: "detached" });
    }
    expect(await window.page.locator(".tab").count()).toBe(1); // no panel, no diff
    await silent();
  });

for (const path of ["COMMIT_EDITMSG", "TAG_EDITMSG", "git-rebase-todo"])
  test(`${path} is silent, and the reason says how to turn suggestions on`, async () => {
    await openAt(window, path, "Add ‸\n");
    await type(window, "a ");
    const [now] = await whyRows(window);
    expect(now).toMatch(/Suggestions are off in (commit messages|rebase lists)/);
    expect(now).toMatch(/foretype\.languages/);
    await silent();
  });

/** What became of the questions in a language, oldest first. */
const asked = async (languageId: string, where = window): Promise<Trace[]> =>
  (await traces(where)).filter((one) => one.languageId === languageId);

test("the box for a commit message gets suggestions only where the setting names it", async () => {
  for (const scminput of [false, true]) {
    const settings = {
      "foretype.languages": { "*": true, ...(scminput && { scminput }) },
      "git.enabled": true,
    };
    const own = await openWindow({ files: REPOSITORY, settings });
    try {
      explainFailure(own);
      await press(own, "Control+Shift+G");
      await own.page.locator(".scm-editor .monaco-editor").first().click();
      await type(own, "Add a ");
      const outcomes = async () =>
        (await asked("scminput", own)).map(({ outcome: { kind, id } }) => id ?? kind);
      if (scminput) await expect.poll(() => findEngine(own.pid)).toBeDefined();
      const found = await outcomes();
      expect(found.length).toBeGreaterThan(0);
      if (scminput) expect(found).not.toContain("language-off");
      else {
        expect(new Set(found)).toEqual(new Set(["language-off"]));
        expect(findEngine(own.pid)).toBeUndefined();
      }
    } finally {
      await own.close();
    }
  }
});

test("a notebook's other cells are context of a suggestion in one of them", async () => {
  await openAt(window, "stack.ts", STACK);
  await type(window, "this");
  await waitForGhost(window); // what the model can read is known now
  const cell = (source: string) => ({
    cell_type: "code",
    metadata: {},
    source: [source],
    outputs: [],
    execution_count: null,
  });
  const notebook = {
    cells: [cell("def total(items):\n    return sum(items)"), cell("items = [1, 2]\n")],
    metadata: { language_info: { name: "python" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFiles(window.folder, { "plan.ipynb": JSON.stringify(notebook) });
  await openTab(window, "plan.ipynb");
  const second = window.page.locator(".notebook-editor .cell-list-container .monaco-editor").nth(1);
  // A notebook that is still being drawn takes a click, and no keys.
  await expect
    .poll(async () => second.click().then(() => second.getAttribute("class")), { timeout: 20_000 })
    .toMatch(/\bfocused\b/);
  await press(window, "Control+End");
  await type(window, "print(");
  const context = async () => (await asked("python")).flatMap(({ prompt }) => prompt?.context ?? []);
  await expect.poll(context, { timeout: 60_000, interval: 2000 }).not.toEqual([]);
});
