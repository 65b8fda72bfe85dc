import { expect, test } from "vitest";
import { createContext, type NotebookCell } from "../../../engine/complete/index.ts";
import { questionAt } from "../support/pipeline.ts";

const PATH = "lab/plan.ipynb";
const uriOf = (index: number) => `vscode-notebook-cell:/w/${PATH}#W${index}`;

/** The chunk of a notebook's cells, asked for in the cell of this index. `#` begins a cell of prose. */
function chunks(
  texts: readonly string[],
  own: number,
  more: Partial<Parameters<typeof createContext>[0]> = {},
) {
  const cells = texts.flatMap((text, index): NotebookCell[] =>
    index === own
      ? []
      : [
          {
            uri: uriOf(index),
            path: PATH,
            languageId: text.startsWith("#") ? "markdown" : "python",
            kind: text.startsWith("#") ? "prose" : "code",
            text,
            above: index < own,
          },
        ],
  );
  const { document } = questionAt("total = █", { path: PATH, languageId: "python" });
  return createContext({
    budget: () => 1000,
    openDocuments: () => [],
    recentEdits: () => [],
    definitions: () => [],
    notebook: () => cells,
    isExcluded: () => false,
    ...more,
  }).chunks({ ...document, uri: uriOf(own) }, document.text.length);
}

test("a notebook's other cells are one piece, in their order, prose as comments", () => {
  expect(chunks(["import numpy as np", "# Data\nof 2020", "x = 1", "total = ", "y = 2"], 3)).toEqual([
    { path: PATH, text: "import numpy as np\n\n# # Data\n# of 2020\n\nx = 1\n\ny = 2" },
  ]);
});

test("where there is little room, the nearest cells above are kept, and of the farthest its last lines", () => {
  const cells = ["first = 1", `long = [\n${"  1,\n".repeat(40)}]`, "near = 3", "own", "below = 4"];
  const [chunk] = chunks(cells, 3, { budget: () => 40 });
  expect(chunk!.text).toMatch(/^ {2}1,\n/);
  expect(chunk!.text).toMatch(/\n\]\n\nnear = 3$/);
  expect(chunk!.text).not.toMatch(/first|below/);
});

test("below the first cell there is only what follows", () => {
  expect(chunks(["own", "a = 1", "b = 2"], 0)[0]!.text).toBe("a = 1\n\nb = 2");
});

test("an edit of another cell is not said twice, and other files come before the cells", () => {
  const edit = (uri: string, path: string, text: string) => ({ uri, path, text, atMs: 1 });
  const found = chunks(["alpha = beta", "own"], 1, {
    recentEdits: () => [edit(uriOf(0), PATH, "alpha"), edit("file:///w/m.py", "m.py", "gamma = delta")],
  });
  expect(found.map(({ path }) => path)).toEqual(["m.py", PATH]);
});

test("a notebook without other cells, an empty one and an excluded one give nothing", () => {
  expect(chunks(["own"], 0)).toEqual([]);
  expect(chunks(["", "own", "  "], 1)).toEqual([]);
  expect(chunks(["a = 1", "own"], 1, { isExcluded: ({ path }) => path === PATH })).toEqual([]);
});

test("two files of the same path are two files", () => {
  const text = "export const shared = sumOfSquares(values);";
  const { document } = questionAt("const total = sumOfSquares(values);█", { path: "src/x.ts" });
  const others = createContext({
    budget: () => 1000,
    openDocuments: () => [],
    recentEdits: () => [],
    definitions: () => [{ uri: "file:///other/src/x.ts", path: "src/x.ts", text }],
    isExcluded: () => false,
  });
  expect(others.chunks(document, 0)).toEqual([{ path: "src/x.ts", text }]);
});
