// What hands do with a notebook: its cells are documents of their own. In a text the same keys are keys.
import { press } from "../actions.ts";
import { intoText, open } from "./focus.ts";
import { type Action, type Hands, pick } from "./hands.ts";
import { filesOf, isNotebook } from "./looks.ts";

export const NOTEBOOK = JSON.stringify({
  cells: ["items = [1, 2]\n", "total = sum(items)\n", "print(total)\n"].map((source) => ({
    cell_type: "code",
    metadata: {},
    source: [source],
    outputs: [],
    execution_count: null,
  })),
  metadata: { language_info: { name: "python" } },
  nbformat: 4,
  nbformat_minor: 5,
});

/** Puts the focus on a cell as a whole, in a notebook that may have to be opened. */
async function toCells(hands: Hands): Promise<void> {
  const { window, random } = hands;
  const path = pick(filesOf(window).filter(isNotebook), random);
  await open(window, path);
  await intoText(hands);
  await press(window, "Escape", "Escape");
}

const onCells =
  (then: (hands: Hands) => Promise<string>): Action["act"] =>
  async (hands) => {
    await toCells(hands);
    const did = await then(hands);
    await intoText(hands);
    return did;
  };

const pressing =
  (...choices: readonly (readonly string[])[]) =>
  async ({ window, random }: Hands): Promise<string> => {
    const keys = pick(choices, random);
    await press(window, ...keys);
    return keys.join(" ");
  };

async function editCell(hands: Hands): Promise<string> {
  const { window, random } = hands;
  const moves = pick([["ArrowUp"], ["ArrowDown"], ["ArrowDown", "ArrowDown"]], random);
  await press(window, ...moves, "Enter");
  await window.page.keyboard.type(pick(["total = ", "items.append(", "return ", "for a in "], random));
  await window.page.waitForTimeout(Math.floor(random() * 400));
  return moves.join(" ");
}

export const CELLS: readonly Action[] = [
  { name: "edit a cell", weight: 5, act: onCells(editCell) },
  { name: "add a cell", weight: 1.5, act: onCells(pressing(["b"], ["a"])) },
  { name: "delete a cell", weight: 0.5, act: onCells(pressing(["d", "d"])) },
  { name: "move a cell", weight: 0.5, act: onCells(pressing(["Alt+ArrowUp"], ["Alt+ArrowDown"])) },
  { name: "undo in cells", weight: 0.5, act: onCells(pressing(["z"], ["z", "z"])) },
  { name: "text and code cell", weight: 0.4, act: onCells(pressing(["m", "y"], ["y"])) },
];
