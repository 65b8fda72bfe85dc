import type { Drafter, Proposal } from "./drafter.ts";
import { type Continuation, Match, SuffixAutomaton } from "./suffix_automaton.ts";

/** Tokens that a corpus holds before the older half of it is forgotten: some 20 files, and tens of megabytes. */
const capacity = 65_536;

/** What a model's generations know of texts: the file, open files, edits and accepted completions, as they stand in prompts. */
export interface Corpus {
  readonly automaton: SuffixAutomaton;
  /** Adds what of a text is new: prompts of neighbouring keystrokes are nearly the same. */
  learn(ids: readonly number[]): void;
}

/** @param isLineEnd whether a line of text ends with the id */
export function createCorpus({ isLineEnd }: { isLineEnd: (id: number) => boolean }): Corpus {
  let automaton = new SuffixAutomaton();
  /** Pairs of neighbouring lines that were added. */
  let known = new Set<number>();
  let documents: number[][] = [];

  const append = (document: readonly number[]): void => {
    automaton.endDocument();
    for (const id of document) automaton.append(id);
  };
  const forgetOlder = (): void => {
    let kept = 0;
    let first = documents.length;
    while (first > 0 && kept + documents[first - 1]!.length <= capacity / 2)
      kept += documents[--first]!.length;
    documents = documents.slice(Math.min(first, documents.length - 1));
    automaton = new SuffixAutomaton();
    known = new Set();
    for (const document of documents) append(document);
  };
  return {
    get automaton() {
      return automaton;
    },
    learn: (ids) => {
      const lines = linesOf(ids, isLineEnd);
      let run: number[] = [];
      const close = () => {
        if (run.length === 0) return;
        documents.push(run);
        append(run);
        run = [];
      };
      for (const [i, line] of lines.entries()) {
        const before = lines[i - 1] ?? [];
        const pair = hash(line, hash(before, 0));
        if (known.has(pair)) {
          close();
          continue;
        }
        known.add(pair);
        if (run.length === 0) run.push(...before);
        run.push(...line);
      }
      close();
      if (automaton.size > capacity) forgetOlder();
    },
  };
}

function linesOf(ids: readonly number[], isLineEnd: (id: number) => boolean): number[][] {
  const lines: number[][] = [];
  let line: number[] = [];
  for (const id of ids) {
    line.push(id);
    if (!isLineEnd(id)) continue;
    lines.push(line);
    line = [];
  }
  if (line.length > 0) lines.push(line);
  return lines;
}

/** FNV-1a over ids; two lines that collide are merely learned once. */
const hash = (ids: readonly number[], seed: number): number =>
  ids.reduce((sum, id) => Math.imul(sum ^ id, 16_777_619) >>> 0, (seed ^ 2_166_136_261) >>> 0);

/** Tokens that must agree before anything is drafted: a single one agrees everywhere. */
const shortestMatch = 2;
/** A draft goes on while it is this likely to be accepted so far: a row costs little, but not nothing. */
const leastReach = 0.2;
/** How much longer than the match a draft may be; long matches are copies, and go on as far as they go. */
const reachOfMatch = 2;
const longMatch = 12;

/**
 * Drafts what followed the longest match of the text's end: in the corpus, or in what this generation itself wrote.
 * @param tail the end of the prompt
 */
export function createNgramDrafter(corpus: Corpus, tail: readonly number[]): Drafter {
  const own = new SuffixAutomaton();
  const matches = [new Match(corpus.automaton), new Match(own)];
  const automata = [corpus.automaton, own];
  const observe = (ids: readonly number[]) => {
    for (const id of ids) {
      for (const match of matches) match.advance(id); // before the own text grows, which would match itself
      own.append(id);
    }
  };
  observe(tail);
  return {
    source: "ngram",
    observe,
    propose: (most) => {
      const proposals = matches
        .map((match, i) => proposalOf(automata[i]!, match, most))
        .filter((it) => it !== undefined);
      return proposals.reduce<Proposal | undefined>(
        (best, it) => (best && best.match >= it.match ? best : it),
        undefined,
      );
    },
  };
}

function proposalOf(automaton: SuffixAutomaton, match: Match, most: number): Proposal | undefined {
  const start = match.copy();
  // The end of a text has nothing after it: a shorter match, which occurs elsewhere, may.
  while (start.length >= shortestMatch && automaton.continuations(start.state).length === 0) start.shorten();
  if (start.length < shortestMatch) return undefined;
  const limit = start.length >= longMatch ? most : Math.min(most, reachOfMatch * start.length);
  const ids: number[] = [];
  const confidence: number[] = [];
  let reach = 1;
  const follow = start.copy();
  while (ids.length < limit) {
    let choices = automaton.continuations(follow.state);
    while (choices.length === 0 && follow.length > shortestMatch) {
      follow.shorten();
      choices = automaton.continuations(follow.state);
    }
    const best = bestOf(choices);
    if (!best) break;
    const likely = confidenceOf(best, choices, follow.length);
    reach *= likely;
    if (reach < leastReach && ids.length > 0) break;
    ids.push(best.token);
    confidence.push(likely);
    follow.advance(best.token);
  }
  return ids.length === 0 ? undefined : { source: "ngram", ids, confidence, match: start.length };
}

/** The most frequent continuation; of equals the one seen last. */
const bestOf = (choices: readonly Continuation[]): Continuation | undefined =>
  choices.reduce<Continuation | undefined>(
    (best, it) =>
      !best || it.count > best.count || (it.count === best.count && it.recency > best.recency) ? it : best,
    undefined,
  );

/** Share of the continuation among all, as if one more had been something else; a match of few tokens counts for less. */
function confidenceOf(best: Continuation, choices: readonly Continuation[], length: number): number {
  const total = choices.reduce((sum, { count }) => sum + count, 0);
  const share = (best.count + 0.5) / (total + 1);
  return share * (1 - 0.5 / length);
}
