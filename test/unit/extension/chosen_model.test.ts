import { expect, test } from "vitest";
import { createEditHistory } from "../../../engine/complete/edits/history.ts";
import { createRefusals } from "../../../engine/complete/edits/refusals.ts";
import { type EditModel, NO_COST } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { chosenModelSource } from "../../../extension/next_edit/chosen_model.ts";

const URI = "file:///a.ts";
const MISSING = new UserError({
  code: "file-missing",
  problem: "There is no file",
  advice: "choose another",
});

/** A document with an edit, and a model that answers with nothing, or fails. */
function setUp(nextEdit: "off" | "repeat" | "model", path: string, fails = false) {
  const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
  history.open({ uri: URI, path: "a.ts", languageId: "typescript" }, "use(a);\nuse(b);\n");
  history.changed(URI, [{ offset: 4, removed: 1, inserted: "other" }], "typed");
  const current = {
    nextEdit,
    nextEditModel: { path },
    pipeline: { eagerness: "eager" as const, exclude: [] as string[] },
    context: { openFiles: true },
  };
  const reported: unknown[] = [];
  let asked = 0;
  let filesAsked = 0;
  const filesFor = () => {
    filesAsked++;
    return [];
  };
  const model: EditModel = {
    // biome-ignore lint/correctness/useYield: it says nothing
    async *edit() {
      asked++;
      if (fails) throw MISSING;
      return { reason: "end", ...NO_COST };
    },
  };
  const source = chosenModelSource({
    settings: { current },
    model,
    filesFor,
    report: (error) => reported.push(error),
  });
  const ask = (signal = new AbortController().signal) =>
    source({ uri: URI, cursor: 9, history, refusals: createRefusals() }, signal);
  return { ask, current, reported, asked: () => asked, filesAsked: () => filesAsked };
}

const SWEEP = "/models/sweep-next-edit-0.5b.q8_0.gguf";

test("a model is asked only where the user has turned it on", async () => {
  const it = setUp("repeat", SWEEP);
  expect(await it.ask()).toBeUndefined();
  expect(it.asked()).toBe(0);
  it.current.nextEdit = "model";
  expect(typeof (await it.ask())).toBe("string");
  expect(it.asked()).toBe(1);
});

test("a model whose name tells no format is not asked, and another name is looked at anew", async () => {
  const it = setUp("model", "mini");
  expect(await it.ask()).toBe("model-format");
  expect(it.asked()).toBe(0);
  it.current.nextEditModel = { path: SWEEP };
  await it.ask();
  expect(it.asked()).toBe(1);
});

test("what is wrong with a model is said once, and not where nobody waits for it any more", async () => {
  const it = setUp("model", SWEEP, true);
  await it.ask(AbortSignal.abort());
  expect(it.reported).toEqual([]);
  expect(await it.ask()).toBe("failed");
  expect(await it.ask()).toBe("failed");
  expect(it.reported).toEqual([MISSING]);
  it.current.nextEditModel = { path: SWEEP.replace("0.5b", "1.5b") };
  await it.ask();
  expect(it.reported).toEqual([MISSING, MISSING]);
});

test("other files are asked for once while the window is kept, and again when fewer of them may be read", async () => {
  const it = setUp("model", SWEEP);
  await it.ask();
  await it.ask();
  expect(it.filesAsked()).toBe(1);
  it.current.pipeline.exclude = ["b.ts"];
  await it.ask();
  expect(it.filesAsked()).toBe(2);
  it.current.context.openFiles = false;
  await it.ask();
  expect(it.filesAsked()).toBe(3);
});
