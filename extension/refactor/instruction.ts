import * as vscode from "vscode";

const HISTORY_KEY = "refactor.history";
const HISTORY = 10;

/** Asks for an instruction: typed freely, or one of the presets, the user's own, or those used lately. */
export function askInstruction(
  context: vscode.ExtensionContext,
  presets: readonly string[],
  value = "",
): Promise<string | undefined> {
  const history = context.globalState.get<string[]>(HISTORY_KEY, []);
  const group = (label: string, instructions: readonly string[]): vscode.QuickPickItem[] =>
    instructions.length === 0
      ? []
      : [
          { label, kind: vscode.QuickPickItemKind.Separator },
          ...instructions.map((instruction) => ({ label: instruction })),
        ];
  const offered = [
    ...group("recent", history),
    ...group("your presets", presets),
    ...group("presets", [
      "Simplify this code",
      "Extract a function with a good name",
      "Rename things for clarity",
      "Add types",
      "Add error handling",
      "Add documentation comments",
    ]),
  ];

  return new Promise((resolve) => {
    const pick = vscode.window.createQuickPick();
    pick.title = "Refactor Selection";
    pick.placeholder = "What should change? Type an instruction, or choose one.";
    pick.value = value;
    pick.matchOnDescription = true;
    // What is typed is an instruction too, and comes first. The list never changes its length: an Enter that overtakes
    // its update must not choose another entry.
    const show = () => {
      const label = pick.value.trim() || "Type an instruction";
      pick.items = [{ label, alwaysShow: true }, ...offered];
    };
    show();
    pick.onDidChangeValue(show);
    pick.onDidAccept(() => {
      const [selected] = pick.selectedItems;
      const chosen = offered.find(({ label, kind }) => kind === undefined && label === selected?.label);
      const instruction = chosen?.label ?? pick.value.trim();
      if (instruction === "") return;
      const recent = [instruction, ...history.filter((earlier) => earlier !== instruction)];
      void context.globalState.update(HISTORY_KEY, recent.slice(0, HISTORY));
      resolve(instruction);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined); // nothing, where it was accepted
      pick.dispose();
    });
    pick.show();
  });
}
