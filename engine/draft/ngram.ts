import type { Drafter } from "./drafter.ts";
import { Match, SuffixAutomaton } from "./suffix_automaton.ts";

/** Tokens that a corpus holds before the older half of it is forgotten: some 20 files, and tens of megabytes. */
const usualCapacity = 65_536;

/** Tokens after which a line is cut: else each keystroke in a one-line file would add the whole file again. */
const longestLine = 128;

/** The texts that a model's n-grams learn from: the file, open files, edits and accepted completions, as prompts contain them. */
export interface Corpus {
  readonly automaton: SuffixAutomaton;
  /** Adds the new parts of a text: prompts of neighbouring keystrokes are nearly the same. */
  learn(ids: readonly number[]): void;
}

/** How a model's texts are cut, and how much of them is kept. */
export interface CorpusOptions {
  /** Whether a line of text ends with the id. */
  readonly isLineEnd: (id: number) => boolean;
  /** Tokens that it holds at most. */
  readonly capacity?: number;
}

/** Lines that were new together, after one that was known. */
interface Document {
  readonly ids: number[];
  /** Hashes of its pairs of neighbouring lines: forgotten with it. */
  readonly pairs: number[];
}

/** An empty corpus; the same texts in the same order make the same corpus. */
export function createCorpus({ isLineEnd, capacity = usualCapacity }: CorpusOptions): Corpus {
  let automaton = new SuffixAutomaton();
  let known = new Set<number>();
  let documents: Document[] = [];

  const append = ({ ids, pairs }: Document): void => {
    automaton.endDocument();
    for (const id of ids) automaton.append(id);
    for (const pair of pairs) known.add(pair);
  };
  const forgetOlder = (): void => {
    let kept = 0;
    let first = documents.length;
    while (first > 0 && kept + documents[first - 1]!.ids.length <= capacity / 2)
      kept += documents[--first]!.ids.length;
    documents = documents.slice(first);
    automaton = new SuffixAutomaton();
    known = new Set();
    for (const document of documents) append(document);
  };
  const add = (document: Document): void => {
    if (document.ids.length === 0) return;
    documents.push(document);
    append(document);
    if (automaton.size > capacity) forgetOlder();
  };
  return {
    get automaton() {
      return automaton;
    },
    learn: (text) => {
      // Text beyond the capacity would be evicted while it is learned, and be new again at the next keystroke.
      const lines = finishedLines(text.slice(-capacity / 2), isLineEnd);
      if (text.length > capacity / 2) lines.shift(); // each keystroke cuts it somewhere else
      /** A new text that repeats itself is kept in one piece, and its lines are counted: only what others had is left out. */
      const fresh = new Set<number>();
      let run: Document = { ids: [], pairs: [] };
      const close = () => {
        add(run);
        run = { ids: [], pairs: [] };
      };
      for (const [i, line] of lines.entries()) {
        const before = lines[i - 1] ?? [];
        const pair = hash(line, hash(before, 0));
        if (known.has(pair) && !fresh.has(pair)) {
          close();
          continue;
        }
        // Whole documents are evicted: none may be so long that half of the corpus goes with it.
        if (run.ids.length > 0 && run.ids.length + line.length > capacity / 4) close();
        known.add(pair);
        fresh.add(pair);
        if (run.ids.length === 0) run.ids.push(...before);
        run.ids.push(...line);
        run.pairs.push(pair);
      }
      close();
    },
  };
}

/** The line that is being written is left out: it would be new with every keystroke, and drafters have the tail anyway. */
function finishedLines(ids: readonly number[], isLineEnd: (id: number) => boolean): number[][] {
  const lines: number[][] = [];
  let line: number[] = [];
  for (const id of ids) {
    line.push(id);
    if (!isLineEnd(id) && line.length < longestLine) continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

/** FNV-1a over ids; two lines that collide are merely learned once. */
const hash = (ids: readonly number[], seed: number): number =>
  ids.reduce((sum, id) => Math.imul(sum ^ id, 16_777_619) >>> 0, (seed ^ 2_166_136_261) >>> 0);

/** Tokens that must agree before anything is drafted: one, for what it is worth is weighed below (two lose a tenth in code). */
const shortestMatch = 1;
/** Minimum cumulative acceptance probability at which a draft is extended: a row costs little, but not nothing. */
const leastReach = 0.2;
/** How much longer than the match a draft may be; long matches are copies, and are followed to their end. */
const reachOfMatch = 2;
const longMatch = 12;
/** Contexts that are used, from the longest: shorter ones have no influence beside these. */
const mostContexts = 4;
/** Pseudo-count of doubt in a context of one token: of the values tried, this had the fewest rejected drafts per accepted one. */
const doubtOfOne = 4;

/** A place in a text that was seen: what followed there is weighed by how many tokens agree. */
interface Context {
  readonly automaton: SuffixAutomaton;
  readonly state: number;
  readonly length: number;
  /** What followed most often, and how often anything did. */
  readonly token: number;
  readonly total: number;
}

/**
 * Drafts what followed earlier occurrences of the text's end: in the corpus, or in what this generation itself wrote.
 * @param tail the end of the prompt
 */
export function createNgramDrafter(corpus: Corpus, tail: readonly number[]): Drafter {
  const own = new SuffixAutomaton();
  const automata = [corpus.automaton, own];
  const matches = automata.map((automaton) => new Match(automaton));
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
      const follow = matches.map((match) => match.copy());
      const ids: number[] = [];
      const confidence: number[] = [];
      let match = 0;
      let limit = most;
      let reach = 1;
      while (ids.length < limit) {
        const found = follow
          .flatMap((it, i) => contextsOf(automata[i]!, it))
          .sort((a, b) => a.length - b.length);
        const best = likeliest(found);
        if (!best) break;
        reach *= best.confidence;
        if (reach < leastReach) break;
        if (ids.length === 0) {
          match = found.at(-1)!.length;
          if (match < longMatch) limit = Math.min(most, reachOfMatch * match);
        }
        ids.push(best.token);
        confidence.push(best.confidence);
        for (const it of follow) it.advance(best.token);
      }
      return ids.length === 0 ? undefined : { source: "ngram", ids, confidence, match };
    },
  };
}

/** The match and its ever shorter suffixes that also occur elsewhere, as long as something followed. */
function contextsOf(automaton: SuffixAutomaton, match: Match): Context[] {
  const found: Context[] = [];
  let { state, length } = match;
  while (length >= shortestMatch && found.length < mostContexts) {
    const next = automaton.likeliest(state);
    if (next) found.push({ automaton, state, length, ...next });
    state = automaton.link(state);
    length = automaton.length(state);
  }
  return found;
}

/**
 * The likeliest next token, of those that some context saw most often. From the shortest context to the longest, with
 * count c of n, p ← (c + d·p) / (n + d): a longer context overrules as far as it has seen enough. The doubt d falls with
 * length: where many tokens agree, even what was seen once is nearly sure.
 */
function likeliest(found: readonly Context[]): { token: number; confidence: number } | undefined {
  let best: { token: number; confidence: number } | undefined;
  for (const token of new Set(found.map((it) => it.token))) {
    let p = 0;
    for (const { automaton, state, length, total } of found) {
      const target = automaton.next(state, token);
      const count = target === undefined ? 0 : automaton.count(target);
      const doubt = doubtOfOne / length;
      p = (count + doubt * p) / (total + doubt);
    }
    if (!best || p >= best.confidence) best = { token, confidence: p };
  }
  return best;
}
