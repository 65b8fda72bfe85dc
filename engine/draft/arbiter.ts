import type { DraftSettings } from "../model/index.ts";
import type { Calibration } from "./calibration.ts";
import type { Costs } from "./costs.ts";
import type { Drafter, DraftSource, Proposal } from "./drafter.ts";

/** Which sources may draft: any that pays, one alone at full length, or none. */
export type DraftMode = "auto" | "mtp" | "ngram" | "off";

/** What the next round drafts. */
export interface Decision {
  readonly source: DraftSource | "none";
  /** Rows of the pass at most: the last sampled token and the drafts. */
  readonly rows: number;
  /** A draft whose ids the CPU already has. */
  readonly given?: Proposal;
  /** Or one that the GPU makes. */
  readonly chain?: DraftSettings;
  /** Expected number of tokens that the round yields. */
  readonly expected: number;
  /** Whether the MTP block skips this round's tokens: it has not drafted for a while. */
  readonly mtpRests: boolean;
}

/** The result of a round. */
export interface Outcome {
  /** The sampled tokens: accepted drafts, then one more. */
  readonly tokens: readonly number[];
  readonly drafted: number;
  /** The MTP block's confidence in the drafts that were verified. */
  readonly confidence: readonly number[];
  /** Whether a draft was rejected, not cut off by the end. */
  readonly rejected: boolean;
}

export interface ArbiterOptions {
  readonly mode: DraftMode;
  readonly costs: Costs;
  /** Longest draft: bounded by the rollback strategy, the device's checked widths and the user's setting. */
  readonly longest: number;
  /** Whether the model can draft by itself. */
  readonly mtp: boolean;
  readonly drafters: readonly Drafter[];
  readonly calibration: Calibration;
}

export const longestChain = 8; // links: beyond, a chain is seldom reached and every link costs a pass of the block
const probeRounds = 64; // rounds after which a source that looks like a loss is tried again: the text may have changed
const trialRounds = 32; // drafted rounds after which a source is judged by its yield
const agreeing = 2; // MTP drafts that must equal an n-gram's before the rest of that is taken
const restAfter = 16; // rounds without a chain after which the MTP block no longer runs on the text
const loss = 0.98; // share of plain decoding's rate below which a source is suspended

interface Trial {
  rounds: number;
  tokens: number;
  cost: number;
  suspendedUntil: number;
}

/**
 * Decides before each round which source drafts, and how much: the choice with most expected tokens for its measured cost,
 *   (1 + Σ_i Π_{j ≤ i} a_j) / (verify(1 + n) + draft(n)),
 * where a_j is the acceptance calibrated on past rounds. Plain decoding is one of the choices. A source that yields less than
 * plain decoding for a while is suspended.
 */
export class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #trials = new Map<DraftSource, Trial>();
  /** By depth: how often the chain's draft there was accepted, where it was reached. */
  readonly #depth: { hits: number; seen: number }[] = [];
  #round = 0;
  /** Rounds since the last chain. */
  #sinceChain = 0;

  constructor(options: ArbiterOptions) {
    this.#options = options;
  }

  /**
   * @param ahead rounds whose record has not been read; if there are any, only drafts that the GPU makes by itself are possible
   * @param left tokens that may still be sampled, at most
   * @returns undefined: wait for the record, a drafter may then have a draft
   */
  decide(ahead: number, left: number): Decision | undefined {
    const decision = this.#decide(ahead, left);
    if (!decision) return undefined;
    this.#sinceChain = decision.chain ? 0 : this.#sinceChain + 1;
    return { ...decision, mtpRests: this.#sinceChain > restAfter };
  }

  #decide(ahead: number, left: number): Decision | undefined {
    const { mode } = this.#options;
    const longest = Math.min(this.#options.longest, left - 1);
    const plain: Decision = { source: "none", rows: 1, expected: 1, mtpRests: false };
    if (mode === "off" || longest < 1) return plain;
    if (mode === "mtp") return this.#options.mtp ? this.#chain(longest, 0) : plain;
    const given = this.#bestGiven(longest);
    if (mode === "ngram") return ahead > 0 ? undefined : (given ?? plain);

    const better = (a: Decision, b: Decision) => (this.#rate(b) > this.#rate(a) ? b : a);
    const chain = this.#options.mtp ? this.#chains(longest).reduce(better) : undefined;
    const choices = [plain, given, chain].filter((it) => it !== undefined);
    const best = choices.filter((it) => !this.#isSuspended(it.source)).reduce(better);
    if (best.given && ahead > 0) return undefined;
    this.#round++;
    if (this.#round % probeRounds === 0) {
      const others = choices.filter((it) => it !== plain && it !== best && !(it.given && ahead > 0));
      if (others.length > 0) return others[(this.#round / probeRounds) % others.length];
      if (best.chain && best.rows <= longest) return this.#chain(best.rows, this.#rate(best));
    }
    if (!best.chain) return best;
    return this.#withTail(
      this.#chain(best.rows - 1, this.#rate(best)),
      ahead === 0 ? given : undefined,
      longest,
    );
  }

  /** Records a round's result, and passes it to the drafters. */
  observe(decision: Decision, outcome: Outcome): void {
    const { drafters, calibration } = this.#options;
    for (const drafter of drafters) drafter.observe(outcome.tokens);
    const accepted = outcome.tokens.length - 1;
    const judged = Math.min(outcome.drafted, accepted + (outcome.rejected ? 1 : 0));
    const { given, chain } = decision;
    for (let i = 0; i < judged; i++) {
      const hit = i < accepted;
      if (given) calibration.observe(given.source, given.confidence[i]!, given.match, hit);
      if (!chain || i >= chain.most) continue;
      calibration.observe("mtp", outcome.confidence[i]!, 0, hit);
      this.#depth[i] ??= { hits: 0, seen: 0 };
      const depth = this.#depth[i]!;
      depth.hits = depth.hits * 0.95 + (hit ? 1 : 0);
      depth.seen = depth.seen * 0.95 + 1;
    }
    if (decision.source !== "none") this.#judge(decision, decision.source, outcome.tokens.length);
  }

  #judge(decision: Decision, source: DraftSource, tokens: number): void {
    const { costs } = this.#options;
    const trial = this.#trials.get(source) ?? { rounds: 0, tokens: 0, cost: 0, suspendedUntil: 0 };
    this.#trials.set(source, trial);
    trial.rounds++;
    trial.tokens += tokens;
    trial.cost += this.#cost(decision);
    if (trial.rounds < trialRounds) return;
    if (trial.tokens / trial.cost < loss / costs.verify(1)) trial.suspendedUntil = this.#round + probeRounds;
    Object.assign(trial, { rounds: 0, tokens: 0, cost: 0 });
  }

  #isSuspended(source: DraftSource | "none"): boolean {
    return source !== "none" && (this.#trials.get(source)?.suspendedUntil ?? 0) > this.#round;
  }

  #cost({ rows, given, chain }: Decision): number {
    const { costs } = this.#options;
    return (
      costs.verify(rows) + (chain ? chain.most * costs.link : 0) + (given || chain?.tail ? costs.wait : 0)
    );
  }

  #rate(decision: Decision): number {
    return decision.expected / this.#cost(decision);
  }

  /** The best draft that the drafters propose, cut where another row would not pay. */
  #bestGiven(longest: number): Decision | undefined {
    const { drafters, calibration, mode } = this.#options;
    let best: Decision | undefined;
    for (const drafter of drafters) {
      const proposal = drafter.propose(longest);
      if (!proposal || proposal.ids.length === 0) continue;
      let reach = 1;
      let expected = 1;
      for (const [i, confidence] of proposal.confidence.entries()) {
        reach *= calibration.acceptance(proposal.source, confidence, proposal.match);
        expected += reach;
        if (mode === "ngram" && i + 1 < proposal.ids.length) continue; // at full length
        const rows = i + 2;
        const given = { ...proposal, ids: proposal.ids.slice(0, i + 1) };
        const decision: Decision = { source: proposal.source, rows, given, expected, mtpRests: false };
        if (!best || this.#rate(decision) > this.#rate(best)) best = decision;
      }
    }
    return best;
  }

  #chains(longest: number): Decision[] {
    const most = Math.min(longest, longestChain);
    return Array.from({ length: most }, (_, i) => this.#chain(i + 1, 0));
  }

  /** A chain of `most` links; with a rate, the GPU cuts it where its next row would yield less than that. */
  #chain(most: number, rate: number): Decision {
    const { costs, calibration } = this.#options;
    let reach = 1;
    let expected = 1;
    for (let i = 0; i < most; i++) {
      reach *= this.#depthAcceptance(i);
      expected += reach;
    }
    const row = (costs.verify(most + 1) - costs.verify(1)) / most + costs.link;
    const cut = Array.from({ length: most }, () => rate * row);
    return {
      source: "mtp",
      rows: most + 1,
      expected,
      mtpRests: false,
      chain: { most, cut, acceptance: calibration.mtpTable() },
    };
  }

  /** Lets an n-gram's draft follow the chain where the two agree. */
  #withTail(decision: Decision, given: Decision | undefined, longest: number): Decision {
    const { chain } = decision;
    const proposal = given?.given;
    if (!chain || !proposal || chain.most < agreeing || proposal.ids.length <= agreeing) return decision;
    const ids = proposal.ids.slice(0, longest);
    const tail = { ids, confidence: proposal.confidence.slice(0, longest), agree: agreeing };
    return { ...decision, rows: Math.max(decision.rows, ids.length + 1), chain: { ...chain, tail } };
  }

  #depthAcceptance(depth: number): number {
    const { hits, seen } = this.#depth[depth] ?? { hits: 0, seen: 0 };
    const prior = 0.7 * 0.9 ** depth; // what heads of this family reach on code, before any measurement
    return (hits + 4 * prior) / (seen + 4);
  }
}
