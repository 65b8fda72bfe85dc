// What there is to see after some actions: the texts of all documents, whose suggestions they hold, and what the logs tell.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { press } from "../actions.ts";
import { headSum } from "../scripted_engine.ts";
import type { EditorWindow } from "../window.ts";
import type { Hands } from "./hands.ts";

const MARK = /gh0st(\d+)x([0-9a-z]{3})z/g;
const SAVED_MS = 2000;

export const marksIn = (text: string): string[] => [...text.matchAll(MARK)].map(([mark]) => mark);

/** Paths of the workspace's files. */
export const filesOf = (window: EditorWindow): string[] =>
  readdirSync(window.folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted();

export const isNotebook = (path: string): boolean => path.endsWith(".ipynb");

/** All files of the workspace as they are in the editors, each as one text or more: a notebook is its cells. */
async function documents(window: EditorWindow): Promise<{ path: string; text: string }[]> {
  await saveAll(window);
  return filesOf(window).flatMap((path) => {
    const text = readFileSync(join(window.folder, path), "utf8");
    return (isNotebook(path) ? cellsOf(text) : [text]).map((one) => ({ path, text: one }));
  });
}

/** Saves what is open; what has changed on the disk meanwhile is replaced, as the window's settings say. */
export async function saveAll(window: EditorWindow): Promise<void> {
  await press(window, "Control+Alt+S");
  const dirty = () => window.page.locator(".tab.dirty").count();
  await expect
    .poll(dirty, { timeout: SAVED_MS })
    .toBe(0)
    .catch(() => {}); // an editor without a file
}

interface Cell {
  readonly source: string | readonly string[];
}

function cellsOf(text: string): string[] {
  try {
    const { cells } = JSON.parse(text) as { cells: readonly Cell[] };
    return cells.map(({ source }) => (typeof source === "string" ? source : source.join("")));
  } catch {
    return [text]; // it was opened as a text, and edited
  }
}

/** Suggestions in documents that nobody accepted. */
export async function strangers({ window, accepted }: Hands): Promise<string[]> {
  return (await documents(window)).flatMap(({ path, text }) =>
    marksIn(text)
      .filter((mark) => !accepted.has(mark))
      .map((mark) => `${path}: ${mark}`),
  );
}

/** Notes each of these identifiers that is in a document and not after the text that it was made for. */
export async function lookAtPlaces({ window, misplaced }: Hands, marks: readonly string[]): Promise<void> {
  const lines = (await documents(window)).flatMap(({ text }) => text.split("\n"));
  for (const mark of marks) {
    const line = lines.find((one) => one.includes(mark));
    if (line === undefined) continue; // it was on the screen, and not accepted
    const head = line.slice(0, line.indexOf(mark));
    if (headSum(head) !== mark.slice(-4, -1)) misplaced.push(`${mark} after ${JSON.stringify(head)}`);
  }
}

/** Lines of all logs that tell of an exception in our code. */
export function exceptions({ profile }: EditorWindow): string[] {
  const paths = readdirSync(profile, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => path.endsWith(".log") && existsSync(join(profile, path)))
    .flatMap((path) => {
      const ours = /foretype/i.test(path);
      const tells = ours
        ? /\[error\]|TypeError|RangeError/
        : /foretype\.foretype.*\[error\]|\[error\].*foretype\.foretype|extension(_of_test)?\.cjs:\d/i;
      const lines = readFileSync(join(profile, path), "utf8").split("\n");
      return lines.filter((line) => tells.test(line)).map((line) => `${path}: ${line}`);
    });
}
