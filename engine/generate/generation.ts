import { performance } from "node:perf_hooks";
import type { EndReason } from "../contract/index.ts";
import type { Arbiter, Decision } from "../draft/index.ts";
import type { Draw, RoundRecord } from "../model/index.ts";
import type { PromptState, Sequence } from "../state/index.ts";
import type { MtpCatchUp } from "./mtp_catch_up.ts";
import type { GenerateOptions, RoundReport } from "./options.ts";
import type { Round, Rounds } from "./rounds.ts";
import type { Tally } from "./tally.ts";

/** What a generation works with. All but the prompt, its options and the tally is the session's. */
export interface GenerationParts {
  readonly rounds: Rounds;
  readonly sequence: Sequence;
  readonly state: PromptState;
  /** Decides what each round drafts. */
  readonly arbiter: Arbiter;
  /** Undefined: the MTP block does not run. */
  readonly mtp: MtpCatchUp | undefined;
  readonly tally: Tally;
  /** The whole prompt; the sequence is at its last token. */
  readonly prompt: readonly number[];
  readonly endIds: ReadonlySet<number>;
  readonly options: GenerateOptions;
}

/** A round that was submitted, and whose record has not been read. */
interface InFlight {
  readonly record: Promise<RoundRecord | undefined>;
  readonly decision: Decision;
  readonly masked: boolean;
}

const plainDecision: Decision = { source: "none", rows: 1, expected: 1, mtpRests: false };

/**
 * Speculative decoding of one text. A round drafts the next tokens, verifies them in one pass, and leaves a record of what the model
 * sampled: the accepted drafts, which are the longest prefix that equals the model's own samples, and one token more. The GPU continues
 * from its own samples, so a round is submitted before the record of the one before it has been read; what was submitted past the end
 * of the text is rolled back.
 */
export class Generation {
  readonly #parts: GenerationParts;
  /** Tokens that may be sampled, at most. */
  readonly #budget: number;
  /** The prompt and what was sampled after it, as far as records have been read. */
  readonly #text: number[];
  /** From the oldest to the newest. */
  readonly #inFlight: InFlight[] = [];
  /** A decision that waits for the records in flight. */
  #held: Decision | undefined;
  #yielded = 0;
  #ended = false;

  constructor(parts: GenerationParts) {
    const { prompt, options, sequence } = parts;
    this.#parts = parts;
    this.#budget = Math.min(options.maxTokens, sequence.memory.context - prompt.length);
    this.#text = [...prompt];
  }

  /** Yields the sampled tokens. However it ends, the sequence is left after the last token yielded but one. */
  async *run(): AsyncGenerator<Draw, EndReason, undefined> {
    const { endIds, options } = this.#parts;
    try {
      let sampled: readonly Draw[] = [];
      for (;;) {
        await this.submitAhead(); // before yielding, so that the GPU works while the caller does
        for (const draw of sampled) {
          this.#yielded++;
          yield draw;
          if (endIds.has(draw.token)) return "end";
        }
        if (options.signal?.aborted) return "cancelled";
        if (this.#left <= 0) return this.#budget < options.maxTokens ? "context-full" : "max-tokens";
        const record = await this.takeRecord();
        if (!record) return "end";
        sampled = record.draws;
      }
    } finally {
      await this.settle();
    }
  }

  /** Submits rounds until as many are in flight as may be, or until what the next one does depends on a record. */
  async submitAhead(): Promise<void> {
    const { rounds, options } = this.#parts;
    while (!this.#ended && !options.signal?.aborted) {
      if (this.#inFlight.length >= rounds.mostInFlight || this.#inFlight.length >= this.#left) return;
      if (this.#inFlight.at(-1)?.masked) return; // the next mask depends on its sample
      const mask = options.healing?.mask();
      if (mask && this.#inFlight.length > 0) return;
      const decision = mask ? plainDecision : this.#decide();
      if (!decision) return;
      await this.#submit(decision, mask);
    }
  }

  /**
   * Waits for the record of the oldest round in flight, and accepts what it sampled.
   * @returns undefined when the text had ended before that round
   */
  async takeRecord(): Promise<RoundRecord | undefined> {
    const { rounds, arbiter, tally, endIds, options } = this.#parts;
    const round = this.#inFlight.shift();
    if (!round) throw new Error("no round is in flight, and the text has not ended");
    const record = await round.record;
    if (!record) return undefined;
    await rounds.accept(record, this.#text.at(-1)!);
    tally.arrived(record, round.decision.source);
    for (const { token } of record.draws) {
      this.#text.push(token);
      options.healing?.take(token);
      this.#ended ||= endIds.has(token); // the GPU knows the first few end ids only
    }
    arbiter.observe(round.decision, {
      tokens: record.draws.map(({ token }) => token),
      drafted: record.drafted,
      confidence: record.confidence,
      rejected: record.rejected !== undefined,
    });
    options.trace?.(traceOf(round.decision, record));
    return record;
  }

  /** Waits for the rounds in flight, and rolls the sequence back to the last token yielded but one. */
  async settle(): Promise<void> {
    const { rounds, sequence, state, prompt } = this.#parts;
    const results = await Promise.allSettled(this.#inFlight.map(({ record }) => record));
    let first = this.#text.at(-1)!;
    for (const result of results) {
      if (result.status === "rejected" || !result.value) break;
      await rounds.accept(result.value, first);
      first = result.value.draws.at(-1)!.token;
    }
    const position = prompt.length + Math.max(0, this.#yielded - 1);
    const reached = sequence.position <= position || (await sequence.restore(position));
    if (reached) state.ran(this.#text.slice(state.length, sequence.position));
    else state.lose();
  }

  /** Tokens that may still be sampled, at most, not counting those in flight. */
  get #left(): number {
    return this.#budget - (this.#text.length - this.#parts.prompt.length);
  }

  /** @returns undefined: wait for a record */
  #decide(): Decision | undefined {
    const { arbiter, mtp } = this.#parts;
    const decision = this.#held ?? arbiter.decide(this.#inFlight.length, this.#left);
    const waits = decision !== undefined && this.#inFlight.length > 0 && mtp?.waits(decision);
    this.#held = waits ? decision : undefined;
    return waits ? undefined : decision;
  }

  async #submit(decision: Decision, mask: Uint32Array | undefined): Promise<void> {
    const { rounds, mtp, tally, options } = this.#parts;
    const startedAt = performance.now();
    const round: Round = {
      rows: decision.rows,
      sampled: (options.sampling?.temperature ?? 0) > 0,
      mask,
      // With a round in flight only the GPU knows the last token, and continues from it by itself.
      ...(this.#inFlight.length === 0 && {
        tokens: [this.#text.at(-1)!, ...(decision.given?.ids ?? [])],
        budget: this.#left,
      }),
      ...mtp?.next(decision, this.#text),
    };
    const { record } = await rounds.submit(round);
    this.#inFlight.push({ record, decision, masked: mask !== undefined });
    tally.submitted(performance.now() - startedAt, mask !== undefined);
  }
}

function traceOf({ source, expected }: Decision, { draws, drafted, rejected }: RoundRecord): RoundReport {
  const accepted = draws.length - 1;
  return { position: draws[0]!.position, source, drafted, accepted, expected, stopped: stopOf() };

  function stopOf(): RoundReport["stopped"] {
    if (drafted === 0) return "no draft";
    if (rejected !== undefined) return "rejected";
    return accepted === drafted ? "all accepted" : "end";
  }
}
