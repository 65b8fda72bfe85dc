import { startPeer } from "../../../engine/cli/bench/peer_llama.ts";
import { prepare, withFile, withModel } from "../../../engine/cli/commands/open_model.ts";
import type { PromptParts } from "../../../engine/contract/index.ts";

import { createFimCompleter } from "../../../engine/generate/index.ts";
import { contextFor, modelPath } from "../../../engine/model_file/index.ts";
import { createDetokenizer, fimPrompt, type Tokenizer } from "../../../engine/text/index.ts";

const MAX_TOKENS = 48; // for one line; a longer one counts as cut here

/** What a model writes after a prompt, up to the first line end. */
export interface ModelLine {
  readonly text: string;
  /** The mean over its tokens, natural logarithm, the line end's token among them; null where it is not known. */
  readonly logProbability: number | null;
}

export interface LineSource {
  readonly description: string;
  /** The prompt as the completer lays it out. @throws UserError when the middle alone is too long. */
  ids(prompt: PromptParts): number[];
  /** Greedy, from an empty state. */
  line(prompt: PromptParts, ids: readonly number[]): Promise<ModelLine>;
}

interface ModelChoice {
  readonly model: string;
  readonly device?: string;
  readonly context?: number;
}

/** Lines by a session of this engine, through the completer that the extension has. */
export function withSession<T>({ model, ...options }: ModelChoice, use: (source: LineSource) => Promise<T>) {
  return withModel(model, options, async ({ session, tokenizer, gpu }) => {
    await prepare(session);
    const { context } = session.evaluator;
    const completer = createFimCompleter(session, tokenizer);
    return await use({
      description: `${model}, context ${context}, on ${gpu.description}`,
      ids: (prompt) => layOut(tokenizer, prompt, context),
      line: (prompt, ids) => readLine(completer.complete({ prompt, maxTokens: MAX_TOKENS }), ids.length),
    });
  });
}

async function readLine(
  stream: ReturnType<ReturnType<typeof createFimCompleter>["complete"]>,
  promptTokens: number,
): Promise<ModelLine> {
  let text = "";
  let sum = 0;
  let tokens = 1;
  for await (const delta of stream) {
    text += delta.text;
    sum += delta.logProbability;
    ({ tokens } = delta.cost);
    // ids() must say what the completer does: rows with equal ids share an answer.
    if (delta.cost.promptTokens !== promptTokens)
      throw new Error(`a prompt of ${delta.cost.promptTokens} tokens, expected ${promptTokens}`);
    if (text.includes("\n")) break;
  }
  return { text: firstLine(text), logProbability: sum / tokens };
}

/** Lines by llama.cpp on the CPU, from the same ids: on a machine without a GPU, ten times as many in the same time. */
export function withPeer<T>(choice: ModelChoice, use: (source: LineSource) => Promise<T>): Promise<T> {
  return withFile(choice.model, async ({ h, tokenizer }) => {
    const context = contextFor(h, choice.context);
    const peer = await startPeer(modelPath(choice.model), { backend: "cpu", contextSize: context });
    try {
      return await use({
        description: `${choice.model}, context ${context}, on ${peer.description}`,
        ids: (prompt) => layOut(tokenizer, prompt, context),
        line: async (_, ids) => {
          const drawn = (await peer.decode(ids, MAX_TOKENS)).ids;
          const end = drawn.findIndex((id) => tokenizer.endIds.has(id));
          const detokenizer = createDetokenizer(tokenizer);
          const text = detokenizer.push(end < 0 ? drawn : drawn.slice(0, end)) + detokenizer.flush();
          return { text: firstLine(text), logProbability: null };
        },
      });
    } finally {
      await peer.close();
    }
  });
}

const layOut = (tokenizer: Tokenizer, prompt: PromptParts, context: number): number[] =>
  fimPrompt(tokenizer, prompt, context - Math.min(MAX_TOKENS, context >> 1));

const firstLine = (text: string): string => text.split("\n", 1)[0]!;
