// Refactor and Explain, with answers that the test writes: where an answer goes, and which one is applied.
import { afterAll, beforeAll, expect, test } from "vitest";
import { command, goTo, openAt, press, save, type, waitForNotification } from "./support/actions.ts";
import { openedPage } from "./support/pages.ts";
import { type ScriptedAnswer, scriptEngine } from "./support/scripted_engine.ts";
import { useWindow } from "./support/use_window.ts";
import { readFile, writeFiles } from "./support/window.ts";

let engine: ReturnType<typeof scriptEngine>;
beforeAll(() => {
  engine = scriptEngine();
});
afterAll(() => engine.dispose());
const window = useWindow(() => ({
  settings: { "workbench.editor.enablePreview": false, "foretype.enable": false },
  env: engine.env,
}));

const TWINS = `function a() {
  return read(key);
}

function b() {
  return read(key);
}
`;
const BETTER = "```ts\nreturn readAll(key);\n```";

const WRITES_MS = 30_000;
const SOON = { timeout: 20_000 };
const toast = () => window.page.locator(".notification-toast", { hasText: "Foretype is refactoring" });
const diff = () => window.page.locator(".monaco-diff-editor");
const action = (title: string) =>
  window.page.locator(`.editor-actions .action-label[aria-label^="${title}"]`).first();

/** Starts a refactoring of the whole second line of a file. */
async function startRefactoring(path: string, code = TWINS): Promise<void> {
  await openAt(window, path, `‸${code}`);
  await goTo(window, 2, 1);
  await press(window, "Home", "Shift+End");
  await askToRefactor();
}

async function askToRefactor(): Promise<void> {
  await command(window, "Foretype: Refactor Selection");
  await window.page.locator(".quick-input-title", { hasText: "Refactor Selection" }).waitFor();
  await window.page.locator(".quick-input-widget input").fill("Read all");
  await press(window, "Enter");
  await diff().waitFor();
}

async function finishWriting(): Promise<void> {
  await toast().waitFor({ state: "detached", timeout: WRITES_MS });
}

/** What the diff's right side says, with its blanks as they are. */
const proposal = async () =>
  ((await diff().locator(".editor.modified .view-lines").textContent()) ?? "").replaceAll("\u00a0", " ");

test("a refactoring replaces what was selected, though lines were added above it", async () => {
  engine.answer({ text: BETTER, held: true });
  await startRefactoring("moved.ts");
  writeFiles(window.folder, { "moved.ts": `// new\n// lines\n${TWINS}` });
  await expect.poll(proposal, SOON).toContain("// lines"); // the editor has read it again
  engine.release();
  await finishWriting();
  await action("Apply").click();
  await window.page.locator(".tab.active.dirty", { hasText: "moved.ts" }).waitFor();
  expect(await save(window, "moved.ts")).toBe(
    `// new\n// lines\n${TWINS.replace("read(key)", "readAll(key)")}`,
  );
});

test("the diff shows the selection from the start, however far down it is", async () => {
  engine.answer({ text: BETTER, held: true });
  const code = `${"// a line\n".repeat(300)}${TWINS}`;
  await openAt(window, "long.ts", `‸${code}`);
  await goTo(window, 302, 1);
  await press(window, "Home", "Shift+End");
  await askToRefactor();
  await expect.poll(proposal, SOON).toContain("function a()");
  engine.release();
  await finishWriting();
  await expect.poll(proposal, SOON).toContain("readAll(key)");
});

test("while a model loads, the progress says so", async () => {
  engine.answer({ text: BETTER, loaded: 0.47 });
  await startRefactoring("loads.ts");
  await expect.poll(() => toast().textContent(), SOON).toContain("the model is loading, 40%");
  engine.release();
  await finishWriting();
});

test("what is applied is one step of undo", async () => {
  engine.answer({ text: BETTER });
  await startRefactoring("undone.ts");
  await finishWriting();
  await action("Apply").click();
  await window.page.locator(".tab", { hasText: "Read all" }).waitFor({ state: "detached" });
  await window.page.locator(".tab.active.dirty", { hasText: "undone.ts" }).waitFor();
  expect(await save(window, "undone.ts")).toBe(TWINS.replace("read(key)", "readAll(key)"));
  await press(window, "Control+Z");
  await window.page.locator(".tab.active.dirty").waitFor();
  expect(await save(window, "undone.ts")).toBe(TWINS);
});

test("a selection that is changed while the model writes ends, and its twin elsewhere is left alone", async () => {
  engine.answer({ text: BETTER, held: true });
  await startRefactoring("twins.ts");
  const changed = TWINS.replace("return read(key);", "return await read(key);");
  writeFiles(window.folder, { "twins.ts": changed });
  await waitForNotification(window, /The code has changed since it was selected/); // at once
  await expect.poll(proposal, SOON).toMatch(/The code has changed since it was selected/);
  engine.release();
  await finishWriting();
  await action("Apply").click();
  await action("Retry").click();
  await expect.poll(proposal, SOON).toMatch(/readAll/); // it can still be copied
  expect(await save(window, "twins.ts")).toBe(changed);
  // The old text again is not the old selection again.
  writeFiles(window.folder, { "twins.ts": TWINS });
  await expect
    .poll(() => diff().locator(".editor.original .view-lines").textContent(), SOON)
    .not.toMatch(/await/);
  await action("Apply").click();
  await waitForNotification(window, /The code has changed since it was selected/);
  expect(readFile(window, "twins.ts")).toBe(TWINS);
});

test("typing on the diff's left side into the selection ends it", async () => {
  engine.answer({ text: BETTER });
  await startRefactoring("typed.ts");
  await finishWriting();
  await diff().locator(".editor.original .view-line", { hasText: "read(key)" }).first().click();
  await press(window, "End");
  await type(window, " // x");
  await waitForNotification(window, /The code has changed since it was selected/);
  await action("Apply").click();
  expect((await save(window, "typed.ts")).match(/readAll/)).toBeNull();
});

test("another end-of-line sequence keeps the selection", async () => {
  engine.answer({ text: BETTER, held: true });
  await startRefactoring("eol.ts");
  writeFiles(window.folder, { "eol.ts": TWINS.replaceAll("\n", "\r\n") });
  await window.page.waitForTimeout(1500); // nothing on the screen tells when the editor has read it again
  engine.release();
  await finishWriting();
  await action("Apply").click();
  await window.page.locator(".tab.active.dirty", { hasText: "eol.ts" }).waitFor();
  expect(await save(window, "eol.ts")).toBe(
    TWINS.replace("read(key)", "readAll(key)").replaceAll("\n", "\r\n"),
  );
});

const refused: [name: string, script: ScriptedAnswer, shown: string, problem: RegExp][] = [
  [
    "cut off within a fence",
    { text: "```ts\nreturn readAll(", end: "max-tokens" },
    "return readAll(",
    /cut off/,
  ],
  [
    "repeating itself without an end",
    { text: `\`\`\`ts\nreturn read("${"12345".repeat(400)}` },
    'return read("12345',
    /repeated itself/,
  ],
  ["in words", { text: "I am sorry, but I cannot see what to change here." }, "I am sorry", /no code block/],
  [
    "Before and After",
    { text: `Before:\n\`\`\`ts\nreturn read(key);\n\`\`\`\nAfter:\n${BETTER}` },
    "After:",
    /2 code blocks/,
  ],
];
for (const [name, script, shown, problem] of refused)
  test(`an answer that is ${name} is shown, and Apply says why it is not applied`, async () => {
    engine.answer(script);
    await startRefactoring("refused.ts");
    await finishWriting();
    await waitForNotification(window, problem);
    await expect.poll(proposal, SOON).toContain(shown);
    await window.page.locator(".notifications-toasts").getByRole("button", { name: /Clear/ }).first().click();
    await action("Apply").click();
    await waitForNotification(window, problem);
    expect(readFile(window, "refused.ts")).toBe(TWINS);
  });

test("what had come when Stop was pressed is shown and not applied; Retry asks again", async () => {
  engine.answer({ text: BETTER, held: true });
  await startRefactoring("stopped.ts");
  await expect.poll(proposal, SOON).toMatch(/\ba\(\) \{\s+re\}/);
  await toast().getByRole("button", { name: "Cancel" }).click();
  await finishWriting();
  await action("Apply").click();
  await waitForNotification(window, /was stopped before its answer was complete/);
  expect(readFile(window, "stopped.ts")).toBe(TWINS);
  engine.answer({ text: "~~~ts\nreturn readAll(key);\n~~~" });
  await action("Retry").click();
  await expect.poll(proposal, SOON).toMatch(/readAll\(key\);/);
  await finishWriting();
  await action("Apply").click();
  await window.page.locator(".tab.active.dirty", { hasText: "stopped.ts" }).waitFor();
  expect(await save(window, "stopped.ts")).toBe(TWINS.replace("read(key)", "readAll(key)"));
});

test("Explain says what it waits for, and has nothing to copy until the model writes", async () => {
  engine.answer({ text: "It reads a key.", loaded: 0.47 });
  await openAt(window, "waits.ts", `‸${TWINS}`);
  await press(window, "Control+A");
  await command(window, "Foretype: Explain Selection");
  const panel = await openedPage(window, "Foretype Explain");
  const notice = () => panel.locator(".notice").textContent();
  await expect.poll(notice, SOON).toBe("The model is loading, 40%");
  expect(await panel.getByRole("button", { name: "Copy" }).isDisabled()).toBe(true);
  engine.release();
  await expect.poll(() => panel.locator(".conversation").textContent(), SOON).toContain("It reads a key.");
  await expect.poll(notice, SOON).toBe("");
  expect(await panel.getByRole("button", { name: "Copy" }).isDisabled()).toBe(false);
});

test("a cut-off explanation says so, and the next question is answered", async () => {
  engine.answer({ text: "It reads a key and", end: "max-tokens" });
  await openAt(window, "explained.ts", `‸${TWINS}`);
  await press(window, "Control+A");
  await command(window, "Foretype: Explain Selection");
  const panel = await openedPage(window, "Foretype Explain");
  const notice = () => panel.locator(".notice").textContent();
  await expect.poll(notice, { timeout: WRITES_MS }).toMatch(/cut off/);
  engine.answer({ text: "It returns what it has read." });
  await panel.locator("textarea").fill("And then?");
  await panel.locator("textarea").press("Enter");
  await expect
    .poll(() => panel.locator(".conversation").textContent(), { timeout: WRITES_MS })
    .toMatch(/It reads a key and[\s\S]*It returns what it has read/);
  await expect.poll(notice, SOON).toBe("");
});

test("an explanation with markup, links, images and hidden characters shows them as text", async () => {
  const answer = [
    "<img src=x onerror=document.title='taken'> <b>bold</b>",
    "[Fix](command:workbench.action.closeWindow) ![a](https://example.com/pixel.png)",
    "`if (admin\u202e)` \x1b[2J",
    "```ts</code><script>document.title='taken'</script>\na\n```",
  ].join("\n\n");
  engine.answer({ text: answer });
  await openAt(window, "hostile.ts", `‸${TWINS}`);
  await press(window, "Control+A");
  await command(window, "Foretype: Explain Selection");
  const panel = await openedPage(window, "Foretype Explain");
  const conversation = panel.locator(".conversation");
  await expect
    .poll(() => conversation.textContent(), SOON)
    .toMatch(/\(command:.*admin⟨U\+202E⟩.*⟨U\+001B⟩\[2J/s);
  await expect.poll(() => panel.locator(".notice").textContent(), SOON).toBe("");
  expect(await conversation.locator("img, a, b, script, iframe").count()).toBe(0);
  expect(await panel.evaluate("document.title")).toBe("Foretype Explain");
});
