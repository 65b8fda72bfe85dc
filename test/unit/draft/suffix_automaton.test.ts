import { describe, expect, test } from "vitest";
import { Match, SuffixAutomaton } from "../../../engine/draft/suffix_automaton.ts";
import { seededRandom } from "../../reference/random.ts";

type Documents = readonly (readonly number[])[];

/** Ends of all occurrences of `ids`, by document and position, in the order in which they were appended. */
function endsOf(documents: Documents, ids: readonly number[]): [document: readonly number[], end: number][] {
  return documents.flatMap((document) =>
    document.flatMap((_, i): [readonly number[], number][] => {
      const end = i + 1;
      const stands = end >= ids.length && ids.every((id, k) => document[end - ids.length + k] === id);
      return stands ? [[document, end]] : [];
    }),
  );
}

/** Length of the longest suffix of `text` that occurs in a document. */
function longestSuffix(documents: Documents, text: readonly number[]): number {
  for (let length = text.length; length > 0; length--) {
    if (endsOf(documents, text.slice(-length)).length > 0) return length;
  }
  return 0;
}

function automatonOf(documents: Documents): SuffixAutomaton {
  const automaton = new SuffixAutomaton();
  for (const document of documents) {
    automaton.endDocument();
    for (const id of document) automaton.append(id);
  }
  return automaton;
}

const stateOf = (automaton: SuffixAutomaton, ids: readonly number[]): number | undefined =>
  ids.reduce<number | undefined>(
    (state, id) => (state === undefined ? undefined : automaton.next(state, id)),
    SuffixAutomaton.root,
  );

/** Few letters make many repetitions; texts short enough that no chain of suffix links is cut short in counting. */
function randomDocuments(seed: number): { documents: number[][]; letters: number; random: () => number } {
  const random = seededRandom(seed);
  const letters = 1 + Math.floor(random() * 4);
  const documents = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    Array.from({ length: Math.floor(random() * 28) }, () => Math.floor(random() * letters)),
  );
  return { documents, letters, random };
}

const seeds = Array.from({ length: 150 }, (_, i) => 4000 + i);

test("every substring has a state with its count and its continuations, and no other text has one", () => {
  for (const seed of seeds) {
    const { documents, letters, random } = randomDocuments(seed);
    const automaton = automatonOf(documents);
    for (let i = 0; i < 60; i++) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * letters));
      const ends = endsOf(documents, ids);
      const state = stateOf(automaton, ids);
      const what = `seed ${seed}: ${ids} in ${JSON.stringify(documents)}`;
      expect(state !== undefined, what).toBe(ends.length > 0);
      if (state === undefined) continue;
      expect(automaton.count(state), what).toBe(ends.length);
      expect(automaton.length(state), what).toBeGreaterThanOrEqual(ids.length);
      const expected = new Map<number, number>();
      for (const [document, end] of ends) {
        const next = document[end];
        if (next !== undefined) expected.set(next, (expected.get(next) ?? 0) + 1);
      }
      const found = automaton.continuations(state).map(({ token, count }) => [token, count] as const);
      expect(new Map(found), what).toEqual(expected);
      expect(found, what).toHaveLength(expected.size);
      const most = Math.max(0, ...expected.values());
      const best = automaton.likeliest(state);
      expect(best === undefined ? 0 : expected.get(best.token), what).toBe(most);
      const total = [...expected.values()].reduce((sum, times) => sum + times, 0);
      expect(best?.total ?? 0, what).toBe(total);
    }
  }
});

test("of equally frequent continuations the one seen last is likeliest", () => {
  for (const seed of seeds) {
    const { documents, letters } = randomDocuments(seed);
    const automaton = automatonOf(documents);
    for (let id = 0; id < letters; id++) {
      const nexts = endsOf(documents, [id]).map(([document, end]) => document[end]);
      const count = (token: number) => nexts.filter((it) => it === token).length;
      const seen = nexts.filter((it) => it !== undefined);
      const most = Math.max(0, ...seen.map(count));
      const expected = seen.findLast((token) => count(token) === most);
      const state = stateOf(automaton, [id]);
      if (state !== undefined)
        expect(automaton.likeliest(state)?.token, `seed ${seed}: after ${id}`).toBe(expected);
    }
  }
});

test("a link leads to the longest suffix that has more occurrences", () => {
  for (const seed of seeds) {
    const { documents } = randomDocuments(seed);
    const automaton = automatonOf(documents);
    for (const document of documents) {
      for (let end = 1; end <= document.length; end++) {
        const ids = document.slice(Math.max(0, end - 5), end);
        const state = stateOf(automaton, ids)!;
        const link = automaton.link(state);
        const places = endsOf(documents, ids).length;
        let length = ids.length - 1;
        while (length > 0 && endsOf(documents, ids.slice(-length)).length === places) length--;
        // The state's shortest substring is one longer than the link's longest.
        expect(automaton.length(link), `seed ${seed}: ${ids}`).toBe(length);
      }
    }
  }
});

describe("a match", () => {
  test("is the longest suffix of the followed text that occurs in a document", () => {
    for (const seed of seeds) {
      const { documents, letters, random } = randomDocuments(seed);
      const match = new Match(automatonOf(documents));
      const text: number[] = [];
      for (let i = 0; i < 60; i++) {
        text.push(Math.floor(random() * (letters + 1)));
        match.advance(text.at(-1)!);
        expect(match.length, `seed ${seed}: ${text}`).toBe(longestSuffix(documents, text));
      }
    }
  });

  test("is in the state of its tokens, also when the automaton grows meanwhile", () => {
    for (const seed of seeds) {
      const { letters, random } = randomDocuments(seed);
      const automaton = new SuffixAutomaton();
      const match = new Match(automaton);
      const documents: number[][] = [[]];
      const text: number[] = [];
      const draw = () => Math.floor(random() * letters);
      for (let i = 0; i < 60; i++) {
        if (random() < 0.1) {
          automaton.endDocument();
          documents.push([]);
        }
        for (let grown = Math.floor(random() * 3); grown > 0; grown--) {
          documents.at(-1)!.push(draw());
          automaton.append(documents.at(-1)!.at(-1)!);
        }
        const before = match.length;
        text.push(draw());
        match.advance(text.at(-1)!);
        const what = `seed ${seed}, step ${i}: ${text} in ${JSON.stringify(documents)}`;
        // Tokens that did not agree when they came are not looked for again, though they may have been appended since.
        const reachable = Math.min(before + 1, longestSuffix(documents, text));
        expect(match.length, what).toBe(reachable);
        expect(match.state, what).toBe(stateOf(automaton, match.length ? text.slice(-match.length) : []));
      }
    }
  });

  test("of a text with itself, followed before it is appended, is what stood in it before", () => {
    for (const seed of seeds) {
      const { letters, random } = randomDocuments(seed);
      const automaton = new SuffixAutomaton();
      const match = new Match(automaton);
      const text: number[] = [];
      for (let i = 0; i < 60; i++) {
        const id = Math.floor(random() * letters);
        match.advance(id);
        automaton.append(id);
        text.push(id);
        let longest = text.length - 1;
        while (longest > 0 && endsOf([text], text.slice(-longest)).length < 2) longest--;
        expect(match.length, `seed ${seed}: ${text}`).toBe(longest);
      }
    }
  });

  test("moves on without its copy", () => {
    const match = new Match(automatonOf([[1, 2, 3]]));
    match.advance(1);
    const copy = match.copy();
    match.advance(2);
    expect([match.length, copy.length]).toEqual([2, 1]);
  });
});

test("no substring runs from one document into the next", () => {
  const automaton = automatonOf([
    [1, 2],
    [3, 4],
  ]);
  expect(stateOf(automaton, [2, 3])).toBeUndefined();
  expect(automaton.continuations(stateOf(automaton, [2])!)).toEqual([]);
});

test("one token again and again takes two states a token at most, and counts its longest suffixes", () => {
  const automaton = automatonOf([Array.from({ length: 5000 }, () => 7)]);
  expect(automaton.size).toBe(5000);
  const match = new Match(automaton);
  for (let i = 0; i < 4990; i++) match.advance(7);
  expect(automaton.count(match.state)).toBe(11);
  expect(automaton.likeliest(match.state)?.token).toBe(7);
});

test("ids and states far apart do not collide", () => {
  const random = seededRandom(5);
  const document = Array.from({ length: 20_000 }, () => Math.floor(random() * 250_000));
  const automaton = automatonOf([document]);
  for (let i = 0; i + 1 < document.length; i += 97) {
    const state = stateOf(automaton, [document[i]!])!;
    const tokens = automaton.continuations(state).map(({ token }) => token);
    expect(tokens).toContain(document[i + 1]);
    expect(stateOf(automaton, [document[i]!, document[i + 1]!])).toBeDefined();
  }
});
