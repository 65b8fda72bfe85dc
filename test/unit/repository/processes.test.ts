import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** How many calls in a file start a process. */
const starts = (text: string): number =>
  text.includes("node:child_process")
    ? [...text.matchAll(/(?<![.\w])(fork|spawn|exec|execFile)\(/g)].length
    : 0;

test("every process that the product starts has no console window on Windows", () => {
  const files = ["engine", "extension"].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
  );
  const found = files
    .map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }))
    .filter(({ text }) => starts(text) > 0);
  expect(found.length).toBeGreaterThanOrEqual(3);
  const hidden = (text: string) => text.split("windowsHide: true").length - 1;
  expect(found.filter(({ text }) => hidden(text) < starts(text)).map(({ path }) => path)).toEqual([]);
});
