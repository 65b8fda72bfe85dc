/** The n-gram drafters of llama.cpp (ngram-simple, -map-k, -map-k4v, -mod, -cache of its common/), plain and small: the floor for ours. */
export interface NgramMode {
  /** What may follow `history`; empty: nothing. */
  propose(history: readonly number[]): number[];
  /** How many tokens of the last draft, if there was one, stood. */
  accepted(count: number): void;
}

const key = (ids: readonly number[], start: number, length: number): string =>
  ids.slice(start, start + length).join(" ");

const agrees = (ids: readonly number[], a: number, b: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (ids[a + i] !== ids[b + i]) return false;
  return true;
};

/** ngram-simple: what followed the previous occurrence of the last `n` tokens, if at least `n` tokens did. */
function ngramSimple(n = 12, m = 48): NgramMode {
  return {
    propose: (history) => {
      if (history.length <= n + m + 1) return [];
      for (let at = history.length - n - 1; at >= 1; at--) {
        if (!agrees(history, at, history.length - n, n)) continue;
        const draft = history.slice(at + n, at + n + m);
        return draft.length < n ? [] : draft;
      }
      return [];
    },
    accepted: () => {},
  };
}

/** ngram-map-k: the same from a table of first places; a key drafts as much as was accepted of its last draft, at first `m`. */
function ngramMapK(n = 12, m = 48): NgramMode {
  const firstAt = new Map<string, number>();
  const reach = new Map<string, number>();
  let indexed = 1;
  let drafted: string | undefined;
  return {
    propose: (history) => {
      drafted = undefined;
      for (; indexed < history.length - n - m - 1; indexed++) {
        const here = key(history, indexed, n);
        if (!firstAt.has(here)) firstAt.set(here, indexed);
      }
      const wanted = key(history, history.length - n, n);
      const at = firstAt.get(wanted);
      const length = Math.min(m, reach.get(wanted) ?? m);
      if (at === undefined || length === 0) return [];
      drafted = wanted;
      return history.slice(at + n, at + n + length);
    },
    accepted: (count) => {
      if (drafted !== undefined) reach.set(drafted, count);
    },
  };
}

interface Value {
  readonly ids: readonly number[];
  count: number;
  reach: number;
}

/** ngram-map-k4v: per key up to four continuations of `m` tokens; the one that is thrice as frequent as the others together. */
function ngramMapK4v(n = 8, m = 8, minHits = 2): NgramMode {
  const values = new Map<string, Value[]>();
  let indexed = 1;
  let drafted: Value | undefined;
  return {
    propose: (history) => {
      drafted = undefined;
      for (; indexed + n + m <= history.length; indexed++) {
        const here = key(history, indexed, n);
        const ids = history.slice(indexed + n, indexed + n + m);
        const known = values.get(here) ?? [];
        values.set(here, known);
        const same = known.find((it) => it.ids.every((id, i) => id === ids[i]));
        if (same) same.count = Math.min(same.count + 1, 16_380);
        else if (known.length < 4) known.push({ ids, count: 1, reach: m });
      }
      const known = values.get(key(history, history.length - n, n)) ?? [];
      const hits = known.reduce((sum, { count }) => sum + count, 0);
      const best = known.reduce<Value | undefined>((a, b) => (a && a.count >= b.count ? a : b), undefined);
      if (!best || hits < minHits || best.count < 3 * (hits - best.count)) return [];
      drafted = best;
      return best.ids.slice(0, best.reach);
    },
    accepted: (count) => {
      if (drafted) drafted.reach = count;
    },
  };
}

/** ngram-mod: a table from the hash of `n` tokens to the next, without a check of the key. */
function ngramMod(n = 24, shortest = 48, longest = 64): NgramMode {
  const slots = 4 * 2 ** 20;
  const next = new Map<number, number>();
  let indexed = 0;
  let poor = 0;
  let drafted = 0;
  const slotOf = (ids: readonly number[], start: number): number => {
    let sum = 0n;
    for (let i = 0; i < n; i++)
      sum = BigInt.asUintN(64, sum * 6364136223846793005n + BigInt(ids[start + i]!));
    return Number(sum % BigInt(slots));
  };
  return {
    propose: (history) => {
      drafted = 0;
      if (history.length - n - indexed >= 32) {
        for (; indexed < history.length - n; indexed++)
          next.set(slotOf(history, indexed), history[indexed + n]!);
        if (next.size > slots / 4) next.clear();
      }
      if (history.length < n) return [];
      const window = history.slice(-n);
      while (window.length - n < longest) {
        const token = next.get(slotOf(window, window.length - n));
        if (token === undefined) break;
        window.push(token);
      }
      const draft = window.slice(n);
      if (draft.length < shortest) return [];
      drafted = draft.length;
      return draft;
    },
    accepted: (count) => {
      if (drafted === 0) return;
      poor = count / drafted < 0.25 ? poor + 1 : 0;
      if (poor < 5) return;
      next.clear();
      indexed = 0;
      poor = 0;
    },
  };
}

/** ngram-cache: counts after the last 4, 3, 2, 1 tokens, the longest with enough samples and share; the text's own cache, lax limits. */
function ngramCache(m = 8): NgramMode {
  const leastSamples = [2, 2, 1, 1];
  const leastShare = [0.66, 0.5, 0.5, 0.5];
  const counts = new Map<string, Map<number, number>>();
  let indexed = 1;
  const choose = (text: readonly number[]): number | undefined => {
    for (let n = 4; n >= 1; n--) {
      if (text.length < n) continue;
      let sum = 0;
      let most = 0;
      let token: number | undefined;
      for (const [id, count] of counts.get(key(text, text.length - n, n)) ?? []) {
        sum += count;
        if (count > most) [most, token] = [count, id];
      }
      if (sum >= leastSamples[n - 1]! && most >= leastShare[n - 1]! * sum) return token;
    }
    return undefined;
  };
  return {
    propose: (history) => {
      for (; indexed < history.length; indexed++) {
        for (let n = 1; n <= Math.min(4, indexed); n++) {
          const here = key(history, indexed - n, n);
          const known = counts.get(here) ?? new Map<number, number>();
          known.set(history[indexed]!, (known.get(history[indexed]!) ?? 0) + 1);
          counts.set(here, known);
        }
      }
      const text = history.slice(-4);
      const draft: number[] = [];
      while (draft.length < m) {
        const token = choose(text);
        if (token === undefined) break;
        draft.push(token);
        text.push(token);
      }
      return draft;
    },
    accepted: () => {},
  };
}

/** All modes with the lengths that llama.cpp gives them. */
export const ngramModes: Readonly<Record<string, () => NgramMode>> = {
  "ngram-simple": () => ngramSimple(),
  "ngram-map-k": () => ngramMapK(),
  "ngram-map-k4v": () => ngramMapK4v(),
  "ngram-mod": () => ngramMod(),
  "ngram-cache": () => ngramCache(),
};
