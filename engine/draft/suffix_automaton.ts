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

/**
 * The transitions of all states: a hash table with open addressing, each also in a list of its state's. Plain arrays of
 * integers: a Map by state and token, with an array for each state, took twice the time.
 */
class Transitions {
  /** First transition of each state, plus one; 0: it has none. */
  readonly #head: number[] = [];
  /** By transition, four numbers: state, token, target, and the state's next transition plus one. */
  #entries = new Int32Array(4 * 1024);
  #size = 0;
  /** Transitions plus one, by hash; 0 is free. Twice as many places as transitions, a power of two. */
  #slots = new Int32Array(2048);

  /** Undefined: there is none. */
  target(state: State, token: number): State | undefined {
    const entry = this.#slots[this.#slot(state, token)]!;
    return entry === 0 ? undefined : this.#entries[4 * (entry - 1) + 2]!;
  }

  /** Adds a transition, or changes its target. */
  set(state: State, token: number, target: State): void {
    if (4 * this.#size === this.#entries.length) this.#grow();
    const slot = this.#slot(state, token);
    const entry = this.#slots[slot]!;
    if (entry !== 0) {
      this.#entries[4 * (entry - 1) + 2] = target;
      return;
    }
    this.#entries.set([state, token, target, this.#head[state] ?? 0], 4 * this.#size);
    this.#slots[slot] = this.#head[state] = ++this.#size;
  }

  /** The transitions of a state, the newest first; `visit` may add to other states. */
  each(state: State, visit: (token: number, target: State) => void): void {
    for (let entry = this.#head[state] ?? 0; entry !== 0; entry = this.#entries[4 * entry - 1]!) {
      visit(this.#entries[4 * entry - 3]!, this.#entries[4 * entry - 2]!);
    }
  }

  /** The slot of the transition, or a free one for it. */
  #slot(state: State, token: number): number {
    const mask = this.#slots.length - 1;
    const mixed = Math.imul(state ^ Math.imul(token, 0x85ebca6b), 0x9e3779b1);
    for (let slot = (mixed ^ (mixed >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const at = 4 * (this.#slots[slot]! - 1);
      if (at < 0 || (this.#entries[at] === state && this.#entries[at + 1] === token)) return slot;
    }
  }

  #grow(): void {
    const entries = new Int32Array(2 * this.#entries.length);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let entry = 1; entry <= this.#size; entry++) {
      this.#slots[this.#slot(entries[4 * entry - 4]!, entries[4 * entry - 3]!)] = entry;
    }
  }
}

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
  readonly #transitions = new Transitions();
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

  /** Where a token leads; undefined: it never followed the state's substrings. */
  next(state: State, token: number): State | undefined {
    return this.#transitions.target(state, token);
  }

  /** What followed the state's substrings. */
  continuations(state: State): Continuation[] {
    const found: Continuation[] = [];
    this.#transitions.each(state, (token, target) => {
      found.push({ token, state: target, count: this.#count[target]!, recency: this.#recency[target]! });
    });
    return found;
  }

  /** The continuation seen most often, of equals the one seen last, and how often any was. Undefined: none ever was. */
  likeliest(state: State): { readonly token: number; readonly total: number } | undefined {
    let token: number | undefined;
    let most = 0;
    let latest = 0;
    let total = 0;
    this.#transitions.each(state, (next, target) => {
      const count = this.#count[target]!;
      const recency = this.#recency[target]!;
      total += count;
      if (count < most || (count === most && recency <= latest)) return;
      token = next;
      most = count;
      latest = recency;
    });
    return token === undefined ? undefined : { token, total };
  }

  /** Begins another document. */
  endDocument(): void {
    this.#last = SuffixAutomaton.root;
  }

  /** Appends a token to the document. */
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
        this.#transitions.set(from, token, state);
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
    return this.#length.length - 1;
  }

  /** Splits off the shorter substrings of `target`, those that `from` and its suffixes reach by `token`. */
  #clone(from: State, token: number, target: State): State {
    const clone = this.#make(this.#length[from]! + 1);
    this.#transitions.each(target, (next, to) => this.#transitions.set(clone, next, to));
    this.#link[clone] = this.#link[target]!;
    this.#count[clone] = this.#count[target]!;
    this.#recency[clone] = this.#recency[target]!;
    this.#link[target] = clone;
    for (let at = from; at >= 0 && this.next(at, token) === target; at = this.#link[at]!) {
      this.#transitions.set(at, token, clone);
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

  /** Advances by the next token of the followed text. */
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

  /** A copy of this match, which advances independently. */
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
