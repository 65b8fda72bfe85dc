/** A state of the automaton: a set of substrings that end at the same places. */
export type State = number;

/** A token that follows a state's substrings, and how often. */
export interface Continuation {
  readonly token: number;
  readonly state: State;
  readonly count: number;
  /** Larger: seen later. */
  readonly recency: number;
}

/** Suffix links that an extension follows to count occurrences: a bound for texts like `aaaa…`, whose chains are as long as they are. */
const countedLinks = 32;

/** Places for a token in the key of a transition; vocabularies of this family have a quarter million. */
const tokenRange = 2 ** 21;

/**
 * The suffix automaton of texts that are appended token by token (Blumer et al., 1985): every substring of them leads from
 * the root to a state, in amortised constant time and space a token. Several documents share it: a substring never runs
 * from one into the next. Counts are of occurrences as ends of the texts so far, exact for the longest `countedLinks` suffix
 * classes at each place.
 */
export class SuffixAutomaton {
  readonly #length: number[] = [0];
  readonly #link: number[] = [-1];
  readonly #count: number[] = [0];
  readonly #recency: number[] = [0];
  /** By state: tokens and targets of its transitions, in turn. */
  readonly #edges: number[][] = [[]];
  readonly #target = new Map<number, State>();
  #last: State = 0;
  #size = 0;

  /** Tokens appended. */
  get size(): number {
    return this.#size;
  }

  static readonly root: State = 0;

  /** Length of the longest substring of the state, in tokens. */
  length(state: State): number {
    return this.#length[state]!;
  }

  /** The state of the longest suffix that is in another state; −1 for the root. */
  link(state: State): State {
    return this.#link[state]!;
  }

  /** How often the state's substrings occur. */
  count(state: State): number {
    return this.#count[state]!;
  }

  next(state: State, token: number): State | undefined {
    return this.#target.get(state * tokenRange + token);
  }

  continuations(state: State): Continuation[] {
    const edges = this.#edges[state]!;
    const found: Continuation[] = [];
    for (const token of edges) {
      const target = this.next(state, token)!;
      found.push({ token, state: target, count: this.#count[target]!, recency: this.#recency[target]! });
    }
    return found;
  }

  /** Begins another document. */
  endDocument(): void {
    this.#last = SuffixAutomaton.root;
  }

  append(token: number): void {
    this.#size++;
    const existing = this.next(this.#last, token);
    if (existing !== undefined && this.#length[existing] === this.#length[this.#last]! + 1) {
      this.#last = existing; // an earlier document has this substring
    } else if (existing !== undefined) {
      this.#last = this.#clone(this.#last, token, existing);
    } else {
      const state = this.#make(this.#length[this.#last]! + 1);
      let from: State = this.#last;
      while (from >= 0 && this.next(from, token) === undefined) {
        this.#connect(from, token, state);
        from = this.#link[from]!;
      }
      if (from < 0) this.#link[state] = SuffixAutomaton.root;
      else {
        const target = this.next(from, token)!;
        const fits = this.#length[target] === this.#length[from]! + 1;
        this.#link[state] = fits ? target : this.#clone(from, token, target);
      }
      this.#last = state;
    }
    let at: State = this.#last;
    for (let hops = 0; hops < countedLinks && at > 0; hops++) {
      this.#count[at]!++;
      this.#recency[at] = this.#size;
      at = this.#link[at]!;
    }
  }

  #make(length: number): State {
    this.#length.push(length);
    this.#link.push(-1);
    this.#count.push(0);
    this.#recency.push(0);
    this.#edges.push([]);
    return this.#length.length - 1;
  }

  #connect(from: State, token: number, to: State): void {
    const key = from * tokenRange + token;
    if (!this.#target.has(key)) this.#edges[from]!.push(token);
    this.#target.set(key, to);
  }

  /** Splits off the shorter substrings of `target`, those that `from` and its suffixes reach by `token`. */
  #clone(from: State, token: number, target: State): State {
    const clone = this.#make(this.#length[from]! + 1);
    for (const edge of this.#edges[target]!) this.#connect(clone, edge, this.next(target, edge)!);
    this.#link[clone] = this.#link[target]!;
    this.#count[clone] = this.#count[target]!;
    this.#recency[clone] = this.#recency[target]!;
    this.#link[target] = clone;
    for (let at = from; at >= 0 && this.next(at, token) === target; at = this.#link[at]!) {
      this.#connect(at, token, clone);
    }
    return clone;
  }
}

/** Follows a text: the longest suffix of it that occurs in an automaton, which may grow meanwhile. */
export class Match {
  readonly #automaton: SuffixAutomaton;
  #state: State = SuffixAutomaton.root;
  #length = 0;

  constructor(automaton: SuffixAutomaton) {
    this.#automaton = automaton;
  }

  /** Tokens that agree. */
  get length(): number {
    return this.#length;
  }

  get state(): State {
    this.#settle();
    return this.#state;
  }

  advance(token: number): void {
    this.#settle();
    for (;;) {
      const next = this.#automaton.next(this.#state, token);
      if (next !== undefined) {
        this.#state = next;
        this.#length++;
        return;
      }
      if (this.#state === SuffixAutomaton.root) {
        this.#length = 0;
        return;
      }
      this.#state = this.#automaton.link(this.#state);
      this.#length = this.#automaton.length(this.#state);
    }
  }

  /** Drops the oldest of the tokens that agree, down to the next state: shorter, and seen more often. */
  shorten(): void {
    this.#settle();
    if (this.#state === SuffixAutomaton.root) return;
    this.#state = this.#automaton.link(this.#state);
    this.#length = this.#automaton.length(this.#state);
  }

  copy(): Match {
    const copy = new Match(this.#automaton);
    copy.#state = this.#state;
    copy.#length = this.#length;
    return copy;
  }

  /** The state may have been split since: the matched substring is then the split-off's. */
  #settle(): void {
    while (this.#state > 0) {
      const link = this.#automaton.link(this.#state);
      if (this.#automaton.length(link) < this.#length) return;
      this.#state = link;
    }
  }
}
