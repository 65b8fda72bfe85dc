import { expect, test } from "vitest";
import { syntaxFromFiles } from "../../../../engine/cli/commands/index.ts";
import {
  type ElsewhereQuestion,
  elsewhereInPieces,
  elsewhereOf,
} from "../../../../engine/complete/edits/elsewhere.ts";
import { createEditHistory } from "../../../../engine/complete/edits/history.ts";
import { atOnce, type NameReader } from "../../../../engine/complete/text/index.ts";

const syntax = syntaxFromFiles((message) => {
  throw new Error(message);
});

const IMPORTS = 'import { fetchUser } from "./a.ts";\n';

/** A function was renamed in a.ts, which the other documents import. */
function question(others: readonly string[], names: NameReader = syntax): ElsewhereQuestion {
  const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
  history.open({ uri: "a", path: "a.ts" }, "export function fetchUser() {}\n");
  history.changed("a", [{ offset: 16, removed: 5, inserted: "load" }], "typed");
  const document = (uri: string, text: string) => ({ uri, text, edits: [], languageId: "typescript" });
  return {
    documents: [
      { ...history.get("a")!, uri: "a", languageId: "typescript" },
      ...others.map((text, index) => document(`${index}`, text)),
    ],
    names,
    cursor: 0,
    isRefused: () => false,
  };
}

test("so many documents and characters are looked at, and no more", async () => {
  await syntax.ready("typescript");
  const empty = Array(6).fill("");
  expect(atOnce(elsewhereInPieces(question([...empty, IMPORTS])))).toMatchObject({ uri: "6" });
  expect(atOnce(elsewhereInPieces(question([...empty, "", IMPORTS])))).toBeUndefined();
  const long = "\n".repeat(250_000);
  expect(atOnce(elsewhereInPieces(question([long, IMPORTS])))).toMatchObject({ uri: "1" });
  expect(
    atOnce(elsewhereInPieces(question([`${long}${"\n".repeat(12_200)}`, IMPORTS, " ".repeat(99)]))),
  ).toBeUndefined();
});

test("a document that the parser gives up on is left alone", async () => {
  await syntax.ready("typescript");
  const calls = "fetchUser();\n".repeat(100);
  expect(atOnce(elsewhereInPieces(question([IMPORTS + calls])))?.places).toHaveLength(101);
  expect(atOnce(elsewhereInPieces(question([IMPORTS + calls + "\n".repeat(40_000)])))).toBeUndefined();
});

test("in slices the answer is that of all at once, and each piece reads a few names of one document", async () => {
  await syntax.ready("typescript");
  let [inPiece, most] = [0, 0];
  const names: NameReader = {
    *readNames(languageId, text) {
      const read = yield* syntax.readNames(languageId, text);
      if (!read) return undefined;
      const at = (start: number, end: number) => {
        most = Math.max(most, ++inPiece);
        return read.at(start, end);
      };
      return { at, [Symbol.dispose]: () => read[Symbol.dispose]() };
    },
  };
  const asked = question(["fetchUser();\n".repeat(200), IMPORTS + "fetchUser();\n".repeat(200)], names);
  let pieces = 0;
  for (const work = elsewhereInPieces(asked); !work.next().done; pieces++) inPiece = 0;
  expect(most).toBeLessThanOrEqual(9); // and one that was renamed
  expect(pieces).toBeGreaterThan(50);

  const whole = atOnce(elsewhereInPieces(asked));
  let nowMs = 0;
  const pace = { now: () => (nowMs += 10), pause: async () => {} };
  expect(await elsewhereOf(asked, undefined, pace)).toEqual(whole);
  expect(whole).toMatchObject({ uri: "1" });
  const aborting = new AbortController();
  const left = elsewhereOf(asked, aborting.signal, { ...pace, pause: async () => aborting.abort() });
  expect(await left).toBeUndefined();
});
