import { afterAll, beforeAll, expect, test } from "vitest";
import { command, goTo, openAt, press, renameActive, save, type, whyRows } from "./support/actions.ts";
import { type Drawn, drawn, framesDuring, ghost } from "./support/ghost.ts";
import { scriptEngine } from "./support/scripted_engine.ts";
import { useWindow } from "./support/use_window.ts";
import { openWindow, SHOTS, shoot } from "./support/window.ts";

// No model suggests anything: what is on the screen is the next edit.
let engine: ReturnType<typeof scriptEngine>;
beforeAll(() => {
  engine = scriptEngine();
});
afterAll(() => engine.dispose());
const window = useWindow(() => ({
  settings: { "[javascript]": { "editor.wordWrap": "on" } },
  env: engine.env,
}));

const CODE = `const ‸timeout = 5;

function begin() {
  wait(timeout);
}

if (timeout > 3) {
  stop(timeout, begin);
}
`;

/** Renames the word at the cursor by hand. Each test has a name of its own: what was refused twice is proposed nowhere. */
async function rename(path: string, name: string, code = CODE): Promise<void> {
  await openAt(window, path, code);
  await press(window, "Control+Shift+ArrowRight");
  await type(window, name);
}

const waitForDrawn = (expected: Drawn): Promise<void> =>
  expect.poll(() => drawn(window), { timeout: 12_000, interval: 100 }).toEqual(expected);

const waitForNone = (): Promise<void> => waitForDrawn({ struck: [], behind: [] });

const jumpTo = (line: number, name: string): Drawn => ({
  struck: ["timeout"],
  behind: [`Tab → line ${line}`, `→ ${name}`],
});
const acceptOf = (name: string): Drawn => ({ struck: ["timeout"], behind: [`→ ${name}`, "Tab"] });

const shot = (name: string): Promise<void> => shoot(window, `${SHOTS}/next-edit-${name}.png`);

test("a name that was renamed by hand is renamed down the file by Tab, Tab, Tab; no frame shows anything else", async () => {
  await rename("down.ts", "delayMs");
  await waitForDrawn(jumpTo(4, "delayMs"));
  await shot("jump");
  const seen: string[] = [];
  for (const line of [4, 7, 8]) {
    const frames = await framesDuring(window, async () => {
      await press(window, "Tab");
      await waitForDrawn(acceptOf("delayMs"));
      if (line === 4) await shot("accept");
      await press(window, "Tab");
      if (line < 8) await waitForDrawn(jumpTo(line === 4 ? 7 : 8, "delayMs"));
      else await waitForNone();
    });
    seen.push(...frames.map((frame) => frame.line));
    for (const frame of frames) expect(frame.ghost).toBe("");
  }
  const before = CODE.replace("‸", "");
  const renamed = before.replaceAll("timeout", "delayMs");
  const lines = [...before.split("\n"), ...renamed.split("\n")];
  expect(seen.filter((line) => !lines.includes(line))).toEqual([]);
  expect(await save(window, "down.ts")).toBe(renamed);
});

test("one undo takes back one accepted edit, and it is not proposed again", async () => {
  await rename("undo.ts", "pauseMs");
  await waitForDrawn(jumpTo(4, "pauseMs"));
  await press(window, "Tab");
  await waitForDrawn(acceptOf("pauseMs"));
  await press(window, "Tab");
  await waitForDrawn(jumpTo(7, "pauseMs"));
  await press(window, "Control+Z");
  await waitForNone();
  expect(await save(window, "undo.ts")).toBe(CODE.replace("‸timeout", "pauseMs"));
});

test("Escape refuses it, and Tab indents then", async () => {
  await rename("escape.ts", "waitMs");
  await waitForDrawn(jumpTo(4, "waitMs"));
  await press(window, "Escape");
  await waitForNone();
  const [row] = (await whyRows(window)).filter(
    (one) => one.includes("next edit") || one.includes("Next edit"),
  );
  expect(row).toContain("You refused it here");
  await goTo(window, 2, 1);
  await press(window, "Tab");
  expect(await save(window, "escape.ts")).toBe(CODE.replace("‸timeout", "waitMs").replace("\n\n", "\n  \n"));
});

test("while IntelliSense is open Tab takes its row", async () => {
  await rename("list.ts", "begi");
  await waitForDrawn(jumpTo(4, "begi"));
  await press(window, "Control+Space");
  const row = window.page.locator(".suggest-widget.visible .monaco-list-row.focused");
  await row.waitFor({ timeout: 60_000 });
  await expect.poll(() => row.getAttribute("aria-label")).toMatch(/^begin/);
  await press(window, "Tab");
  await row.waitFor({ state: "detached" });
  const saved = await save(window, "list.ts");
  expect(saved).toMatch(/^const begin/);
  expect(saved).toContain("wait(timeout)");
});

test("a folded place is unfolded where Tab goes", async () => {
  await openAt(window, "folded.ts", CODE);
  await command(window, "Fold All");
  await window.page.locator(".codicon-folding-collapsed").first().waitFor();
  await goTo(window, 1, 7);
  await press(window, "Control+Shift+ArrowRight");
  await type(window, "foldMs");
  await waitForDrawn({ struck: [], behind: ["Tab → line 4"] });
  await shot("folded");
  await press(window, "Tab");
  await waitForDrawn(acceptOf("foldMs"));
  await press(window, "Tab");
  await waitForDrawn(jumpTo(7, "foldMs"));
});

test("with word wrap only the key is written behind the line", async () => {
  await rename("wrap.js", "wrapMs");
  await waitForDrawn({ struck: ["timeout"], behind: ["Tab → line 4"] });
  await press(window, "Tab");
  await waitForDrawn({ struck: ["timeout"], behind: ["Tab: wrapMs"] });
  await shot("wrap");
});

test("an insertion at the cursor is ghost text, and Tab takes it", async () => {
  await openAt(window, "ghost.ts", CODE.replace("‸timeout", "timeout‸"));
  await type(window, "Ms");
  await waitForDrawn({ struck: [], behind: ["Tab → line 4", "→ timeoutMs"] });
  await press(window, "Tab");
  await expect.poll(() => ghost(window), { timeout: 20_000 }).toBe("Ms");
  await shot("ghost");
  await press(window, "Tab");
  await waitForDrawn({ struck: [], behind: ["Tab → line 7", "→ timeoutMs"] });
  await press(window, "Escape");
  await waitForNone();
});

test("the other key works in an indentation, and Show Next Edit opens a diff", async () => {
  const code = "let ‸timeout = 5;\n{\n  timeout++;\n}\n";
  await rename("indented.ts", "indentMs", code);
  await expect.poll(() => drawn(window), { timeout: 20_000 }).toMatchObject({ struck: ["timeout"] });
  await goTo(window, 3, 1);
  const here = { struck: ["timeout"], behind: ["→ indentMs", "Ctrl+Alt+Enter"] };
  await waitForDrawn(here);
  await command(window, "Foretype: Show Next Edit");
  await window.page.locator(".tab.active", { hasText: "Next Edit, Line 3" }).waitFor();
  await shot("diff");
  await press(window, "Control+W");
  await window.page.locator(".tab.active", { hasText: "indented.ts" }).waitFor();
  await waitForDrawn(here); // until then there is nothing to wait for the end of
  await press(window, "Control+Alt+Enter");
  await waitForNone();
  expect(await save(window, "indented.ts")).toBe("let indentMs = 5;\n{\n  indentMs++;\n}\n");
});

test("a file that is renamed keeps what was edited in it", async () => {
  await rename("old_name.ts", "restMs");
  await waitForDrawn(jumpTo(4, "restMs"));
  await save(window, "old_name.ts");
  await renameActive(window, "old_name.ts", "new_name.ts");
  await window.page.locator(".tab.active", { hasText: "new_name.ts" }).click();
  await press(window, "Control+Alt+Enter");
  await waitForDrawn({ struck: ["timeout"], behind: ["Tab → line 4", "→ restMs"] });
});

test("once the name is renamed everywhere here, Tab opens the file that imports it, and undo there is that file's", async () => {
  const user = 'import { loadRows } from "./rows.ts";\n\nloadRows();\n';
  await openAt(window, "user.ts", `‸${user}`);
  await command(window, "View: Keep Editor");
  await rename("rows.ts", "readRows", "export function ‸loadRows() {}\n");
  await waitForDrawn({ struck: [], behind: ["Tab → user.ts, line 1"] });
  await press(window, "Tab");
  await window.page.locator(".tab.active", { hasText: "user.ts" }).waitFor();
  await waitForDrawn({ struck: ["loadRows"], behind: ["→ readRows", "Tab"] });
  await press(window, "Tab");
  await waitForDrawn({ struck: ["loadRows"], behind: ["Tab → line 3", "→ readRows"] });
  await press(window, "Control+Z");
  await waitForNone();
  expect(await save(window, "user.ts")).toBe(user);
});

test("a screen reader is told of it when it appears and where Tab has jumped, and Show Next Edit opens it as a diff", async () => {
  const told = async () => (await window.page.locator(".monaco-alert").allTextContents()).join("\n");
  await rename("quiet.ts", "quietMs");
  await waitForDrawn(jumpTo(4, "quietMs"));
  expect(await told()).not.toContain("Next edit");
  const own = await openWindow({ settings: { "editor.accessibilitySupport": "on" }, env: engine.env });
  try {
    const heard = async () => (await own.page.locator(".monaco-alert").allTextContents()).join("\n");
    await openAt(own, "spoken.ts", CODE);
    await press(own, "Control+Shift+ArrowRight");
    await type(own, "spokenMs");
    await expect
      .poll(heard, { timeout: 20_000 })
      .toContain("Next edit, line 4: “timeout” becomes “spokenMs”. Tab goes there, Escape refuses it.");
    await shoot(own, `${SHOTS}/next-edit-spoken.png`);
    await press(own, "Tab");
    await expect
      .poll(heard, { timeout: 20_000 })
      .toContain("Next edit, line 4: “timeout” becomes “spokenMs”. Tab accepts it, Escape refuses it.");
    await command(own, "Foretype: Show Next Edit");
    await expect.poll(() => own.page.locator(".tab.active").textContent()).toContain("Next Edit, Line 4");
  } finally {
    await own.close();
  }
});
