import { expect, test } from "vitest";
import { closeEditors, openAt, press, statusBar, type, whyRows } from "./support/actions.ts";
import { traces } from "./support/diagnostics.ts";
import { ANSWER_MS, ghost, waitForGhost, waitForNoGhost } from "./support/ghost.ts";
import { SEVERAL, STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";

const window = useWindow();

const LONG = `    const values = [${"alpha + beta, ".repeat(4)}gamma];`;

test("14 long lines above the cursor leave the item well, and what is typed is answered", async () => {
  expect(LONG.length).toBeGreaterThanOrEqual(75);
  await openAt(window, "wide.ts", `export function wide(): void {\n${`${LONG}\n`.repeat(13)}    ‸\n}\n`);
  await type(window, "const values = [alpha + beta, alpha + beta, alpha + beta, alpha + beta, gamma");
  await press(window, "End", "Enter");
  await type(window, "values");
  await press(window, "Alt+Backslash");
  const asked = async () => (await traces(window)).at(-1)!.outcome;
  await expect.poll(asked, { timeout: ANSWER_MS }).not.toMatchObject({ id: "no-answer" });
  const outcomes = (await traces(window)).map(({ outcome }) => outcome.id);
  expect(outcomes).not.toContain("engine-error");
  expect((await statusBar(window)).label).toMatch(/Ready|Collecting/);
  await closeEditors(window);
});

test("a line of 12,000 characters three lines above is no error", async () => {
  const line = `const data = "${"lorem ipsum ".repeat(1000)}";`;
  await openAt(window, "data.ts", `${line}\n\n${STACK}`);
  await type(window, "this");
  expect(await waitForGhost(window)).not.toBe("");
  expect((await statusBar(window)).label).toMatch(/Ready|Collecting/);
  await closeEditors(window);
});

test("Escape lasts: the suggestion comes back neither by waiting, nor by going away and back, nor by deleting; asked for, it does", async () => {
  await openAt(window, "escape.ts", STACK);
  await type(window, "this");
  const shown = await waitForGhost(window);
  await press(window, "Escape");
  await waitForNoGhost(window);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await ghost(window)).toBe("");
  await press(window, "ArrowUp", "ArrowDown", "End");
  await type(window, "x");
  await press(window, "Backspace");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await ghost(window)).toBe("");
  expect((await whyRows(window))[0]).toMatch(/dismissed/);
  await press(window, "Alt+Backslash");
  expect(await waitForGhost(window)).toBe(shown);
  await closeEditors(window);
});

test("Escape on a block that is still written: what is written after that does not bring it back", async () => {
  await openAt(window, "grows.py", SEVERAL);
  await press(window, "Alt+Backslash");
  await expect.poll(() => ghost(window), { timeout: ANSWER_MS, interval: 20 }).not.toBe("");
  await press(window, "Escape");
  await waitForNoGhost(window);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await ghost(window)).toBe("");
});
