import type { ReadableFile } from "../contract.ts";
import type { Chunk } from "./chunk.ts";

/** A cell of a notebook, without its output. */
export interface NotebookCell extends ReadableFile {
  readonly languageId: string;
  readonly text: string;
  readonly kind: "code" | "prose";
  /** Whether it comes before the cell that is asked about. */
  readonly above: boolean;
}

const BETWEEN = "\n\n";

/**
 * The other cells of a notebook, in their order, in `room` characters: those above that are nearest, then those below. What is
 * prose is written as comments of the language that is asked about.
 */
export function notebookChunk(
  cells: readonly NotebookCell[],
  languageId: string,
  room: number,
): Chunk | undefined {
  const [first] = cells;
  if (!first) return undefined;
  let left = room - first.path.length;
  const texts = cells.map((cell) => textOf(cell, languageId));
  const kept = texts.map(() => "");
  const boundary = cells.findLastIndex(({ above }) => above) + 1;

  for (let index = boundary - 1; index >= 0; index--) {
    const text = texts[index]!;
    kept[index] = text.length <= left ? text : lastLines(text, left);
    left -= text.length + BETWEEN.length;
    if (left <= 0) break;
  }
  for (let index = boundary; index < cells.length && texts[index]!.length <= left; index++) {
    kept[index] = texts[index]!;
    left -= kept[index]!.length + BETWEEN.length;
  }
  const text = kept.filter((one) => one !== "").join(BETWEEN);
  return text === "" ? undefined : { path: first.path, text };
}

function textOf({ kind, text }: NotebookCell, languageId: string): string {
  const plain = text.replaceAll("\r\n", "\n").trim();
  if (kind === "code" || plain === "" || PROSE.has(languageId)) return plain;
  const mark = COMMENTS.get(languageId) ?? "#";
  return plain
    .split("\n")
    .map((line) => `${mark} ${line}`.trimEnd())
    .join("\n");
}

/** Whole lines at the end of a text, at most `length` characters of them. */
function lastLines(text: string, length: number): string {
  const start = text.indexOf("\n", Math.max(0, text.length - length - 1));
  return start === -1 || length <= 0 ? "" : text.slice(start + 1);
}

const PROSE = new Set(["markdown", "plaintext", "raw"]);

/** What a comment of a line begins with, where it is not `#`. */
const COMMENTS: ReadonlyMap<string, string> = new Map([
  ...marked(
    "//",
    "c cpp csharp cuda-cpp dart fsharp go java javascript javascriptreact kotlin kusto php rust scala swift",
  ),
  ...marked("//", "typescript typescriptreact"),
  ...marked("--", "ada haskell lua sql"),
  ...marked("%", "erlang latex matlab prolog"),
  ...marked(";;", "clojure lisp scheme"),
]);

function marked(mark: string, languageIds: string): [languageId: string, mark: string][] {
  return languageIds.split(" ").map((id) => [id, mark]);
}
