import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Drafter } from "../../../engine/draft/drafter.ts";
import { createCorpus, createNgramDrafter } from "../../../engine/draft/ngram.ts";
import { type NgramMode, ngramModes } from "../../reference/ngram_modes.ts";
import { seededRandom } from "../../reference/random.ts";

const newline = 0;
const isLineEnd = (id: number) => id === newline;

test("a text that was learned adds nothing when it is learned again", () => {
  const corpus = createCorpus({ isLineEnd });
  const text = [5, 6, 7, newline, 8, 9, newline, 5, 6, newline];
  corpus.learn(text);
  const size = corpus.automaton.size;
  corpus.learn(text);
  expect(corpus.automaton.size).toBe(size);
});

test("a changed line adds itself, the line before as its context, and the line after", () => {
  const corpus = createCorpus({ isLineEnd });
  corpus.learn([1, newline, 2, newline, 3, newline, 4, newline]);
  const size = corpus.automaton.size;
  corpus.learn([1, newline, 2, newline, 30, newline, 4, newline]);
  expect(corpus.automaton.size - size).toBe([2, newline, 30, newline, 4, newline].length);
});

test("a new text that repeats itself is kept in one piece, and its repetitions count", () => {
  const corpus = createCorpus({ isLineEnd });
  const text = [1, 2, newline, 3, newline, 1, 2, newline, 3, newline, 1, 2, newline, 4, newline];
  corpus.learn(text);
  expect(corpus.automaton.size).toBe(text.length);
  corpus.learn(text);
  expect(corpus.automaton.size).toBe(text.length);
  expect(createNgramDrafter(corpus, [1, 2, newline]).propose(1)?.ids).toEqual([3]);
});

test("a line that grows by a key at a time is learned when it is finished, not once a key", () => {
  const corpus = createCorpus({ isLineEnd });
  const before = [1, 2, newline];
  corpus.learn([...before, 3, newline]);
  const size = corpus.automaton.size;
  for (let typed = 1; typed <= 8; typed++) {
    corpus.learn([...before, 3, newline, ...Array.from({ length: typed }, (_, i) => 10 + i)]);
  }
  expect(corpus.automaton.size).toBe(size);
  corpus.learn([...before, 3, newline, 10, 11, newline]);
  expect(corpus.automaton.size - size).toBe([3, newline, 10, 11, newline].length);
});

test("a text without line ends is learned in pieces, and once", () => {
  const corpus = createCorpus({ isLineEnd: () => false });
  const text = Array.from({ length: 1000 }, (_, i) => i + 1);
  corpus.learn(text);
  const size = corpus.automaton.size;
  expect(size).toBeGreaterThan(800);
  corpus.learn([...text, 2000, 2001]);
  expect(corpus.automaton.size - size).toBeLessThan(300);
});

test("above its capacity a corpus keeps what is newest, and the same for the same texts", () => {
  const capacity = 2000;
  const filled = () => {
    const corpus = createCorpus({ isLineEnd, capacity });
    for (let text = 0; text < 100; text++) {
      corpus.learn(Array.from({ length: 60 }, (_, i) => (i % 10 === 9 ? newline : 1 + text * 100 + i)));
      expect(corpus.automaton.size).toBeLessThanOrEqual(capacity);
    }
    return corpus;
  };
  const corpus = filled();
  expect(filled().automaton.size).toBe(corpus.automaton.size);
  expect(createNgramDrafter(corpus, [9901, 9902, 9903]).propose(1)?.ids).toEqual([9904]);
  expect(createNgramDrafter(corpus, [1, 2, 3]).propose(3)).toBeUndefined();
});

test("a text that was forgotten can be learned again", () => {
  const corpus = createCorpus({ isLineEnd, capacity: 100 });
  corpus.learn([1, 2, 3, 4, newline]);
  for (let i = 0; i < 60; i++) corpus.learn([1000 + i, 2000 + i, 3000 + i, newline]);
  expect(createNgramDrafter(corpus, [1, 2]).propose(2)).toBeUndefined();
  corpus.learn([1, 2, 3, 4, newline]);
  expect(createNgramDrafter(corpus, [1, 2]).propose(2)?.ids).toEqual([3]);
});

test("one text larger than the capacity leaves its newest end", () => {
  const corpus = createCorpus({ isLineEnd, capacity: 100 });
  corpus.learn(Array.from({ length: 500 }, (_, i) => (i % 10 === 9 ? newline : i + 1)));
  expect(corpus.automaton.size).toBeLessThanOrEqual(100);
  expect(createNgramDrafter(corpus, [491, 492, 493]).propose(1)?.ids).toEqual([494]);
});

test("the most frequent continuation is drafted, of equals the latest", () => {
  const corpus = createCorpus({ isLineEnd });
  corpus.learn([1, 2, 3, newline, 7, 1, 2, 4, newline, 8, 1, 2, 3, newline, 9, 1, 2, 4, newline]);
  expect(createNgramDrafter(corpus, [1, 2]).propose(1)?.ids).toEqual([4]);
  corpus.learn([10, 1, 2, 3, newline]);
  expect(createNgramDrafter(corpus, [1, 2]).propose(1)?.ids).toEqual([3]);
});

test("text that repeats itself within a generation is drafted, and the corpus stays as it was", () => {
  const corpus = createCorpus({ isLineEnd });
  const drafter = createNgramDrafter(corpus, []);
  drafter.observe([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5]);
  expect(drafter.propose(8)?.ids).toEqual([6, 7, 8]); // five tokens that were seen once are not worth more
  expect(drafter.propose(8)?.match).toBe(5);
  expect(corpus.automaton.size).toBe(0);
});

test("a long match is a copy: it is drafted as far as was asked for, a short one only somewhat further than it agrees", () => {
  const corpus = createCorpus({ isLineEnd });
  const text = Array.from({ length: 120 }, (_, i) => i + 1);
  for (const first of [301, 302, 303]) corpus.learn([first, ...text, newline]);
  expect(createNgramDrafter(corpus, text.slice(0, 40)).propose(48)?.ids).toEqual(text.slice(40, 88));
  const short = createNgramDrafter(corpus, text.slice(30, 35)).propose(48)!.ids;
  expect(short.length).toBeLessThanOrEqual(10);
  expect(short).toEqual(text.slice(35, 35 + short.length));
});

test("a longer context overrules a shorter one that was seen more often", () => {
  const corpus = createCorpus({ isLineEnd });
  corpus.learn([11, 2, 5, newline, 12, 2, 5, newline, 13, 2, 5, newline, 20, 21, 22, 23, 24, 2, 6, newline]);
  expect(createNgramDrafter(corpus, [30, 2]).propose(1)?.ids).toEqual([5]);
  expect(createNgramDrafter(corpus, [20, 21, 22, 23, 24, 2]).propose(1)?.ids).toEqual([6]);
});

test("a proposal has no more than was asked for, and a confidence in (0, 1] for each id", () => {
  const random = seededRandom(77);
  const corpus = createCorpus({ isLineEnd });
  corpus.learn(Array.from({ length: 3000 }, () => Math.floor(random() * 6)));
  const drafter = createNgramDrafter(corpus, []);
  for (let round = 0; round < 500; round++) {
    drafter.observe([Math.floor(random() * 7)]);
    const most = 1 + Math.floor(random() * 20);
    const proposal = drafter.propose(most);
    if (!proposal) continue;
    expect(proposal.ids.length).toBeGreaterThan(0);
    expect(proposal.ids.length).toBeLessThanOrEqual(most);
    expect(proposal.confidence).toHaveLength(proposal.ids.length);
    for (const likely of proposal.confidence) expect(likely > 0 && likely <= 1, "seed 77").toBe(true);
  }
});

/** Words, numbers, single marks, line ends and indents as ids, somewhat as a vocabulary cuts them. */
const vocabulary = new Map<string, number>([["\n", newline]]);
function tokens(text: string): number[] {
  const pieces = text.match(/\n| +|[A-Za-z_]+|[0-9]+|[^\sA-Za-z_0-9]/g) ?? [];
  return pieces.map((piece) => {
    if (!vocabulary.has(piece)) vocabulary.set(piece, vocabulary.size);
    return vocabulary.get(piece)!;
  });
}
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const files = (...paths: string[]) => tokens(paths.map(read).join("\n"));

/** The text with one change in about `every` tokens: replaced, left out or inserted. */
function edited(text: readonly number[], every: number, seed: number): number[] {
  const random = seededRandom(seed);
  return text.flatMap((id) => {
    if (random() >= 1 / every) return [id];
    const kind = random();
    const other = text[Math.floor(random() * text.length)]!;
    return kind < 0.4 ? [other] : kind < 0.7 ? [] : [id, other];
  });
}

interface Tally {
  accepted: number;
  rounds: number;
  drafted: number;
}

/** Decodes `truth` after `history`: each round verifies a draft, and brings its agreeing part and one token more. */
function decode(
  history: readonly number[],
  truth: readonly number[],
  propose: (stood: readonly number[]) => readonly number[],
  judged: (accepted: number, ids: readonly number[]) => void,
): Tally {
  const stood = [...history];
  const tally = { accepted: 0, rounds: 0, drafted: 0 };
  for (let at = 0; at < truth.length; tally.rounds++) {
    const draft = propose(stood);
    let agreed = 0;
    while (agreed < draft.length && at + agreed < truth.length && draft[agreed] === truth[at + agreed])
      agreed++;
    const brought = truth.slice(at, at + agreed + 1);
    stood.push(...brought);
    judged(agreed, brought);
    at += brought.length;
    tally.accepted += agreed;
    tally.drafted += draft.length;
  }
  return tally;
}

const decodeMode = (history: readonly number[], truth: readonly number[], mode: NgramMode) =>
  decode(
    history,
    truth,
    (stood) => mode.propose(stood),
    (count) => mode.accepted(count),
  );

function decodeOurs(history: readonly number[], truth: readonly number[]): Tally {
  const corpus = createCorpus({ isLineEnd });
  corpus.learn(history);
  const drafter: Drafter = createNgramDrafter(corpus, history.slice(-64));
  return decode(
    history,
    truth,
    () => drafter.propose(64)?.ids ?? [],
    (_, ids) => drafter.observe(ids),
  );
}

const half = (ids: readonly number[]): [number[], number[]] => {
  const middle = Math.floor(ids.length / 2);
  return [ids.slice(0, middle), ids.slice(middle)];
};
const program = files("engine/gguf/header.ts", "engine/gguf/header_cursor.ts", "engine/gguf/gguf_file.ts");
const texts: Readonly<Record<string, readonly [history: readonly number[], truth: readonly number[]]>> = {
  "a file again": [program, program],
  "a file with a change in 60 tokens": [program, edited(program, 60, 11)],
  "a file with a change in 15 tokens": [program, edited(program, 15, 12)],
  "code that repeats": half(files("engine/gpu/plan.ts", "engine/gpu/kernel.ts", "engine/gpu/device.ts")),
  "tables of a format": half(files("engine/gguf/block_formats.ts", "engine/gguf/tensor_directory.ts")),
  "settings in JSON": half(files("package.json")),
  prose: half(files("README.md")),
};
for (const [name, [history, truth]] of Object.entries(texts)) {
  test(`${name}: no mode of llama.cpp has more accepted, or needs fewer passes`, () => {
    const ours = decodeOurs(history, truth);
    if (process.env.FORETYPE_TALLIES)
      console.log(`${name} (${history.length} + ${truth.length})`, "ours", ours);
    for (const [mode, create] of Object.entries(ngramModes)) {
      const theirs = decodeMode(history, truth, create());
      if (process.env.FORETYPE_TALLIES) console.log(" ", mode, theirs);
      const both = `${mode} ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`;
      expect.soft(ours.accepted, both).toBeGreaterThanOrEqual(theirs.accepted);
      expect.soft(ours.rounds, both).toBeLessThanOrEqual(theirs.rounds);
    }
  });
}
