import { UserError } from "../../errors/index.ts";
import { drain, type RoundReport, requirePrompt } from "../../generate/index.ts";
import { chatPrompt, createDetokenizer, withStart } from "../../text/index.ts";
import { draftSentence } from "./draft_sentence.ts";
import { type ModelOptions, prepare, withModel } from "./open_model.ts";
import { readText } from "./read_text.ts";
import { forTerminal, milliseconds, perSecond, printJson } from "./terminal.ts";

export interface GenerateCommand extends ModelOptions {
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly ids?: number[];
  readonly chat?: boolean;
  readonly max: number;
  readonly temp: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** `foretype generate MODEL`: continues a prompt; text as it comes, then what it cost. */
export async function generate(name: string, options: GenerateCommand): Promise<void> {
  const text = options.promptFile === undefined ? options.prompt : await readText(options.promptFile);
  await withModel(name, options, async ({ gpu, session, tokenizer, h }) => {
    const prompt = options.ids ?? promptIds();
    function promptIds(): number[] {
      if (!options.chat) return withStart(tokenizer, tokenizer.encode(text!, { special: true }));
      const ids = chatPrompt(tokenizer, [{ role: "user", content: text! }], {
        enableThinking: false,
        addGenerationPrompt: true,
      });
      if (!ids)
        throw new UserError({
          code: "model-role",
          problem: `${name} has no chat template, it only completes`,
          advice: "leave out --chat or choose a chat model",
        });
      return ids;
    }
    const sampling = {
      temperature: options.temp,
      topK: options.topK,
      topP: options.topP,
      minP: options.minP,
      seed: options.seed,
    };
    requirePrompt(prompt, h.vocabulary, session.evaluator.context); // before kernels compile for seconds
    await prepare(session, options.temp > 0);
    const before = { ...gpu.counters };
    const detokenizer = createDetokenizer(tokenizer);
    const ids: number[] = [];
    let written = "";
    const write = (part: string) => {
      written += part;
      if (!options.json) process.stdout.write(process.stdout.isTTY ? forTerminal(part) : part);
    };
    const generation = session.generate(prompt, {
      maxTokens: options.max,
      sampling,
      endIds: tokenizer.endIds,
      trace: options.trace ? (round) => console.error(roundLine(round)) : undefined,
    });
    const { timings, drafts } = await drain(generation, ({ token }) => {
      ids.push(token);
      write(detokenizer.push([token]));
    });
    write(detokenizer.flush());
    if (options.json) {
      const counters = Object.fromEntries(
        Object.entries(gpu.counters).map(([key, value]) => [key, value - before[key as keyof typeof before]]),
      );
      printJson({
        device: gpu.description,
        promptIds: prompt,
        ids,
        text: written,
        timings,
        drafts,
        counters,
      });
      return;
    }
    process.stdout.write("\n");
    const rate = perSecond(timings.tokens - 1, timings.decodeMs);
    console.error(
      `${timings.promptTokens} prompt tokens in ${milliseconds(timings.promptMs)}; ${timings.tokens} tokens, ${rate}; ${draftSentence(drafts, session.draftMode, options.draft)}; ${gpu.description}`,
    );
  });
}

/** One round as a line: position, what drafted, how much of it was accepted, what was expected, why it stopped. */
function roundLine({ position, source, drafted, accepted, expected, stopped }: RoundReport): string {
  const draft =
    source === "none"
      ? ""
      : `${source} drafted ${drafted}, accepted ${accepted}, expected ${(expected - 1).toFixed(2)}: `;
  return `position ${position}: ${draft}${stopped}`;
}
