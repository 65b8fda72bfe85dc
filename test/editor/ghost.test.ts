import { expect, test } from "vitest";
import { openAt, press, save, type } from "./support/actions.ts";
import { traces } from "./support/diagnostics.ts";
import { ANSWER_MS, framesDuring, ghost, waitForGhost, waitForNoGhost } from "./support/ghost.ts";
import { PYTHON, SEVERAL, STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";

const window = useWindow();

/** Opens a file of this text, types, and waits for ghost text, which it answers. */
async function suggest(path: string, marked: string, typed: string): Promise<string> {
  await openAt(window, path, marked);
  await type(window, typed);
  return waitForGhost(window);
}

test("in TypeScript, ghost text follows what is typed, and Tab takes all of it", async () => {
  const shown = await suggest("tab.ts", STACK, "this");
  await press(window, "Tab");
  await waitForNoGhost(window);
  expect(await save(window, "tab.ts")).toBe(STACK.replace("‸", `this${shown}`));
});

test("in Python, ghost text follows what is typed, and Tab takes all of it", async () => {
  const shown = await suggest("tab.py", PYTHON, "self.");
  await press(window, "Tab");
  expect(await save(window, "tab.py")).toBe(PYTHON.replace("‸", `self.${shown}`));
});

test("Control+Right takes one word and keeps the rest", async () => {
  const shown = await suggest("word.ts", STACK, "this");
  await press(window, "Control+ArrowRight");
  await expect.poll(() => ghost(window)).not.toBe(shown);
  const rest = await ghost(window);
  expect(rest).not.toBe("");
  const word = shown.slice(0, shown.length - rest.length);
  expect(shown).toBe(word + rest);
  expect(await save(window, "word.ts")).toBe(STACK.replace("‸", `this${word}`));
});

test("Accept Next Line takes the first line", async () => {
  const shown = await suggest("line.ts", STACK, "this");
  await press(window, "Control+Alt+L");
  await expect.poll(() => ghost(window)).not.toBe(shown);
  const [line] = shown.split("\n");
  expect(await save(window, "line.ts")).toContain(`\n      this${line}`);
});

test("Escape takes the ghost text away", async () => {
  await suggest("escape.ts", STACK, "this");
  await press(window, "Escape");
  await waitForNoGhost(window);
  expect(await save(window, "escape.ts")).toBe(STACK.replace("‸", "this"));
});

test("typing along a suggestion never changes what is painted, and asks the model nothing", async () => {
  const shown = await suggest("along.ts", STACK, "this");
  const typed = (shown.split("\n")[0] ?? "").slice(0, 7);
  const startMs = Date.now();
  const frames = await framesDuring(window, async () => {
    await type(window, typed);
    await expect.poll(() => ghost(window)).toBe(shown.slice(typed.length));
  });
  const endMs = Date.now();
  expect(new Set(frames.map(({ line }) => line))).toEqual(new Set([frames[0]!.line]));
  for (const frame of frames) expect(shown.endsWith(frame.ghost) && frame.ghost !== "").toBe(true);
  await press(window, "Tab");
  expect(await save(window, "along.ts")).toBe(STACK.replace("‸", `this${shown}`));
  const asked = (await traces(window)).filter(
    ({ at, trigger }) => at >= startMs && at <= endMs && trigger !== "speculative",
  );
  const sources = asked.map(({ source }) => source);
  expect(sources.length).toBeGreaterThan(0); // quick keys may share a question
  expect(new Set(sources)).toEqual(new Set(["typed-through"]));
});

test("a file with CRLF keeps it, in what is accepted too", async () => {
  const crlf = STACK.replaceAll("\n", "\r\n");
  const shown = await suggest("crlf.ts", crlf, "this");
  await press(window, "Tab");
  const saved = await save(window, "crlf.ts");
  expect(saved).toBe(crlf.replace("‸", `this${shown.replaceAll("\n", "\r\n")}`));
  expect(saved).not.toMatch(/[^\r]\n/);
});

test("on the blank line of a new block a suggestion of several lines is shown, and taken as a whole", async () => {
  const block = SEVERAL.replace(":\n        ‸", ":‸");
  expect(block).not.toBe(SEVERAL);
  await openAt(window, "block.py", block);
  await press(window, "Enter");
  await expect.poll(() => ghost(window), { timeout: ANSWER_MS }).toContain("\n");
  const shown = await waitForGhost(window);
  await press(window, "Tab");
  expect(await save(window, "block.py")).toBe(SEVERAL.replace("‸", shown));
});
