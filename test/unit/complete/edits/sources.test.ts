import { expect, test } from "vitest";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { createNextEdit } from "../../../../engine/complete/edits/next_edit.ts";
import { editorOf, type NextEditEvent } from "../../../../engine/complete/edits/screen.ts";
import type { EditPlace, EditQuestion, EditSource } from "../../../../engine/complete/edits/sources.ts";
import { createVirtualClock } from "../../../../engine/complete/replay/virtual_clock.ts";

const URI = "file:///a.ts";
const TEXT = "first();\nsecond();\nthird();\nfourth();\n";

/** A source that answers when the test says so. */
function scripted() {
  const asked: {
    question: EditQuestion;
    signal: AbortSignal;
    answer: (places: readonly EditPlace[]) => void;
  }[] = [];
  const source: EditSource = (question, signal) =>
    new Promise((answer) => asked.push({ question, signal, answer }));
  return { source, asked };
}

/** Replaces a line's text, or lines', by what a model says. */
const replace = (text: string, old: string, fresh: string): EditPlace => {
  const start = text.indexOf(old);
  return { uri: URI, start, end: start + old.length, old, fresh, source: "model" };
};

function setUp(...sources: EditSource[]) {
  const time = createVirtualClock();
  const events: NextEditEvent["kind"][] = [];
  const errors: unknown[] = [];
  const history = createEditHistory({ clock: time.clock, isExcluded: () => false });
  const next = createNextEdit({
    clock: time.clock,
    history,
    sources,
    onEvent: ({ kind }) => events.push(kind),
    onError: (error) => errors.push(error),
  });
  history.open({ uri: URI, path: "a.ts", languageId: "typescript" }, TEXT);
  next.moved({ ...editorOf(URI), cursor: TEXT.indexOf("second") });
  const wait = (ms: number) => {
    const until = time.clock.now() + ms;
    while (time.step(until));
  };
  const edit = (offset: number, removed: number, inserted: string, reason?: "accepted" | "undo") =>
    history.changed(URI, [{ offset, removed, inserted }], reason);
  const text = () => history.get(URI)!.text;
  /** Presses Tab, and does what it says. */
  const tab = () => {
    const action = next.tab();
    if (action.kind === "jump") next.moved({ ...editorOf(URI), cursor: action.offset });
    if (action.kind === "edit") {
      edit(action.change.offset, action.change.removed, action.change.inserted, "accepted");
      next.moved({ ...editorOf(URI), cursor: action.cursor });
    }
    return action.kind;
  };
  return { next, time, events, errors, wait, edit, text, tab };
}

const tick = () => new Promise(setImmediate);

test("a model's edits above and below the cursor: Tab goes to each and takes it, the rest of the answer without asking again", async () => {
  const model = scripted();
  const { next, events, wait, edit, text, tab } = setUp(model.source);
  edit(TEXT.indexOf("second"), 6, "other");
  wait(500);
  expect(next.view()).toMatchObject({ kind: "none", silence: { id: "waiting" } });
  const now = text();
  model.asked[0]!.answer([
    { ...replace(now, "third();\nfourth();", "third(1);\nmore();\nfourth(2);"), cursor: 8 },
    replace(now, "first()", "zero()"),
  ]);
  await next.settled();
  wait(300);
  expect(next.view()).toMatchObject({ kind: "shown", tab: "jump", proposal: { line: 2, lastLine: 3 } });
  expect([tab(), tab()]).toEqual(["jump", "edit"]);
  expect(next.view()).toMatchObject({ kind: "shown", tab: "jump", proposal: { line: 0, fresh: "zero()" } });
  expect(model.asked).toHaveLength(1);
  expect([tab(), tab()]).toEqual(["jump", "edit"]);
  expect(text()).toBe("zero();\nother();\nthird(1);\nmore();\nfourth(2);\n");
  expect(model.asked).toHaveLength(2); // what follows from the last one
  expect(events).toEqual(["shown", "jumped", "accepted", "shown", "jumped", "accepted"]);
});

test("a key while a source works aborts it, and its answer is never shown", async () => {
  const model = scripted();
  const { next, wait, edit, text } = setUp(model.source);
  edit(TEXT.indexOf("second"), 6, "other");
  wait(500);
  edit(text().indexOf("();\nthird"), 0, "s");
  expect(model.asked[0]!.signal.aborted).toBe(true);
  model.asked[0]!.answer([replace(text(), "first()", "zero()")]);
  await tick();
  expect(next.view().kind).toBe("none");
  wait(600);
  expect(model.asked).toHaveLength(2);
  model.asked[1]!.answer([replace(text(), "first()", "zero()")]);
  await next.settled();
  expect(next.view()).toMatchObject({ kind: "shown", proposal: { fresh: "zero()" } });
});

test("the first source that has a place is shown, and a later one is not asked", async () => {
  const model = scripted();
  const first: EditSource = async ({ history }) => [replace(history.get(URI)!.text, "third", "thrice")];
  const { next, wait, edit } = setUp(async () => "nowhere", first, model.source);
  edit(TEXT.indexOf("second"), 6, "other");
  wait(500);
  await next.settled();
  expect(next.view()).toMatchObject({ kind: "shown", proposal: { fresh: "thrice" } });
  expect(model.asked).toEqual([]);
});

test("a place whose text is another by now is passed over", async () => {
  const stale: EditPlace = { ...replace(TEXT, "third", "thrice"), old: "thirdly" };
  const { next, wait, edit } = setUp(async () => [stale, replace(TEXT, "first", "zero")]);
  edit(TEXT.indexOf("second"), 6, "sEcond");
  wait(700);
  await next.settled();
  expect(next.view()).toMatchObject({ kind: "shown", proposal: { fresh: "zero" } });
});

test("a source that throws is silent, and the error is told", async () => {
  const { next, errors, wait, edit } = setUp(() => Promise.reject(new Error("no")));
  edit(TEXT.indexOf("second"), 6, "other");
  wait(500);
  await next.settled();
  expect(next.view()).toMatchObject({ kind: "none", silence: { id: "failed" } });
  expect(errors).toEqual([new Error("no")]);
});

/** Two words of the document, where they are not refused. */
const twoWords: EditSource = async ({ history, refusals }) => {
  const { text } = history.get(URI)!;
  const places = [replace(text, "first", "zero"), replace(text, "third", "thrice")];
  return places.filter((place) => place.start >= 0 && !refusals.has(URI, place));
};

test("counted: refused, and something else typed there", async () => {
  const { next, events, wait, edit, text } = setUp(twoWords);
  edit(TEXT.indexOf("second"), 6, "other");
  wait(500);
  await next.settled();
  expect(next.view().kind).toBe("shown");
  expect(events).toEqual([]); // for less than 250 ms so far
  next.escape();
  edit(text().indexOf("other"), 5, "others");
  wait(700);
  await next.settled();
  expect(next.view().kind).toBe("shown");
  edit(text().indexOf("third") + 2, 0, "#");
  expect(events).toEqual(["shown", "refused", "shown", "typed"]);
});

for (const [laterMs, isUndone] of [
  [9_000, true],
  [11_000, false],
] as const)
  test(`counted: ${isUndone ? "" : "not "}taken back where it is undone after ${laterMs} ms`, async () => {
    const { next, events, wait, edit, text, tab } = setUp(twoWords);
    edit(TEXT.indexOf("second"), 6, "other");
    wait(500);
    await next.settled();
    expect([tab(), tab()]).toEqual(["jump", "edit"]);
    expect(text()).toContain("zero();");
    wait(laterMs);
    edit(0, 4, "first", "undo");
    expect(events.filter((kind) => kind === "undone")).toEqual(isUndone ? ["undone"] : []);
  });

test("the user may ask, however long ago the last edit was", async () => {
  let asked = 0;
  const { next, wait, edit } = setUp(async () => {
    asked++;
    return "nowhere";
  });
  edit(TEXT.indexOf("second"), 6, "other");
  wait(60_000);
  await next.settled();
  expect(asked).toBe(1);
  await next.ask();
  expect(asked).toBe(2);
});
