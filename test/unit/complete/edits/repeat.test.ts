import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { syntaxFromFiles } from "../../../../engine/cli/commands/index.ts";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { type RepeatQuestion, repeatInPieces, repeatOf } from "../../../../engine/complete/edits/repeat.ts";
import { atOnce, type NameReader, type Pace, tokensOf } from "../../../../engine/complete/text/index.ts";
import { type Random, seededRandom } from "../../../reference/random.ts";
import { testSeed } from "../../../reference/seed.ts";

const syntax = syntaxFromFiles((message) => {
  throw new Error(message);
});

test("without the parser of a language that has one, nothing is repeated that was made once", async () => {
  const answerIn = (languageId: string) => {
    const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
    history.open({ uri: "a", path: "a", languageId }, "let itemCount = 0;\nprint(itemCount);\n");
    history.changed("a", [{ offset: 4, removed: 4, inserted: "entry" }], "typed");
    return repeatOf({ document: history.get("a")!, languageId, cursor: 0 });
  };
  expect(await answerIn("typescript")).toBe("made-once");
  expect(await answerIn("lua")).toMatchObject({
    made: 1,
    places: [{ old: "itemCount", fresh: "entryCount" }],
  });
});

const SOURCES = ["next_edit.ts", "history.ts", "hunks.ts", "refusals.ts"].map((name) =>
  readFileSync(join(import.meta.dirname, "../../../../engine/complete/edits", name), "utf8"),
);

/** A document in which one token was replaced by another once or more, from the top. */
function randomQuestion(random: Random, languageId: string, names?: NameReader): RepeatQuestion {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
  history.open({ uri: "a", path: "a", languageId }, pick(SOURCES).slice(0, 2000 + random() * 6000));
  const words = tokensOf(history.get("a")!.text).filter(({ text }) => text.length > 3);
  const old = pick(words.filter((word) => words.filter(({ text }) => text === word.text).length > 3)).text;
  const fresh = random() < 0.7 ? `${old}Now` : `${pick(words).text}_`;
  for (let times = Math.ceil(random() * 3), from = 0; times > 0; times--) {
    const offset = history.get("a")!.text.indexOf(old, from);
    if (offset === -1) break;
    history.changed("a", [{ offset, removed: old.length, inserted: fresh }], "typed");
    from = offset + fresh.length;
  }
  return { document: history.get("a")!, languageId, names, cursor: Math.floor(random() * 2000) };
}

describe("in slices", () => {
  /** A slice is over after each piece; in the pauses others do as they like. */
  function pacedBy(inPause: () => void): Pace & { pauses: number } {
    let nowMs = 0;
    return {
      pauses: 0,
      now: () => (nowMs += 10),
      async pause() {
        this.pauses++;
        inPause();
      },
    };
  }

  test("the answer is that of all at once, whatever is parsed in the pauses", async () => {
    const random = seededRandom(testSeed(1));
    await Promise.all(["typescript", "python"].map((languageId) => syntax.ready(languageId)));
    let [repeats, pauses] = [0, 0];
    for (let round = 0; round < 60; round++) {
      const languageId = random() < 0.8 ? "typescript" : random() < 0.5 ? "python" : "plaintext";
      const question = randomQuestion(random, languageId, syntax);
      const whole = atOnce(repeatInPieces(question));
      const pace = pacedBy(() => syntax.factsAt("typescript", "f(", ");\n"));
      const [sliced, beside] = await Promise.all([
        repeatOf(question, undefined, pace),
        repeatOf(
          question,
          undefined,
          pacedBy(() => {}),
        ),
      ]);
      expect(sliced, `round ${round}`).toEqual(whole);
      expect(beside, `round ${round}`).toEqual(whole);
      pauses += pace.pauses;
      if (typeof whole !== "string") repeats++;
    }
    expect(repeats).toBeGreaterThan(5);
    expect(pauses).toBeGreaterThan(60);
  });

  test("it is left where it is aborted, with nothing held", async () => {
    let open = 0;
    const names: NameReader = {
      *readNames(languageId, text) {
        const read = yield* syntax.readNames(languageId, text);
        if (!read) return undefined;
        open++;
        const close = () => {
          open--;
          read[Symbol.dispose]();
        };
        return { at: read.at, [Symbol.dispose]: close };
      },
    };
    await syntax.ready("typescript");
    const random = seededRandom(2);
    let held = 0;
    for (let round = 0; round < 20; round++) {
      const question = randomQuestion(random, "typescript", names);
      const total = pacedBy(() => {});
      await repeatOf(question, undefined, total);
      const aborting = new AbortController();
      let left = Math.floor(random() * total.pauses);
      const pace = pacedBy(() => {
        held += open;
        if (left-- === 0) aborting.abort();
      });
      expect(await repeatOf(question, aborting.signal, pace)).toBeUndefined();
      expect(open).toBe(0);
    }
    expect(held).toBeGreaterThan(0);
  });

  test("a change meanwhile does not reach it", async () => {
    const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
    history.open({ uri: "a", path: "a" }, "itemCount = 0\nprint(itemCount)\n");
    history.changed("a", [{ offset: 0, removed: 4, inserted: "entry" }], "typed");
    const pace = pacedBy(() => history.changed("a", [{ offset: 0, removed: 0, inserted: "#" }], "typed"));
    const answer = await repeatOf(
      { document: history.get("a")!, languageId: "lua", cursor: 0 },
      undefined,
      pace,
    );
    expect(answer).toMatchObject({ places: [{ start: 21, end: 30 }] });
  });

  test("no piece reads more than a few names, or parses a long text at one go", () => {
    let inPiece = 0;
    let most = 0;
    const names: NameReader = {
      *readNames() {
        const at = () => {
          most = Math.max(most, ++inPiece);
          return { kind: "code", role: "variable", declares: false, isImport: false, scopes: [] } as const;
        };
        return { at, [Symbol.dispose]: () => {} };
      },
    };
    const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
    history.open({ uri: "a", path: "a" }, "use(itemCount);\n".repeat(400));
    for (const offset of [4, 21]) history.changed("a", [{ offset, removed: 4, inserted: "entry" }], "typed");
    const work = repeatInPieces({ document: history.get("a")!, languageId: "typescript", names, cursor: 0 });
    let pieces = 0;
    for (; !work.next().done; pieces++) inPiece = 0;
    expect(most).toBeLessThanOrEqual(8);
    expect(pieces).toBeGreaterThan(50);

    const parsing = syntax.readNames("typescript", "call(name);\n".repeat(3000));
    let parts = 0;
    while (!parsing.next().done) parts++;
    expect(parts).toBeGreaterThan(20);
  });
});
