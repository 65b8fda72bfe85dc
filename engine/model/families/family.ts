/** The keys of one architecture in a model file, by their names after the architecture's. */
export interface Keys {
  /** @throws UserError where there is none and no fallback either */
  number(key: string, fallback?: number): number;
  boolean(key: string, fallback: boolean): boolean;
  /** Undefined where the file has none. */
  flags(key: string): readonly boolean[] | undefined;
  string(key: string, fallback: string): string;
}

/** What mixes the positions of each trunk block. */
export interface Mixers {
  /** Per trunk block: full attention (true) or gated delta net (false). */
  readonly fullAttention: readonly boolean[];
  /** Zeros in a network without delta nets. */
  readonly delta: {
    readonly keyHeads: number;
    readonly valueHeads: number;
    /** Size of q, k and v heads alike. */
    readonly headSize: number;
    /** Channels of the causal convolution: q heads, k heads, v heads. */
    readonly channels: number;
    /** Whether the value heads of one key head are neighbours; otherwise value head h belongs to key head h mod Hk. */
    readonly grouped: boolean;
  };
}

export interface ExpertsShape {
  readonly count: number;
  /** Experts that a row goes to. */
  readonly used: number;
  /** Width of one expert. */
  readonly feedForward: number;
  /** Width of the expert that all rows share; 0: none. */
  readonly shared: number;
}

/** Factors of what a network adds up. */
export interface Multipliers {
  /** Of a token's embedding. */
  readonly embedding: number;
  /** Of what a mixer or a feed-forward network adds to the residual stream. */
  readonly residual: number;
  /** Of the logits. */
  readonly logits: number;
}

/** What sets one architecture apart: the layers themselves are the same for all. */
export interface Family {
  /** For people. */
  readonly title: string;
  /** Whether each query head has a gate on what it returns (NETWORK.md 3.2). */
  readonly gated: boolean;
  /** What q, k and v pass before q and k rotate: a norm of each q and k head, a bias on all three, or that if the file has it. */
  readonly inputs: "norms" | "biases" | "biases or nothing";
  /** Which two dims of a head turn together: i and i + R/2, or 2i and 2i + 1. */
  readonly pairs: "halves" | "neighbours";
  /** Whether the angles take the factors of `rope_freqs.weight` where the file has them; others leave this tensor unread. */
  readonly ropeFactors?: true;
  /** Tensor of the norm before the feed-forward network. */
  readonly ffnNorm: string;
  /** Which trunk blocks have full attention, and the shape of the delta nets that the others have. */
  readonly mixers: (keys: Keys, layers: number) => Mixers;
  /** Absent, or undefined for these keys: the feed-forward networks are dense. */
  readonly experts?: (keys: Keys) => ExpertsShape | undefined;
  /** Absent: all are 1. */
  readonly multipliers?: (keys: Keys) => Multipliers;
}

/** Every block has full attention, as in a plain transformer. */
export const attentionOnly: Family["mixers"] = (_keys, layers) => ({
  fullAttention: new Array<boolean>(layers).fill(true),
  delta: { keyHeads: 0, valueHeads: 0, headSize: 0, channels: 0, grouped: false },
});
