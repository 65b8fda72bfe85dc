import { expect, test } from "vitest";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { repeatOf } from "../../../../engine/complete/edits/repeat.ts";

test("without the parser of a language that has one, nothing is repeated that was made once", () => {
  const answerIn = (languageId: string) => {
    const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
    history.open({ uri: "a", path: "a", languageId }, "let itemCount = 0;\nprint(itemCount);\n");
    history.changed("a", [{ offset: 4, removed: 4, inserted: "entry" }], "typed");
    return repeatOf({ document: history.get("a")!, languageId, cursor: 0 });
  };
  expect(answerIn("typescript")).toBe("made-once");
  expect(answerIn("lua")).toMatchObject({ made: 1, places: [{ old: "itemCount", fresh: "entryCount" }] });
});
