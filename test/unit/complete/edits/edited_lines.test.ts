import { describe, expect, test } from "vitest";
import {
  applyChange,
  type DocumentChange,
  type EditReason,
} from "../../../../engine/complete/edits/changes.ts";
import { createEditedLines, textAround } from "../../../../engine/complete/edits/edited_lines.ts";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { exclusionOf } from "../../../../engine/complete/index.ts";
import { seededRandom } from "../../../reference/random.ts";
import { testSeed } from "../../../reference/seed.ts";

const LINES = Array.from({ length: 60 }, (_, n) => `line ${n}`);
const file = (path: string) => ({ uri: `file:///${path}`, path, languageId: "typescript" });

/** A log with documents of 60 lines, and the lines of each edit that it tells. */
function logOf(paths: readonly string[] = ["a.ts"], end = "\n") {
  let nowMs = 0;
  let rules: readonly string[] = [];
  const history = createEditHistory({
    clock: { now: () => ++nowMs },
    isExcluded: (one) => exclusionOf(one, rules) !== undefined,
  });
  for (const path of paths) history.open(file(path), LINES.join(end));
  return {
    history,
    exclude: (...entries: string[]) => {
      rules = entries;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Replaces a text, where it first stands. */
    change(old: string, inserted: string, reason: EditReason = "typed", path = "a.ts") {
      const { uri } = file(path);
      const offset = history.get(uri)!.text.indexOf(old);
      expect(offset, old).not.toBe(-1);
      history.changed(uri, [{ offset, removed: old.length, inserted }], reason);
    },
    told: () =>
      history.recentLines().map(({ path, text }) => `${path}: ${text.trimEnd().replaceAll("\n", "|")}`),
  };
}

describe("the lines that were edited", () => {
  test("come with two around them, in the document's text as it is now", () => {
    const it = logOf();
    it.change("line 10\n", "line ten\n");
    expect(it.told()).toEqual(["a.ts: line 8|line 9|line ten|line 11|line 12"]);
    it.change("line 8\n", "line eight\n", "format");
    expect(it.told()).toEqual(["a.ts: line eight|line 9|line ten|line 11|line 12"]);
  });

  test("are one where at most three lines are between them, however long the pause", () => {
    const it = logOf();
    it.change("line 10\n", "ten\n");
    it.pass(60_000);
    it.change("line 13\n", "thirteen\n");
    expect(it.told()).toEqual(["a.ts: line 8|line 9|ten|line 11|line 12|thirteen|line 14|line 15"]);
    it.change("line 18\n", "eighteen\n");
    expect(it.told()).toHaveLength(2);
  });

  test("move with the lines above them, grow by what comes into them, and shrink by what goes", () => {
    const it = logOf();
    it.change("line 30\n", "thirty\n");
    it.change("line 0\n", "zero\nzero\nzero\n");
    expect(it.told()[0]).toBe("a.ts: line 28|line 29|thirty|line 31|line 32");
    it.change("thirty", "thirty\nmore\nstill more");
    expect(it.told().at(-1)).toBe("a.ts: line 28|line 29|thirty|more|still more|line 31|line 32");
    it.change("\nmore\nstill more", "");
    expect(it.told().at(-1)).toBe("a.ts: line 28|line 29|thirty|line 31|line 32");
  });

  test("come from a paste and from many places at once, but not from a formatter, undo or another program", () => {
    const it = logOf();
    it.change("line 5\n", `${"pasted;\n".repeat(12)}`, "bulk");
    expect(it.told()[0]).toContain("pasted;|pasted;");
    for (const [n, reason] of (["format", "undo", "redo"] as const).entries())
      it.change(`line 4${n}\n`, `  ${reason}\n`, reason);
    expect(it.told()).toHaveLength(1);
    it.change("line 50\n", "of git\n", "reload");
    expect(it.told()).toEqual([]);
  });

  test("have plain line ends, whatever the document has", () => {
    const it = logOf(["a.ts"], "\r\n");
    it.change("line 10\r\n", "ten\r\n");
    expect(it.history.recentLines()[0]!.text).toBe("line 8\nline 9\nten\nline 11\nline 12\n");
  });

  test("are at most sixteen in all documents, and none of a closed one", () => {
    const it = logOf(["a.ts", "b.ts"]);
    for (let n = 0; n < 60; n += 6) {
      it.change(`line ${n}\n`, `${n}.\n`, "typed", "a.ts");
      it.change(`line ${n}\n`, `${n}.\n`, "typed", "b.ts");
    }
    expect(it.told()).toHaveLength(16);
    it.history.close(file("b.ts").uri);
    expect(it.told()).toHaveLength(8);
    expect(it.told().join()).not.toContain("b.ts");
  });

  test("are told by a document's new name", () => {
    const it = logOf();
    it.change("line 10\n", "ten\n");
    it.history.renamed(file("a.ts").uri, file("c.ts"));
    expect(it.told()).toEqual(["c.ts: line 8|line 9|ten|line 11|line 12"]);
  });

  test("longer than 4096 characters are data", () => {
    const it = logOf();
    it.change("line 10\n", `${"x".repeat(5000)}\n`, "bulk");
    expect(it.told()).toEqual([]);
  });
});

describe("no line is told of a file", () => {
  for (const path of [".env", "prod.env", "secrets.yml", "id_rsa", ".aws/credentials"])
    test(`that holds secrets: ${path}`, () => {
      const it = logOf([path, "a.ts"]);
      expect(it.history.get(file(path).uri)).toBeUndefined();
      it.history.changed(file(path).uri, [{ offset: 0, removed: 0, inserted: "KEY=1" }], "typed");
      expect(it.told()).toEqual([]);
    });

  test("that the user excludes later, nor of one that gets such a name", () => {
    const it = logOf(["a.ts", "b.ts"]);
    it.change("line 10\n", "ten\n", "typed", "a.ts");
    it.change("line 10\n", "ten\n", "typed", "b.ts");
    it.exclude("b.ts");
    expect(it.told()).toEqual(["a.ts: line 8|line 9|ten|line 11|line 12"]);
    it.history.renamed(file("a.ts").uri, { uri: "file:///.env", path: ".env" });
    expect(it.told()).toEqual([]);
  });
});

test("random changes: the lines are places of the document, and what was typed last is in the last of them", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const reasons: readonly EditReason[] = ["typed", "typed", "accepted", "bulk", "format", "undo", "redo"];
  for (let round = 0; round < 100; round++) {
    let text = LINES.slice(0, below(60)).join("\n");
    const lines = createEditedLines();
    for (let step = 0; step < 40; step++) {
      const offset = below(text.length + 1);
      const removed = random() < 0.5 ? 0 : below(Math.min(120, text.length - offset + 1));
      const inserted = ["", "x", "\n", `new ${step}\n`, "a\nb\nc\n"][below(5)]!;
      const reason = reasons[below(reasons.length)]!;
      const change: DocumentChange = { offset, removed, inserted };
      lines.changed("a", text, change, step, reason);
      text = applyChange(text, change);
      const all = lines.all();
      const note = `seed ${seed}, round ${round}, step ${step}: ${JSON.stringify({ change, reason, all })}`;
      for (const { start, end } of all)
        expect(0 <= start && start <= end && end <= text.length, note).toBe(true);
      if (!["typed", "accepted", "bulk"].includes(reason)) continue;
      const last = all.at(-1)!;
      expect(last.start <= offset && offset + inserted.length <= last.end, note).toBe(true);
      expect(textAround(text, last), note).toContain(inserted);
    }
  }
});
