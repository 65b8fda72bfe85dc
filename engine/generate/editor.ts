import type {
  EditDelta,
  EditModel,
  EditRequest,
  EndReason,
  GenerationCost,
  GenerationEnd,
} from "../contract/index.ts";
import { grid } from "../state/index.ts";
import { createDetokenizer, piecedPrompt, type Tokenizer } from "../text/index.ts";
import type { TokenSource } from "./completer.ts";
import { createStops, type Stops } from "./stops.ts";
import { costOf } from "./tally.ts";
import { streamText, type TextDelta } from "./text_stream.ts";

/** One edit, which may be interrupted and continued: what it wrote before is not written again. */
export interface EditInTurns {
  /**
   * Runs until the edit ends or the signal aborts; then the end's reason is `cancelled`, and another call continues it.
   * @throws UserError, when iterated, if the model has not the tokens of the prompt, or the prompt does not fit
   */
  run(signal?: AbortSignal): AsyncGenerator<Required<EditDelta>, GenerationEnd, undefined>;
}

/**
 * A session as a model of edits. Its prompts are guests: the text that is being completed is put aside, and continues afterwards as if
 * none had been read. A prompt that differs from the one before only after a steady place continues from the state there.
 */
export function createEditor(session: Pick<TokenSource, "generate">, tokenizer: Tokenizer) {
  function begin(request: EditRequest): EditInTurns {
    const written: number[] = [];
    const detokenizer = createDetokenizer(tokenizer);
    const stops = createStops(request.stops.filter((stop) => stop !== ""));
    let prompt: ReturnType<typeof layOut> | undefined;
    let before: GenerationCost | undefined; // of the turns before this one

    return {
      async *run(signal) {
        prompt ??= layOut(tokenizer, request);
        const { ids, drafts, endIds } = prompt;
        const draws = session.generate(
          { ...prompt.places, ids: [...ids, ...written], guest: true },
          {
            ...drafts,
            written: written.length,
            maxTokens: request.maxTokens - written.length,
            endIds,
            signal,
          },
        );
        const cost = () => sumOf(before, costOf(draws.soFar));
        const texts = streamText(draws, { detokenizer, endIds, took: (id) => written.push(id) });
        const answer = upToStop(texts, stops);
        try {
          for (;;) {
            const { value, done } = await answer.next();
            if (!done) {
              yield { ...value, cost: cost() };
              continue;
            }
            await draws.return(); // what ran past a stop is rolled back
            return { reason: value, ...cost() };
          }
        } finally {
          await draws.return(); // the consumer may leave at any yield
          before = cost();
        }
      },
    };
  }
  const editor: EditModel = { edit: (request) => begin(request).run(request.signal) };
  return { ...editor, begin };
}

/** The text before a stop. @returns why it ended */
async function* upToStop(
  texts: ReturnType<typeof streamText>,
  stops: Stops,
): AsyncGenerator<TextDelta, EndReason, undefined> {
  let logProbability = 0;
  for (;;) {
    const { value, done } = await texts.next();
    if (done) {
      const text = value.reason === "cancelled" ? "" : stops.flush();
      if (text !== "") yield { text, logProbability };
      return value.reason;
    }
    logProbability += value.logProbability;
    const { text, stopped } = stops.push(value.text);
    if (text !== "") {
      yield { text, logProbability };
      logProbability = 0;
    }
    if (stopped) return "end";
  }
}

/**
 * The ids of a request. What its prompt shares with the next one's goes by the prompt path, up to the last steady place. Users go up and
 * down from there, so from the place before it on a state is kept at each point of the grid.
 */
function layOut(tokenizer: Tokenizer, { prompt, steady, original, expected, stops }: EditRequest) {
  const { ids, steady: places, following } = piecedPrompt(tokenizer, prompt, steady);
  const last = ids.length - 1; // it is run with the first sample
  const base = Math.min(places.at(-1) ?? last, last);
  const landmarks = [...places];
  for (let at = base; at > (places.at(-2) ?? base); at -= grid) landmarks.push(at);
  const special = new Set(tokenizer.specialTexts);
  const stopIds = stops.flatMap((stop) => (special.has(stop) ? [tokenizer.idOf(stop)!] : []));
  return {
    ids,
    places: { base, landmarks, stem: 0 },
    endIds: new Set([...tokenizer.endIds, ...stopIds]),
    drafts: {
      original: following(original),
      ...(expected !== undefined && { expected: following(expected) }),
    },
  };
}

/** What two turns of one generation cost. The prompt is that of the first. */
function sumOf(before: GenerationCost | undefined, now: GenerationCost): GenerationCost {
  if (!before) return now;
  return {
    promptTokens: before.promptTokens,
    computedTokens: before.computedTokens + now.computedTokens,
    promptMs: before.promptMs + now.promptMs,
    tokens: before.tokens + now.tokens,
    decodeMs: before.decodeMs + now.decodeMs,
    drafted: before.drafted + now.drafted,
    accepted: before.accepted + now.accepted,
  };
}
