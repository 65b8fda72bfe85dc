import { describe, expect, test } from "vitest";
import { applyChange, type DocumentChange } from "../../../../engine/complete/edits/changes.ts";
import { createEditHistory, MAX_CHARACTERS } from "../../../../engine/complete/edits/history.ts";
import { exclusionOf } from "../../../../engine/complete/index.ts";
import { seededRandom } from "../../../reference/random.ts";
import { testSeed } from "../../../reference/seed.ts";

const file = { uri: "file:///a.ts", path: "a.ts", languageId: "typescript" };

function historyOf(text: string, exclude: readonly string[] = []) {
  let nowMs = 0;
  let rules = exclude;
  const history = createEditHistory({
    clock: { now: () => nowMs },
    isExcluded: (one) => exclusionOf(one, rules) !== undefined,
  });
  history.open(file, text);
  const now = () => history.get(file.uri)!;
  return {
    history,
    now,
    pass: (ms: number) => {
      nowMs += ms;
    },
    exclude: (entry: string) => {
      rules = [entry];
    },
    /** Replaces a text that stands once. */
    change: (old: string, inserted: string, reason?: Parameters<typeof history.changed>[2]) =>
      history.changed(file.uri, [{ offset: now().text.indexOf(old), removed: old.length, inserted }], reason),
    edits: () => now().edits.map(({ before, after, reason }) => ({ before, after, reason })),
  };
}

describe("an edit", () => {
  test("is widened to whole words, and grows with the keys that touch it", () => {
    const it = historyOf("let userCount = 1;");
    it.change("user", "");
    it.change("Count", "memberCount");
    expect(it.edits()).toEqual([{ before: "userCount", after: "memberCount", reason: "typed" }]);
  });

  test("that is typed and taken back is none, and the place counts as undone", () => {
    const it = historyOf("let user = 1;");
    it.change("user", "member");
    it.change("member", "user");
    expect(it.edits()).toEqual([]);
    expect(it.now().undone).toMatchObject([{ start: 4, end: 8 }]);
  });

  test("that is touched again after another one keeps what was there first", () => {
    const it = historyOf("a.user(b);");
    it.change("user", "membr");
    it.change("(b", "(c");
    it.change("membr", "member");
    expect(it.now().edits.at(-1)).toMatchObject({ before: "membr", after: "member", origin: "user" });
  });

  test("of the user's is not joined with an accepted one", () => {
    const it = historyOf("let user = 1;");
    it.change("user", "member", "accepted");
    it.change("member", "members");
    expect(it.edits().map(({ reason }) => reason)).toEqual(["accepted", "typed"]);
  });

  test("that undo takes back is gone, and known by its place", () => {
    const it = historyOf("let user = 1;");
    it.change("user", "member");
    it.change("member", "user", "undo");
    expect(it.edits()).toEqual([]);
    expect(it.now().undone).toMatchObject([{ before: "user", after: "member", start: 4, end: 8 }]);
  });
});

describe("what a change is taken for", () => {
  const lines = (text: string) => Array.from({ length: 12 }, (_, n) => `${text}${n}`).join("\n");
  const cases: [name: string, changes: DocumentChange[], reason: string][] = [
    ["one place", [{ offset: 0, removed: 1, inserted: "b" }], "typed"],
    [
      "white space in two places",
      [
        { offset: 1, removed: 1, inserted: "" },
        { offset: 2, removed: 0, inserted: " " },
      ],
      "format",
    ],
    [
      "two places",
      [
        { offset: 0, removed: 1, inserted: "b" },
        { offset: 4, removed: 1, inserted: "2" },
      ],
      "bulk",
    ],
    ["many lines", [{ offset: 0, removed: 0, inserted: lines("x") }], "bulk"],
  ];
  test.each(cases)("%s", (_, changes, reason) => {
    expect(historyOf("a = 1;").history.changed(file.uri, changes)).toBe(reason);
  });

  test("a whole document for another one is read again; with other white space it is formatted", () => {
    expect(historyOf(lines("a ")).change(lines("a "), lines("b "))).toBe("reload");
    expect(historyOf(lines("a ")).change(lines("a "), lines(" a"))).toBe("format");
  });

  test("after many places at once, or another program, nothing of before is left", () => {
    for (const reason of ["bulk", "reload"] as const) {
      const it = historyOf("let user = 1;");
      it.change("user", "member");
      it.change("1", "2", reason);
      expect(it.edits(), reason).toEqual([]);
      expect(it.history.hunks(file.uri), reason).toEqual([]);
    }
  });

  test("a formatter moves edits, and is none", () => {
    const it = historyOf("let  user = 1;");
    it.change("user", "member");
    it.change("let  ", "let ", "format");
    expect(it.edits()).toHaveLength(1);
    expect(it.now().edits[0]).toMatchObject({ start: 4, end: 10, stands: true });
  });
});

describe("hunks", () => {
  const text = Array.from({ length: 30 }, (_, n) => `line ${n};`).join("\n");

  test("are whole lines; those within 8 lines and 1 s are one", () => {
    const it = historyOf(text);
    it.change("line 2;", "line two;");
    it.pass(900);
    it.change("line 10;", "line ten;");
    const [hunk, ...more] = it.history.hunks(file.uri);
    expect(more).toEqual([]);
    expect(hunk!.before.split("\n")).toHaveLength(9);
    expect(hunk!.before.startsWith("line 2;")).toBe(true);
    expect(hunk!.after.endsWith("line ten;")).toBe(true);
  });

  test.each([
    ["after a longer pause", 1100, "line 4;"],
    ["farther off", 100, "line 11;"],
  ])("%s another one begins", (_, ms, second) => {
    const it = historyOf(text);
    it.change("line 2;", "line two;");
    it.pass(ms);
    it.change(second, "x");
    expect(it.history.hunks(file.uri).map(({ after }) => after)).toEqual(["line two;", "x"]);
  });

  test("are 10 at most, and none is longer than 6 KiB", () => {
    const it = historyOf(text);
    for (let n = 0; n < 20; n++) {
      it.pass(2000);
      it.change(`line ${n};`, `other ${n};`);
    }
    expect(it.history.hunks(file.uri)).toHaveLength(10);
    it.pass(2000);
    it.change("line 29;", "é".repeat(4000), "typed");
    expect(it.history.hunks(file.uri).at(-1)!.after).toBe("other 19;");
  });
});

describe("nothing is kept", () => {
  test("of a secret file, whatever its name is later asked for", () => {
    const { history } = historyOf("");
    const secret = { uri: "file:///.env", path: ".env" };
    history.open(secret, "TOKEN=1");
    expect(history.changed(secret.uri, [{ offset: 6, removed: 1, inserted: "2" }])).toBeUndefined();
    expect(history.get(secret.uri)).toBeUndefined();
    expect(history.hunks(secret.uri)).toEqual([]);
  });

  test("of a file that is excluded while it is open", () => {
    const it = historyOf("let user = 1;");
    it.change("user", "member");
    it.exclude("*.ts");
    expect(it.history.get(file.uri)).toBeUndefined();
    it.exclude("*.js");
    expect(it.history.get(file.uri)).toBeUndefined();
  });

  test("of a document that is too long, or has become so", () => {
    const it = historyOf("a".repeat(MAX_CHARACTERS - 1));
    expect(it.history.get(file.uri)).toBeDefined();
    it.history.changed(file.uri, [{ offset: 0, removed: 0, inserted: " b" }]);
    expect(it.history.get(file.uri)).toBeUndefined();
  });
});

test("after any changes each edit that stands is where it says, edits do not overlap, and their number is bounded", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const whole = (most: number) => Math.floor(random() * most);
  const pieces = ["user", " ", "a", "\n", "foo(", ")", "é", "😀", "", "x1", ";\n\n"];
  for (let round = 0; round < 60; round++) {
    let text = Array.from({ length: 40 }, () => pieces[whole(pieces.length)]).join(" ");
    const it = historyOf(text);
    for (let step = 0; step < 80; step++) {
      const offset = whole(text.length + 1);
      const change = {
        offset,
        removed: whole(Math.min(6, text.length - offset) + 1),
        inserted: pieces[whole(pieces.length)]!,
      };
      const reason = (["typed", "typed", "typed", "accepted", "undo", "redo", "format"] as const)[whole(7)]!;
      it.pass(whole(3000));
      it.history.changed(file.uri, [change], reason);
      text = applyChange(text, change);
      const what = `seed ${seed}, round ${round}, step ${step}`;
      const { edits, undone } = it.now();
      expect(it.now().text, what).toBe(text);
      expect(edits.length, what).toBeLessThanOrEqual(32);
      const standing = edits
        .filter(({ stands }) => stands)
        .sort((a, b) => a.start - b.start || a.end - b.end);
      for (const [index, edit] of standing.entries()) {
        expect(text.slice(edit.start, edit.end), what).toBe(edit.after);
        expect(edit.start, what).toBeGreaterThanOrEqual(standing[index - 1]?.end ?? 0);
      }
      for (const { start, end } of undone) expect(end <= text.length && start <= end, what).toBe(true);
      for (const hunk of it.history.hunks(file.uri))
        if (hunk.stands) expect(text.slice(hunk.start, hunk.end), what).toBe(hunk.after);
    }
  }
});
