import type { Decision } from "../draft/index.ts";
import { maxRows } from "../model/index.ts";
import type { Round } from "./rounds.ts";

// Where a text is continued, the MTP block's cache of the last tokens may hold rejected drafts, so the block runs over them again.
const resumeTokens = 16;

const noLinks = { most: 0, cut: [], acceptance: [] };

/**
 * What the MTP block has not seen of the text. The block drafts from its own keys and values, so it must run over each token once. A
 * round runs it over the tokens that the round before sampled; a round in which it rests skips them. Before it drafts again, it runs over the
 * last tokens that it missed, at most as many as fit a pass.
 */
export class MtpCatchUp {
  /** Tokens at the text's end that it may have missed, at most; 0: none but those in flight, which the GPU feeds it. */
  #missed = resumeTokens;
  readonly #since: number;

  /** @param since position from which the trunk's hidden rows are kept, which the block reads beside the tokens */
  constructor(since: number) {
    this.#since = since;
  }

  /** Whether a round needs tokens that records in flight have yet to bring. */
  waits({ mtpRests }: Decision): boolean {
    return !mtpRests && this.#missed > 0;
  }

  /** The MTP block's part in the next round. `text`: all tokens up to the round's first. */
  next({ mtpRests, chain = noLinks }: Decision, text: readonly number[]): Pick<Round, "chain" | "unseen"> {
    const missed = Math.min(this.#missed, text.length - this.#since);
    this.#missed = mtpRests ? maxRows : 0;
    if (mtpRests) return {};
    return missed > 0 ? { chain, unseen: text.slice(-missed) } : { chain };
  }
}
