import { expect, test } from "vitest";
import { openAt, press, save } from "./support/actions.ts";
import { ghost, waitForGhost } from "./support/ghost.ts";
import { useWindow } from "./support/use_window.ts";

// The editor would indent with spaces, and make stops there: "missing separator".
const SPACES = { "editor.insertSpaces": true, "editor.tabSize": 4, "editor.detectIndentation": false };
const window = useWindow(() => ({ settings: { ...SPACES, "[makefile]": SPACES } }));

/** The embedded model goes through the list again. */
const MAKEFILE = `build:
\t@echo build
test:
\t@echo test
lint:
\t@echo lint
clean:
\t@echo clean
docs:‸
`;

test("in a makefile, the recipe that is suggested and taken begins with a tab", async () => {
  await openAt(window, "Makefile", MAKEFILE);
  await press(window, "Enter");
  const shown = await waitForGhost(window);
  expect(shown.trim()).not.toBe("");
  // At a line's start, Tab indents as long as the suggestion begins with a level's white space.
  await press(window, "Control+Alt+L");
  await expect.poll(() => ghost(window)).not.toBe(shown);
  expect(await save(window, "Makefile")).toMatch(/\ndocs:\n\t@echo/);
});
